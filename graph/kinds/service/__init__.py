"""Services: what a developer calls the application. No object of the cluster: made of all that carries its name."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from msgspec import Struct

from graph.kinds.service.lights import ServiceParts, lights
from graph.kinds.service.rollup import judge
from graph.kinds.service.tree import tree_of
from graph.kinds.shared.runs import BUILD
from graph.model.kind import Kind, Meta, Object, Related, Relation, Shape, doc

SOURCE_LABEL = "statusgraph.io/source"


class ServiceSource(StrEnum):
    """What a service is deployed from. REPOSITORY: it has builds, or says so by label."""

    REPOSITORY = "REPOSITORY"
    """From a repository: it has builds, or says so by label."""
    IMAGE = "IMAGE"
    """From an image that was built elsewhere."""


class Service(Object, frozen=True, gc=False, rename="camel"):
    """A service. Its labels are those that all its topmost objects share."""


class ServiceFields(Struct, frozen=True, gc=False, array_like=True, rename="camel"):
    """What is public of a service."""

    source: Annotated[ServiceSource, doc("What it is deployed from.")]
    parts: Annotated[ServiceParts, doc("Its lights.")]


def make(*, namespace: str, name: str, labels: dict[str, str], created: str | None) -> Service:
    """A service is not watched: the forest makes it when the first of its objects appears."""
    return Service(Meta(name=name, namespace=namespace, labels=labels, creation_timestamp=created))


def project(view: Service, related: Related, now: float) -> ServiceFields:
    """The public fields of a service."""
    builds = any(child.kind == BUILD for child in related.children)
    said = {child.view.metadata.labels.get(SOURCE_LABEL, "").lower() for child in related.children}
    source = ServiceSource.REPOSITORY if builds or "repository" in said else ServiceSource.IMAGE
    return ServiceFields(source, lights(tree_of(related.children)))


KIND = Kind(
    name="SERVICE",
    type_name="Service",
    plural="services",
    description="What a developer deploys under one name: its builds, workloads, runs and pods, with one status.",
    resource=None,
    view=Service,
    fields=ServiceFields,
    project=project,
    judge=judge,
    relations=(
        Relation(name="latestBuild", kind=BUILD, shape=Shape.LATEST, description="The build that started last."),
    ),
)
