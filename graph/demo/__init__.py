"""The demo cluster: a small Kubernetes API on loopback, its controllers and kubelets, and the stories that it tells."""
