"""``serviceChanges``: a snapshot of the services that match, then which of them changed or went, coalesced per
service.

A cursor names an instant at which everything was told. Only the last item of a batch carries the position of its
batch, so whoever goes on in the middle of one is told the whole batch again. What changed since an older cursor is
not kept: then a StreamReset is told and a new snapshot.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Iterable
from typing import NamedTuple

from strawberry import ID

from graph.api import reading
from graph.api.context import Context
from graph.api.filters import Predicate
from graph.api.listening import listening, loaded
from graph.api.positions import Positions, cluster_of
from graph.api.types.changes import ServiceChange, ServiceChangeType, SnapshotEnd
from graph.api.types.records import StreamReset
from graph.api.types.scalars import Cursor as CursorText
from graph.model.ref import Key
from graph.model.resource import Change, Cursor, Resource, ResourceChange
from graph.store.codec import encode_cursor
from graph.store.hub import Item, News, Reset, ResetReason

WINDOW = 0.05
"""Seconds for which changes of one service are collected: longer than a batch of the operator takes to be applied."""

Told = ServiceChange | SnapshotEnd | StreamReset


class Batch(NamedTuple):
    """What was collected: a reset, or services; and the position that is reached with it."""

    reset: ResetReason | None
    services: set[Key]
    position: str


class Collected:
    """What a subscriber was given and the client has not been told. Services, not changes, so it is bounded."""

    def __init__(self, context: Context, positions: Positions) -> None:
        self._context, self._positions = context, positions
        self._services: set[Key] = set()
        self._reset: ResetReason | None = None
        self._ready = asyncio.Event()

    async def collect(self, items: AsyncIterator[Item]) -> None:
        """Runs beside the subscription, so that a slow client never fills the subscriber's queue."""
        try:
            async for item in items:
                self._add(item)
        finally:
            self._ready.set()

    async def take(self) -> Batch:
        """Waits for something, and a moment longer for what comes with it."""
        await self._ready.wait()
        await asyncio.sleep(WINDOW)
        self._ready.clear()
        batch = Batch(self._reset, self._services, self._positions.cursor)
        self._reset, self._services = None, set()
        return batch

    def _add(self, item: Item) -> None:
        if self._positions.join(item):
            cluster = cluster_of(item)
            self._services.update(each.key for each in reading.all_of(self._context, reading.SERVICE, [cluster]))
        if not isinstance(item, News) and self._positions.advance(item):
            if isinstance(item, Reset):
                self._reset = item.reason
            elif (service := service_of(item.change)) is not None:
                self._services.add(service)
        if self._services or self._reset is not None:
            self._ready.set()


def service_of(change: Change) -> Key | None:
    """The service that a change belongs to."""
    if not isinstance(change, ResourceChange):
        return None
    if change.key.kind == reading.SERVICE:
        return change.key
    told = change.resource or change.transition
    return told.service if told is not None else None


async def told(
    context: Context, matches: Predicate[Resource], *, after: str | None, clusters: Iterable[str] | None
) -> AsyncGenerator[Told, None]:
    """See the module. ``clusters``: those that the subscription spans, all when None."""
    if after is not None:
        await loaded(context)
    async with listening(context) as items:
        stream = _Stream(context, matches, Positions(context.catalog, clusters))
        collecting = asyncio.create_task(stream.collected.collect(items))
        try:
            for item in stream.start(after):
                yield item
            while True:
                batch = await stream.collected.take()
                if collecting.done():
                    collecting.result()
                for item in stream.after(batch):
                    yield item
        finally:
            collecting.cancel()
            await asyncio.wait([collecting])


class _Stream:
    """One subscription: what it has shown, and how far it has told everything."""

    def __init__(self, context: Context, matches: Predicate[Resource], positions: Positions) -> None:
        self._context, self._matches, self._positions = context, matches, positions
        self.collected = Collected(context, positions)
        self._shown: set[Key] = set()
        self._reached = positions.cursor

    def start(self, after: str | None) -> list[Told]:
        if after is None:
            return self._snapshot()
        given = self._positions.resume(after)
        self._reached = self._positions.cursor
        reasons = [_outdated(given.get(cluster), now) for cluster, now in self._positions.now.items()]
        reason = next((reason for reason in reasons if reason is not None), None)
        if reason is not None:
            return self._restarted(reason)
        self._shown = {service.key for service in self._matching()}
        return []

    def after(self, batch: Batch) -> list[Told]:
        reached, self._reached = self._reached, batch.position
        if batch.reset is not None:
            return self._restarted(batch.reset)
        changes = [change for key in sorted(batch.services) if (change := self._change(key, reached)) is not None]
        if changes:
            changes[-1].cursor = CursorText(batch.position)
        return [*changes]

    def _change(self, key: Key, cursor: str) -> ServiceChange | None:
        service = reading.get(self._context, key)
        if service is not None and self._matches(service):
            self._shown.add(key)
            return _told(ServiceChangeType.UPDATED, key, service=service, cursor=cursor)
        if key not in self._shown:
            return None
        self._shown.discard(key)
        return _told(ServiceChangeType.REMOVED, key, service=None, cursor=cursor)

    def _restarted(self, reason: ResetReason) -> list[Told]:
        return [StreamReset(cursor=CursorText(self._beginning), reason=reason), *self._snapshot()]

    def _snapshot(self) -> list[Told]:
        services = self._matching()
        self._shown = {service.key for service in services}
        items = [_told(ServiceChangeType.SNAPSHOT, each.key, service=each, cursor=self._beginning) for each in services]
        return [*items, SnapshotEnd(cursor=CursorText(self._positions.cursor))]

    def _matching(self) -> list[Resource]:
        services = reading.all_of(self._context, reading.SERVICE, self._positions.now)
        return [service for service in services if self._matches(service)]

    @property
    def _beginning(self) -> str:
        """Whoever goes on from here is given a new snapshot."""
        return encode_cursor(Cursor(now.cluster, now.epoch, 0) for now in self._positions.now.values())


def _told(type_: ServiceChangeType, key: Key, *, service: Resource | None, cursor: str) -> ServiceChange:
    return ServiceChange(cursor=CursorText(cursor), type=type_, id=ID(key.id), service=service)


def _outdated(seen: Cursor | None, now: Cursor) -> ResetReason | None:
    if seen is not None and seen.epoch != now.epoch:
        return ResetReason.EPOCH_CHANGED
    return None if seen is not None and seen.seq >= max(now.seq, 1) else ResetReason.CURSOR_EXPIRED
