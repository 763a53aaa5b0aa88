"""A real Kubernetes control plane for tests: etcd, API server, controllers and scheduler on loopback, no containers.

`binaries` finds or builds the programs, `plane` runs them, `player` stands in for the kubelets, `kube` is the tests'
admin client and `fixtures` offers all of it to pytest. `python -m tests.controlplane` is the same on the command
line.
"""
