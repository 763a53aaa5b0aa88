"""Statusgraph: the honest, live status of applications on Kubernetes, over GraphQL."""

__version__ = "0.1.0"
