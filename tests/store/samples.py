"""Small resources and changes for tests of the store; the kind is made for them."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Struct

from graph.model import instant
from graph.model.kind import Kind, Object, Related, Watched, doc
from graph.model.ref import Key
from graph.model.resource import ChangeType, Resource, ResourceChange, Transition
from graph.model.status import State, Status


class LampFields(Struct, frozen=True, gc=False, array_like=True):
    """A lamp."""

    watts: Annotated[int, doc("How bright.")] = 0


def _project(view: Any, related: Related, now: float) -> LampFields:
    return LampFields()


LAMP = Kind(
    name="LAMP",
    type_name="Lamp",
    plural="lamps",
    description="A lamp.",
    resource=Watched("lights.example/v1", "lamps", "Lamp"),
    view=Object,
    fields=LampFields,
    project=_project,
    judge=None,
)


def key(name: str, cluster: str = "c1") -> Key:
    return Key(cluster, "LAMP", "home", name)


def status(state: State = State.HEALTHY, reason: str = "On", at: float = 0.0) -> Status:
    return Status(state, reason, f"The lamp is {reason}.", None, instant.show(at))


def lamp(name: str, *, watts: int = 1, cluster: str = "c1", shown: Status | None = None) -> Resource:
    """A resource."""
    return Resource(
        key=key(name, cluster),
        uid=f"uid-{name}",
        word="Lamp",
        api_version="lights.example/v1",
        labels={},
        created_at=None,
        deleted_at=None,
        status=shown or status(),
        service=None,
        owner=None,
        fields=LampFields(watts),
    )


def added(resource: Resource) -> ResourceChange:
    """Its first appearance, with a transition."""
    at = instant.show(0)
    transition = Transition(resource.ref, resource.key, None, None, resource.status, at, at, at, False)
    return ResourceChange(ChangeType.ADDED, resource.key, resource, transition)


def modified(resource: Resource) -> ResourceChange:
    """A change without a transition."""
    return ResourceChange(ChangeType.MODIFIED, resource.key, resource)


def deleted(name: str, cluster: str = "c1") -> ResourceChange:
    """It left, without a transition."""
    return ResourceChange(ChangeType.DELETED, key(name, cluster), None)
