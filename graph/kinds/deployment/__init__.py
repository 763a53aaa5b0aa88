"""Deployments. What ReplicaSets share with them is in ``shared/workload.py``."""

from __future__ import annotations

from graph.kinds.deployment.judge import judge
from graph.kinds.deployment.view import DeploymentFields, DeploymentView, project
from graph.kinds.shared.pods import POD
from graph.model.kind import Kind, Relation, Shape, Watched

KIND = Kind(
    name="DEPLOYMENT",
    type_name="Deployment",
    plural="deployments",
    description="A Kubernetes Deployment: a service's pods, rolled out revision by revision.",
    resource=Watched(api_version="apps/v1", plural="deployments", kind="Deployment"),
    view=DeploymentView,
    fields=DeploymentFields,
    project=project,
    judge=judge,
    relations=(Relation(name="pods", kind=POD, shape=Shape.CONNECTION, description="Its pods, by name."),),
)
