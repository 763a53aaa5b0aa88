"""The api: what the store holds, as GraphQL over HTTP and websocket. It never talks to Kubernetes."""
