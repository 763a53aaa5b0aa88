// How GraphiQL talks to the API: by POST, and by graphql-transport-ws for subscriptions. The page's own address is
// the API's, below whatever prefix a proxy put it.
import { createGraphiQLFetcher, type Fetcher } from "@graphiql/toolkit";
import { createClient } from "graphql-ws";

export function createFetcher(page: Location): Fetcher {
  const endpoint = new URL(page.pathname, page.origin);
  const socket = new URL(endpoint);
  socket.protocol = page.protocol === "https:" ? "wss:" : "ws:";
  return createGraphiQLFetcher({
    url: endpoint.href,
    wsClient: createClient({ url: socket.href }),
    enableIncrementalDelivery: false,
  });
}
