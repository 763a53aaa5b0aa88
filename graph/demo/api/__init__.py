"""The demo cluster's HTTP API: what an API server of Kubernetes 1.34 answers, as far as kubectl and the operator ask.

``app`` takes a request, ``paths`` reads which object it is about, ``listing``, ``watching``, ``writing`` and the
subresources answer it from the store, ``answers`` writes it down. No authentication and no RBAC: it is served on
loopback alone, refuses any other Host, and no web page may read it.
"""
