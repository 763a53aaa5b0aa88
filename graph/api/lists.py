"""The lists of the query type: filters, orders and pages over what a viewer may see."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, Any, TypeVar

import strawberry
from strawberry import UNSET

from graph.api import filters, history, lasting, reading
from graph.api.arguments import FILTER, After, Before, First, Last, given
from graph.api.context import Context, Info
from graph.api.history import Record, beginning, records
from graph.api.orders import NEWEST, order_of
from graph.api.paging import Page, Range
from graph.api.types.inputs import (
    EventFilter,
    OperatorLogFilter,
    ResourceFilter,
    ResourceOrder,
    ServiceFilter,
    ServiceOrder,
    TransitionFilter,
)
from graph.api.types.logs import entry_of, transition_of
from graph.model.action import LogEntry
from graph.model.kind import Kind
from graph.model.resource import Resource, Transition
from graph.store.replica import History, Replica

T = TypeVar("T", bound=Transition | LogEntry)

_ORDER = strawberry.argument(description="Newest first where that means something, else by place, when not given.")


def resources(kind: Kind) -> Callable[..., Any]:
    """The resolver of the list of a kind that has a status."""

    def resolve(
        info: Info,
        where: Any = UNSET,
        order_by: Any = UNSET,
        first: First = UNSET,
        after: After = UNSET,
        last: Last = UNSET,
        before: Before = UNSET,
    ) -> Any:
        order, asked = order_of(kind, given(order_by)), given(where)
        found = reading.listed(info.context, kind.name, order, asked.clusters if asked else None)
        return Page(_matching(found, filters.resources(asked)), order, Range(first, after, last, before))

    service = kind.name == reading.SERVICE
    where_type, order_type = (ServiceFilter, ServiceOrder) if service else (ResourceFilter, ResourceOrder)
    resolve.__annotations__["where"] = Annotated[where_type | None, FILTER]
    resolve.__annotations__["order_by"] = Annotated[list[order_type] | None, _ORDER]  # type: ignore[valid-type] # a type at run time
    return resolve


def events(kind: Kind) -> Callable[..., Any]:
    """The resolver of the list of Kubernetes events."""
    order = order_of(kind)

    def resolve(
        info: Info,
        where: Annotated[EventFilter | None, FILTER] = UNSET,
        first: First = UNSET,
        after: After = UNSET,
        last: Last = UNSET,
        before: Before = UNSET,
    ) -> Any:
        asked = given(where)
        found = reading.listed(info.context, kind.name, order, asked.clusters if asked else None)
        return Page(_matching(found, filters.events(asked)), order, Range(first, after, last, before))

    return resolve


def operator_log(
    info: Info,
    where: Annotated[OperatorLogFilter | None, FILTER] = UNSET,
    first: First = UNSET,
    after: After = UNSET,
    last: Last = UNSET,
    before: Before = UNSET,
) -> Any:
    """The resolver of what the operator did."""
    found = _recorded(info.context, history.entries, filters.entries(given(where)))
    return Page(found, NEWEST, Range(first, after, last, before), node=entry_of)


def transitions(
    info: Info,
    where: Annotated[TransitionFilter | None, FILTER] = UNSET,
    first: First = UNSET,
    after: After = UNSET,
    last: Last = UNSET,
    before: Before = UNSET,
) -> Any:
    """The resolver of the recorded transitions."""
    asked = given(where)
    found = _recorded(info.context, history.transitions, filters.transitions(asked))
    seconds = filters.held_for(asked)
    if seconds is not None:
        lasted = _lasted(info.context, seconds)
        found = [record for record in found if (record.cluster, record.seq) in lasted]
    return Page(found, NEWEST, Range(first, after, last, before), node=transition_of)


def _matching(found: Sequence[Resource], matches: filters.Predicate[Resource]) -> Sequence[Resource]:
    return found if matches is filters.anything else [resource for resource in found if matches(resource)]


def _recorded(
    context: Context, kind: Callable[[Replica], History[T]], matches: filters.Predicate[T]
) -> list[Record[T]]:
    replicas = context.catalog.replicas()
    found = records(replicas, kind, beginning(replicas, kind))
    return NEWEST.sort(record for record in found if reading.readable(context, record.value) and matches(record.value))


def _lasted(context: Context, seconds: int) -> set[tuple[str, int]]:
    found: set[tuple[str, int]] = set()
    for replica in context.catalog.replicas():
        known = lasting.known_until(context.catalog.freshness(replica.cluster))
        stays = context.shelves.stays(replica).items()
        found.update((replica.cluster, seq) for seq, stay in stays if stay.lasted(seconds, known))
    return found
