// graphql-sse in distinct connections mode against the URL that is given: the first item of a subscription, and a query.
import { createClient } from "graphql-sse";

const client = createClient({ url: process.argv[2], retryAttempts: 0 });
for await (const { data } of client.iterate({ query: "{ clusters { name } }" })) console.log(JSON.stringify(data));
for await (const { data } of client.iterate({ query: "subscription { freshness { state } }" })) {
  console.log(JSON.stringify(data));
  break;
}
client.dispose();
