// The audits of graphql-http against the URL that is given: a line of JSON for each.
import { serverAudits } from "graphql-http";

for (const audit of serverAudits({ url: process.argv[2] })) {
  const { status, name, reason } = await audit.fn();
  console.log(JSON.stringify({ status, name, reason: reason ?? null }));
}
