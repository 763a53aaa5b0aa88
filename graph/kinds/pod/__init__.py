"""Pods: the only objects that run anything. A workload's trouble is nearly always one of its pods'."""

from __future__ import annotations

from graph.kinds.pod.fields import PodFields, project
from graph.kinds.pod.judge import judge
from graph.kinds.pod.view import PodView
from graph.model.kind import Kind, Shape, Watched

KIND = Kind(
    name="POD",
    type_name="Pod",
    plural="pods",
    description="A Kubernetes pod: containers that run together on one node.",
    resource=Watched(api_version="v1", plural="pods", kind="Pod"),
    view=PodView,
    fields=PodFields,
    project=project,
    judge=judge,
    in_service=Shape.CONNECTION,
    node_of=lambda view: view.spec.node_name,
)
