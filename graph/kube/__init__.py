"""The Kubernetes API, raw: the sole owner of kubernetes_asyncio and of the HTTP below it."""
