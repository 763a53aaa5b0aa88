"""The input types. What a filter leaves out (or null) is not filtered by; an empty list matches nothing, and so does
what contradicts itself.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any

import strawberry

from graph.api.types.enums import LogLevel, State, shown
from graph.api.types.late import Late
from graph.model.kind import Time

_CLUSTERS = "Names of clusters."
_NAMESPACES = "Names of namespaces."
_SERVICES = "Ids of services."
_STATES = "The status is one of these states."
_REASONS = "The status has one of these reasons."
_LABELS = "All of these match; 20 at most."
_SEARCH = "Part of the name, the namespace, the reason or the message, in any case; at most 253 characters."
_CHANGED_SINCE = "The status began at or after this instant."
_SINCE = "Recorded at or after this instant."
_HELD_FOR = (
    "Only what lasted, in seconds from 1 to 86400: a transition is told once its object was in the state of `to` for "
    "so long, whatever the reason, and not at all if it left the state before. In the order in which they were "
    "recorded, about a second late; not while the cluster is not being watched."
)


@shown
class ServiceOrderField(StrEnum):
    """What services are sorted by."""

    NAME = "NAME"
    """By name."""
    NAMESPACE = "NAMESPACE"
    """By namespace."""
    SEVERITY = "SEVERITY"
    """FAILED, DEGRADED, UNKNOWN, PROGRESSING, TERMINATING, SUSPENDED, HEALTHY."""
    SINCE = "SINCE"
    """By the instant when the status began."""


@shown
class OrderDirection(StrEnum):
    """Which end comes first."""

    ASC = "ASC"
    """Smallest, oldest, worst first."""
    DESC = "DESC"
    """The other way round."""


@strawberry.input(description="One field of an order.")
class ServiceOrder:
    field: ServiceOrderField = strawberry.field(description="What to sort by.")
    direction: OrderDirection = strawberry.field(default=OrderDirection.ASC, description="Which end comes first.")


@shown
class ResourceOrderField(StrEnum):
    """What resources are sorted by."""

    NAME = "NAME"
    """By name."""
    NAMESPACE = "NAMESPACE"
    """By namespace."""
    SEVERITY = "SEVERITY"
    """FAILED, DEGRADED, UNKNOWN, PROGRESSING, TERMINATING, SUSPENDED, HEALTHY."""
    SINCE = "SINCE"
    """By the instant when the status began."""
    CREATED = "CREATED"
    """By the instant of creation; those of which it is not known come first."""


@strawberry.input(description="One field of an order.")
class ResourceOrder:
    field: ResourceOrderField = strawberry.field(description="What to sort by.")
    direction: OrderDirection = strawberry.field(default=OrderDirection.ASC, description="Which end comes first.")


@strawberry.input(description="A service by its name.")
class ServiceName:
    cluster: str | None = strawberry.field(description="May be left out where there is only one.")
    namespace: str = strawberry.field(description="Its namespace.")
    name: str = strawberry.field(description="Its name.")


@strawberry.input(one_of=True, description="What identifies a service: one of these.")
class ServiceBy:
    id: strawberry.ID | None = strawberry.field(default=strawberry.UNSET, description="Its id.")
    name: ServiceName | None = strawberry.field(default=strawberry.UNSET, description="Its name.")


@strawberry.input(description="A label, and what it may be.")
class LabelMatch:
    key: str = strawberry.field(description="The label's key, with its prefix.")
    values: list[str] | None = strawberry.field(
        description="It is one of these; null: it only has to exist; empty: nothing matches."
    )


@strawberry.input(description="Which services: all that is given must match.")
class ServiceFilter:
    clusters: list[str] | None = strawberry.field(description=_CLUSTERS)
    namespaces: list[str] | None = strawberry.field(description=_NAMESPACES)
    states: list[State] | None = strawberry.field(description=_STATES)
    reasons: list[str] | None = strawberry.field(description=_REASONS)
    labels: list[LabelMatch] | None = strawberry.field(description=_LABELS)
    changed_since: Time | None = strawberry.field(description=_CHANGED_SINCE)
    search: str | None = strawberry.field(description=_SEARCH)


@strawberry.input(description="Which resources: all that is given must match.")
class ResourceFilter:
    clusters: list[str] | None = strawberry.field(description=_CLUSTERS)
    namespaces: list[str] | None = strawberry.field(description=_NAMESPACES)
    services: list[strawberry.ID] | None = strawberry.field(description=_SERVICES)
    states: list[State] | None = strawberry.field(description=_STATES)
    reasons: list[str] | None = strawberry.field(description=_REASONS)
    labels: list[LabelMatch] | None = strawberry.field(description=_LABELS)
    changed_since: Time | None = strawberry.field(description=_CHANGED_SINCE)
    search: str | None = strawberry.field(description=_SEARCH)


@strawberry.input(description="Which transitions: all that is given must match.")
class TransitionFilter:
    clusters: list[str] | None = strawberry.field(description=_CLUSTERS)
    namespaces: list[str] | None = strawberry.field(description=_NAMESPACES)
    services: list[strawberry.ID] | None = strawberry.field(description=_SERVICES)
    kinds: Any = strawberry.field(graphql_type=list[Late("Kind")] | None, description="Kinds of the object.")  # type: ignore[misc] # a type at run time
    from_: list[State] | None = strawberry.field(
        name="from", description="States before; an object seen for the first time matches none."
    )
    to: list[State] | None = strawberry.field(description="States after; an object that is gone matches none.")
    reasons: list[str] | None = strawberry.field(
        description="Reasons of the status after, or of the one before where the object is gone."
    )
    since: Time | None = strawberry.field(description=_SINCE)
    held_for: int | None = strawberry.field(description=_HELD_FOR)


@strawberry.input(description="Which entries of the operator log: all that is given must match.")
class OperatorLogFilter:
    clusters: list[str] | None = strawberry.field(description=_CLUSTERS)
    namespaces: list[str] | None = strawberry.field(description=_NAMESPACES)
    services: list[strawberry.ID] | None = strawberry.field(description=_SERVICES)
    levels: list[LogLevel] | None = strawberry.field(description="One of these levels.")
    actions: list[strawberry.ID] | None = strawberry.field(description="Ids of actions.")
    since: Time | None = strawberry.field(description=_SINCE)


@strawberry.input(description="Which Kubernetes events: all that is given must match.")
class EventFilter:
    clusters: list[str] | None = strawberry.field(description=_CLUSTERS)
    namespaces: list[str] | None = strawberry.field(description=_NAMESPACES)
    services: list[strawberry.ID] | None = strawberry.field(description=_SERVICES)
    objects: list[strawberry.ID] | None = strawberry.field(description="Ids of what they are about.")
    types: list[str] | None = strawberry.field(description="Normal or Warning.")
    reasons: list[str] | None = strawberry.field(description="Short words of the components that wrote them.")
    since: Time | None = strawberry.field(description="Happened at or after this instant, the last time.")
    search: str | None = strawberry.field(
        description="Part of the object's name, the reason or the message, in any case; at most 253 characters."
    )


_KEY = (
    "Chosen by the client, 1 to 200 characters: for a day the same key again is the same action, so that a retry does "
    "nothing twice."
)
_REASON = "Why, for the operator log; at most 1000 characters."


@strawberry.input(description="What to act on.")
class ActionInput:
    id: strawberry.ID = strawberry.field(description="The id of the Cronjob or Deployment.")
    idempotency_key: str | None = strawberry.field(description=_KEY)
    reason: str | None = strawberry.field(description=_REASON)


@strawberry.input(description="What to scale, and to how many.")
class ScaleInput:
    id: strawberry.ID = strawberry.field(description="The id of the Deployment.")
    replicas: int = strawberry.field(description="How many pods there should be; from 0 to 10000.")
    idempotency_key: str | None = strawberry.field(description=_KEY)
    reason: str | None = strawberry.field(description=_REASON)
