"""The subscriptions. What they promise is written in ``streams``, ``changes`` and ``following``."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import Annotated, Any

import strawberry
from strawberry import UNSET

from graph.api import changes, filters, following, history, reading
from graph.api.arguments import Position, given
from graph.api.context import Info
from graph.api.errors import Code, refused
from graph.api.history import Record, T
from graph.api.streams import Source, Told, told
from graph.api.types.action import Action
from graph.api.types.changes import ServiceChangeItem
from graph.api.types.cluster import Freshness
from graph.api.types.inputs import OperatorLogFilter, ServiceFilter, TransitionFilter
from graph.api.types.records import OperatorLogAppended, OperatorLogItem, StatusTransition, StatusTransitionItem
from graph.api.types.scalars import Cursor
from graph.model.action import LogEntry
from graph.model.resource import LogChange, ResourceChange, Transition
from graph.store.codec import encode_cursor

_FILTER = strawberry.argument(name="filter", description="Only what matches.")


async def _counted(info: Info, items: AsyncGenerator[Any, None]) -> AsyncGenerator[Any, None]:
    metrics, field = info.context.metrics, info.field_name
    with metrics.subscriptions.labels(field).track_inprogress():
        async with aclosing(items):
            async for item in items:
                metrics.delivered.labels(field).inc()
                yield item


def _status_transitions(
    info: Info, where: Annotated[TransitionFilter | None, _FILTER] = UNSET, after: Position = UNSET
) -> AsyncGenerator[Any, None]:
    context, matches = info.context, filters.transitions(where or None)
    source = Source(
        kept=history.transitions,
        of=lambda change: change.transition if isinstance(change, ResourceChange) else None,
        matches=lambda transition: reading.readable(context, transition) and matches(transition),
    )
    items = told(context, source, after=given(after), clusters=where.clusters if where else None)
    return _counted(info, _shown(items, _transition))


def _operator_log(
    info: Info, where: Annotated[OperatorLogFilter | None, _FILTER] = UNSET, after: Position = UNSET
) -> AsyncGenerator[Any, None]:
    context, matches = info.context, filters.entries(where or None)
    source = Source(
        kept=history.entries,
        of=lambda change: change.entry if isinstance(change, LogChange) else None,
        matches=lambda entry: reading.readable(context, entry) and matches(entry),
    )
    items = told(context, source, after=given(after), clusters=where.clusters if where else None)
    return _counted(info, _shown(items, _appended))


async def _shown(
    items: AsyncGenerator[Told[T], None], show: Callable[[Record[T]], object]
) -> AsyncGenerator[Any, None]:
    async with aclosing(items):
        async for item in items:
            yield show(item) if isinstance(item, Record) else item


def _transition(record: Record[Transition]) -> StatusTransition:
    return StatusTransition(position=record.position, record=record.value)


def _appended(record: Record[LogEntry]) -> OperatorLogAppended:
    entry: Any = record.value
    return OperatorLogAppended(cursor=Cursor(encode_cursor(record.position)), entry=entry)


def _service_changes(
    info: Info, where: Annotated[ServiceFilter | None, _FILTER] = UNSET, after: Position = UNSET
) -> AsyncGenerator[Any, None]:
    clusters = where.clusters if where else None
    matches = filters.resources(where or None)
    return _counted(info, changes.told(info.context, matches, after=given(after), clusters=clusters))


def _action_progress(
    info: Info,
    id: Annotated[strawberry.ID, strawberry.argument(description="The id of the action.")],  # noqa: A002 # the schema's name
) -> AsyncGenerator[Any, None]:
    return _counted(info, following.progress(info.context, id))


def _freshness(
    info: Info,
    cluster: Annotated[str | None, strawberry.argument(description="May be left out where there is only one.")] = UNSET,
) -> AsyncGenerator[Any, None]:
    name = cluster or reading.only_cluster(info.context)
    if info.context.catalog.replica(name) is None:
        raise refused(Code.NOT_FOUND, "there is no such cluster")
    return _counted(info, following.freshness(info.context, name))


@strawberry.type(description="What can be followed, over graphql-transport-ws.")
class Subscription:
    status_transitions: Any = strawberry.subscription(
        resolver=_status_transitions,
        graphql_type=StatusTransitionItem,
        description=(
            "Without `after`: StreamStart with the cursor of now, then what follows. "
            "With it: all that followed it, or StreamReset. Never coalesced."
        ),
    )
    service_changes: Any = strawberry.subscription(
        resolver=_service_changes,
        graphql_type=ServiceChangeItem,
        description=(
            "A SNAPSHOT item per matching service, SnapshotEnd, then UPDATED and REMOVED "
            "(also when it no longer matches); coalesced per service."
        ),
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
