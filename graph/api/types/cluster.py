"""Clusters, how fresh what we show of them is, and the interface Node."""

from __future__ import annotations

from collections import Counter
from typing import Any

import strawberry

from graph.api import reading
from graph.api.context import Info
from graph.api.types.enums import FreshnessState, State
from graph.model.kind import Time
from graph.model.ref import encode_id

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


def _count(state: State) -> Any:
    return strawberry.field(
        resolver=lambda root: root[state], graphql_type=int, description=f"How many are {state.value}."
    )


@strawberry.type(description="Of services.")
class StatusCounts:
    total: int = strawberry.field(resolver=lambda root: root.total(), description="How many there are.")
    healthy: int = _count(State.HEALTHY)
    progressing: int = _count(State.PROGRESSING)
    degraded: int = _count(State.DEGRADED)
    failed: int = _count(State.FAILED)
    suspended: int = _count(State.SUSPENDED)
    terminating: int = _count(State.TERMINATING)
    unknown: int = _count(State.UNKNOWN)


def _freshness(root: Cluster, info: Info) -> Any:
    return info.context.catalog.freshness(root.name)


def _counts(root: Cluster, info: Info) -> Any:
    services = reading.all_of(info.context, reading.SERVICE, [root.name])
    return Counter(service.status.state for service in services if service.status is not None)


@strawberry.type(description="A cluster that an operator watches.")
class Cluster(Node):
    id: strawberry.ID = strawberry.field(
        resolver=lambda root: strawberry.ID(encode_id(CLUSTER, root.name)), description="Opaque and url-safe."
    )
    name: str = strawberry.field(description="Its name in the settings of its operator.")
    freshness: Freshness = strawberry.field(resolver=_freshness, description="How far what we show is behind it.")
    counts: StatusCounts = strawberry.field(resolver=_counts, description="Its services by state.")
