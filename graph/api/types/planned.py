"""Kinds that the public schema promises before they are watched: their types are there and their lists empty.

The descriptor of the same type name in ``KINDS`` takes the place of one of these.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from msgspec import Struct

from graph.kinds.shared.workload import Replicas
from graph.model.kind import Kind, Object, Relation, Shape, doc


class WorkloadFields(Struct, frozen=True, gc=False, array_like=True, rename="camel"):
    """What is public of a controller of pods."""

    replicas: Annotated[Replicas, doc("Its replicas.")]
    images: Annotated[tuple[str, ...], doc("The images of its containers.")]


def _unwatched(*_: Any, **__: Any) -> Any:
    raise NotImplementedError("no object of this kind is watched")


def _planned(name: str, *, type_name: str, plural: str, description: str) -> Kind:
    return Kind(
        name=name,
        type_name=type_name,
        plural=plural,
        description=description,
        resource=None,
        view=Object,
        fields=WorkloadFields,
        project=_unwatched,
        judge=_unwatched,
        relations=(Relation("pods", "POD", Shape.CONNECTION, "Its pods, by name."),),
    )


_PLANNED = (
    _planned(
        "STATEFUL_SET",
        type_name="StatefulSet",
        plural="statefulSets",
        description="A Kubernetes StatefulSet: pods with a name of their own.",
    ),
    _planned(
        "DAEMON_SET",
        type_name="DaemonSet",
        plural="daemonSets",
        description="A Kubernetes DaemonSet: one pod on each of its nodes.",
    ),
)


def completed(kinds: Sequence[Kind]) -> tuple[Kind, ...]:
    """The kinds, and those that are only planned."""
    names = {kind.type_name for kind in kinds}
    return (*kinds, *(kind for kind in _PLANNED if kind.type_name not in names))
