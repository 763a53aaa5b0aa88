"""Clusters, how fresh what we show of them is, and the interface Node."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from operator import attrgetter
from typing import Any

import strawberry

from graph.api import reading
from graph.api.context import Info
from graph.api.orders import PLACE
from graph.api.types.enums import FreshnessState, State
from graph.model.kind import Time
from graph.model.ref import encode_id
from graph.model.resource import Resource, Whole

CLUSTER = "CLUSTER"


@strawberry.interface(description="Whatever has an id.")
class Node:
    id: strawberry.ID = strawberry.field(
        description=(
            "Opaque, url-safe, made of (kind, cluster, namespace, name): "
            "the same again when the object is created again."
        )
    )


@strawberry.type(description="How far what we show may be behind the cluster.")
class Freshness:
    state: FreshnessState = strawberry.field(description="In a word.")
    observed_at: Time | None = strawberry.field(
        description="The last instant for which all watches were known to be up to date."
    )
    lag_ms: int | None = strawberry.field(description="How long ago that is.")


@strawberry.type(description="Since when what was recorded (transitions, the operator log, actions) is whole.")
class History:
    since: Time | None = strawberry.field(
        description="Of earlier records some or all may be missing; null where that is not known."
    )
    lost: bool = strawberry.field(description="True: the store lost data then, or may have. False: it was new.")


def _count(state: State) -> Any:
    return strawberry.field(
        resolver=lambda root: root[state], graphql_type=int, description=f"How many are {state.value}."
    )


@strawberry.type(description="How many there are, in all and by state.")
class StatusCounts:
    total: int = strawberry.field(resolver=lambda root: root.total(), description="How many there are.")
    healthy: int = _count(State.HEALTHY)
    progressing: int = _count(State.PROGRESSING)
    degraded: int = _count(State.DEGRADED)
    failed: int = _count(State.FAILED)
    suspended: int = _count(State.SUSPENDED)
    terminating: int = _count(State.TERMINATING)
    unknown: int = _count(State.UNKNOWN)


def counted(resources: Iterable[Resource]) -> Counter[State]:
    """What ``StatusCounts`` shows."""
    return Counter(map(attrgetter("status.state"), resources))


@strawberry.type(description="A namespace that has services.")
class Namespace:
    services: strawberry.Private[list[Resource]]

    name: str = strawberry.field(description="Its name.")
    counts: Any = strawberry.field(
        resolver=lambda root: counted(root.services), graphql_type=StatusCounts, description="Its services by state."
    )


def _freshness(root: Cluster, info: Info) -> Any:
    return info.context.catalog.freshness(root.name)


def _services(root: Cluster, info: Info) -> Iterable[Resource]:
    return reading.listed(info.context, reading.SERVICE, PLACE, [root.name])


def _history(root: Cluster, info: Info) -> Any:
    replica = info.context.catalog.replica(root.name)
    return replica.whole if replica is not None else Whole()


def _counts(root: Cluster, info: Info) -> Any:
    return counted(_services(root, info))


def _namespaces(root: Cluster, info: Info) -> Any:
    found: dict[str, list[Resource]] = {}
    for service in _services(root, info):
        found.setdefault(service.key.namespace, []).append(service)
    return [Namespace(name=name, services=services) for name, services in found.items()]


@strawberry.type(description="A cluster that an operator watches.")
class Cluster(Node):
    id: strawberry.ID = strawberry.field(
        resolver=lambda root: strawberry.ID(encode_id(CLUSTER, root.name)), description="Opaque and url-safe."
    )
    name: str = strawberry.field(description="Its name in the settings of its operator.")
    freshness: Freshness = strawberry.field(resolver=_freshness, description="How far what we show is behind it.")
    history: History = strawberry.field(resolver=_history, description="Since when what was recorded is whole.")
    counts: StatusCounts = strawberry.field(resolver=_counts, description="Its services by state.")
    namespaces: list[Namespace] = strawberry.field(
        resolver=_namespaces, description="The namespaces that have services, by name."
    )
