"""The input types. What a filter leaves out (or null) is not filtered by; an empty list matches nothing."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

import strawberry

from graph.api.types.enums import LogLevel, State, shown
from graph.api.types.late import Late

_CLUSTERS = "Names of clusters."
_NAMESPACES = "Names of namespaces."
_SERVICES = "Ids of services."
_STATES = "The status is one of these states."
_REASONS = "The status has one of these reasons."
_LABELS = "All of these match."
_SEARCH = "Part of the name, the namespace, the reason or the message, in any case."


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
    key: str = strawberry.field(description="The label's key.")
    values: list[str] | None = strawberry.field(description="One of these; null: it only has to exist.")


@strawberry.input(description="Which services: all that is given must match.")
class ServiceFilter:
    clusters: list[str] | None = strawberry.field(description=_CLUSTERS)
    namespaces: list[str] | None = strawberry.field(description=_NAMESPACES)
    states: list[State] | None = strawberry.field(description=_STATES)
    reasons: list[str] | None = strawberry.field(description=_REASONS)
    labels: list[LabelMatch] | None = strawberry.field(description=_LABELS)
    search: str | None = strawberry.field(description=_SEARCH)


@strawberry.input(description="Which resources: all that is given must match.")
class ResourceFilter:
    clusters: list[str] | None = strawberry.field(description=_CLUSTERS)
    namespaces: list[str] | None = strawberry.field(description=_NAMESPACES)
    services: list[strawberry.ID] | None = strawberry.field(description=_SERVICES)
    states: list[State] | None = strawberry.field(description=_STATES)
    reasons: list[str] | None = strawberry.field(description=_REASONS)
    labels: list[LabelMatch] | None = strawberry.field(description=_LABELS)
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


@strawberry.input(description="Which entries of the operator log: all that is given must match.")
class OperatorLogFilter:
    clusters: list[str] | None = strawberry.field(description=_CLUSTERS)
    namespaces: list[str] | None = strawberry.field(description=_NAMESPACES)
    services: list[strawberry.ID] | None = strawberry.field(description=_SERVICES)
    levels: list[LogLevel] | None = strawberry.field(description="One of these levels.")
    actions: list[strawberry.ID] | None = strawberry.field(description="Ids of actions.")


_KEY = "Chosen by the client: the same key again is the same action, so that a retry does nothing twice."
_REASON = "Why, for the operator log."


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
