"""The subscriptions. What they promise is written in ``streams``, ``held``, ``changes`` and ``following``."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import Annotated, Any

import strawberry
from strawberry import UNSET

from graph.api import changes, filters, following, held, history, reading
from graph.api.arguments import FILTER, Position, given
from graph.api.context import Context, Info
from graph.api.errors import Code, refused
from graph.api.history import Record, T
from graph.api.listening import loaded
from graph.api.query import key_of
from graph.api.streams import Source, Told, told
from graph.api.types.action import Action
from graph.api.types.changes import EventItem, ServiceChangeItem
from graph.api.types.cluster import Freshness
from graph.api.types.inputs import EventFilter, OperatorLogFilter, ServiceBy, ServiceFilter, TransitionFilter
from graph.api.types.late import Late
from graph.api.types.logs import transition_of
from graph.api.types.records import OperatorLogAppended, OperatorLogItem, StatusTransitionItem
from graph.api.types.scalars import Cursor
from graph.model.action import LogEntry
from graph.model.resource import Change, LogChange, Resource, ResourceChange, Transition
from graph.store.codec import encode_cursor


async def _counted(info: Info, items: AsyncGenerator[Any, None]) -> AsyncGenerator[Any, None]:
    metrics, field = info.context.metrics, info.field_name
    with metrics.subscriptions.labels(field).track_inprogress():
        async with aclosing(items):
            async for item in items:
                metrics.delivered.labels(field).inc()
                yield item


def _status_transitions(
    info: Info, where: Annotated[TransitionFilter | None, FILTER] = UNSET, after: Position = UNSET
) -> AsyncGenerator[Any, None]:
    context, asked = info.context, given(where)
    wanted, seconds = filters.transitions(asked), filters.held_for(asked)
    clusters, position = asked.clusters if asked else None, given(after)

    def matches(transition: Transition) -> bool:
        return reading.readable(context, transition) and wanted(transition)

    if seconds is not None:
        items = held.told(context, matches, seconds=seconds, after=position, clusters=clusters)
    else:
        items = told(context, Source(history.transitions, _transition, matches), after=position, clusters=clusters)
    return _counted(info, _shown(items, transition_of))


def _operator_log(
    info: Info, where: Annotated[OperatorLogFilter | None, FILTER] = UNSET, after: Position = UNSET
) -> AsyncGenerator[Any, None]:
    context, asked = info.context, given(where)
    wanted = filters.entries(asked)

    def matches(entry: LogEntry) -> bool:
        return reading.readable(context, entry) and wanted(entry)

    source = Source(history.entries, _entry, matches)
    items = told(context, source, after=given(after), clusters=asked.clusters if asked else None)
    return _counted(info, _shown(items, _appended))


async def _shown(
    items: AsyncGenerator[Told[T], None], show: Callable[[Record[T]], object]
) -> AsyncGenerator[Any, None]:
    async with aclosing(items):
        async for item in items:
            yield show(item) if isinstance(item, Record) else item


def _transition(change: Change) -> Transition | None:
    return change.transition if isinstance(change, ResourceChange) else None


def _entry(change: Change) -> LogEntry | None:
    return change.entry if isinstance(change, LogChange) else None


def _appended(record: Record[LogEntry]) -> OperatorLogAppended:
    entry: Any = record.value
    return OperatorLogAppended(cursor=Cursor(encode_cursor(record.position)), entry=entry)


def _service_changes(
    info: Info, where: Annotated[ServiceFilter | None, FILTER] = UNSET, after: Position = UNSET
) -> AsyncGenerator[Any, None]:
    asked = given(where)
    matches, clusters = filters.resources(asked), asked.clusters if asked else None
    items = changes.told(info.context, changes.SERVICES, matches, after=given(after), clusters=clusters)
    return _counted(info, items)


def _events(
    info: Info, where: Annotated[EventFilter | None, FILTER] = UNSET, after: Position = UNSET
) -> AsyncGenerator[Any, None]:
    asked = given(where)
    matches, clusters = filters.events(asked), asked.clusters if asked else None
    items = changes.told(info.context, changes.EVENTS, matches, after=given(after), clusters=clusters)
    return _counted(info, items)


def _service(
    info: Info, by: Annotated[ServiceBy, strawberry.argument(description="What identifies it.")]
) -> AsyncGenerator[Any, None]:
    return _counted(info, _one_service(info.context, by))


async def _one_service(context: Context, by: ServiceBy) -> AsyncGenerator[Resource | None, None]:
    await loaded(context)
    key = key_of(context, by)
    if key is None:
        raise refused(Code.NOT_FOUND, "this is not the id of a service")
    async with aclosing(following.service(context, key)) as items:
        async for item in items:
            yield item


def _action_progress(
    info: Info,
    id: Annotated[strawberry.ID, strawberry.argument(description="The id of the action.")],  # noqa: A002 # the schema's name
) -> AsyncGenerator[Any, None]:
    return _counted(info, following.progress(info.context, id))


def _freshness(
    info: Info,
    cluster: Annotated[str | None, strawberry.argument(description="May be left out where there is only one.")] = UNSET,
) -> AsyncGenerator[Any, None]:
    return _counted(info, following.freshness(info.context, given(cluster)))


@strawberry.type(description="What can be followed.")
class Subscription:
    status_transitions: Any = strawberry.subscription(
        resolver=_status_transitions,
        graphql_type=StatusTransitionItem,
        description=(
            "Without `after`: StreamStart with the cursor of now, then what follows. "
            "With it: all that followed it, or StreamReset. Never coalesced. "
            "With `heldFor` only what lasted; a cursor then resumes a subscription of the same `heldFor`."
        ),
    )
    service_changes: Any = strawberry.subscription(
        resolver=_service_changes,
        graphql_type=ServiceChangeItem,
        description=(
            "A SNAPSHOT item per matching service, SnapshotEnd, then UPDATED and REMOVED "
            "(also when it no longer matches); coalesced per service. "
            "With `after`: what changed since, or StreamReset and a new snapshot."
        ),
    )
    service: Any = strawberry.subscription(
        resolver=_service,
        graphql_type=Late("Service") | None,
        description=(
            "One service now, and again whenever it or something that belongs to it changed, coalesced; "
            "null while it is not known."
        ),
    )
    events: Any = strawberry.subscription(
        resolver=_events,
        graphql_type=EventItem,
        description="As serviceChanges, of Kubernetes events; coalesced per event.",
    )
    operator_log: Any = strawberry.subscription(
        resolver=_operator_log, graphql_type=OperatorLogItem, description="As statusTransitions."
    )
    action_progress: Any = strawberry.subscription(
        resolver=_action_progress,
        graphql_type=Action,
        description="The action at each of its steps, ends with it.",
    )
    freshness: Any = strawberry.subscription(
        resolver=_freshness, graphql_type=Freshness, description="How fresh a cluster is, whenever its state changes."
    )
