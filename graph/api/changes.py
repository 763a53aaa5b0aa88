"""``serviceChanges`` and ``events``: a snapshot of the resources that match, then which of them changed or went,
coalesced per resource.

A cursor names an instant at which everything was told. Only the last item of a batch carries the position of its
batch, so whoever goes on in the middle of one is told the whole batch again. Whoever goes on from an older cursor is
told what changed since, as far as this process remembers; else a StreamReset and a new snapshot.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterable
from dataclasses import dataclass
from typing import Any, Protocol

from strawberry import ID

from graph.api import reading
from graph.api.context import Context
from graph.api.filters import Predicate
from graph.api.gathering import Batch, Picked, gathering
from graph.api.listening import loaded
from graph.api.orders import PLACE
from graph.api.positions import Positions
from graph.api.types.changes import EventChange, EventChangeType, ServiceChange, ServiceChangeType, SnapshotEnd
from graph.api.types.records import StreamReset
from graph.api.types.scalars import Cursor as CursorText
from graph.model.ref import Key
from graph.model.resource import Cursor, Resource
from graph.store.codec import encode_cursor
from graph.store.hub import ResetReason

Change = ServiceChange | EventChange
Told = Change | SnapshotEnd | StreamReset


class Show(Protocol):
    """Makes an item of a change."""

    def __call__(self, *, type_: str, key: Key, resource: Resource | None, cursor: str) -> Change: ...


@dataclass(frozen=True, slots=True)
class View:
    """What is followed."""

    kind: str
    picked: Picked
    show: Show


def _service(*, type_: str, key: Key, resource: Resource | None, cursor: str) -> ServiceChange:
    return ServiceChange(cursor=CursorText(cursor), type=ServiceChangeType(type_), id=ID(key.id), service=resource)


def _event(*, type_: str, key: Key, resource: Resource | None, cursor: str) -> EventChange:
    return EventChange(cursor=CursorText(cursor), type=EventChangeType(type_), id=ID(key.id), event=resource)


SERVICES = View(reading.SERVICE, lambda touched: touched.services, _service)
EVENTS = View(
    reading.EVENT,
    lambda touched: (touched.key,) if touched.key is not None and touched.key.kind == reading.EVENT else (),
    _event,
)


async def told(
    context: Context, view: View, matches: Predicate[Resource], *, after: str | None, clusters: Iterable[str] | None
) -> AsyncGenerator[Any, None]:
    """See the module. ``clusters``: those that the subscription spans, all when None."""
    if after is not None:
        await loaded(context)
    async with gathering(context, view.kind, view.picked, clusters=clusters) as gathered:
        stream = _Stream(context, view, matches, gathered.positions)
        for item in stream.start(after):
            yield item
        while True:
            for item in stream.after(await gathered.batch()):
                yield item


class _Stream:
    """One subscription: what it has shown, and how far it has told everything."""

    def __init__(self, context: Context, view: View, matches: Predicate[Resource], positions: Positions) -> None:
        self._context, self._view, self._matches, self._positions = context, view, matches, positions
        self._shown: set[Key] = set()
        self._reached = positions.cursor

    def start(self, after: str | None) -> list[Told]:
        if after is None:
            return self._snapshot()
        given = self._positions.resume(after)
        missed: set[Key] = set()
        for cluster, now in self._positions.now.items():
            reason = self._missed(given.get(cluster), now, missed)
            if reason is not None:
                return self._restarted(reason)
        if self._positions.forgotten(given):
            return self._restarted(ResetReason.EPOCH_CHANGED)
        self._reached = after
        # Which of these the client was shown is not known: it is told that they are gone, if they are.
        self._shown = {each.key for each in self._matching()} | missed
        return self.after(Batch(None, missed, self._positions.cursor))

    def after(self, batch: Batch) -> list[Told]:
        reached, self._reached = self._reached, batch.position
        if batch.reset is not None:
            return self._restarted(batch.reset)
        changes = [change for key in sorted(batch.keys) if (change := self._change(key, reached)) is not None]
        if changes:
            changes[-1].cursor = CursorText(batch.position)
        return [*changes]

    def _missed(self, seen: Cursor | None, now: Cursor, missed: set[Key]) -> ResetReason | None:
        """Adds what changed in a cluster since the client saw it; why that cannot be told."""
        if seen is not None and seen.epoch != now.epoch:
            return ResetReason.EPOCH_CHANGED
        if seen is None or seen.seq == 0:
            return ResetReason.CURSOR_EXPIRED
        if seen.seq >= now.seq:
            return None
        steps = self._context.trail.after(seen)
        for touched in steps or ():
            missed.update(self._view.picked(touched))
        return ResetReason.CURSOR_EXPIRED if steps is None else None

    def _change(self, key: Key, cursor: str) -> Change | None:
        resource = reading.get(self._context, key)
        if resource is not None and self._matches(resource):
            self._shown.add(key)
            return self._view.show(type_="UPDATED", key=key, resource=resource, cursor=cursor)
        if key not in self._shown:
            return None
        self._shown.discard(key)
        return self._view.show(type_="REMOVED", key=key, resource=None, cursor=cursor)

    def _restarted(self, reason: ResetReason) -> list[Told]:
        return [StreamReset(cursor=CursorText(self._beginning), reason=reason), *self._snapshot()]

    def _snapshot(self) -> list[Told]:
        found = self._matching()
        self._shown = {each.key for each in found}
        beginning, show = self._beginning, self._view.show
        items = [show(type_="SNAPSHOT", key=each.key, resource=each, cursor=beginning) for each in found]
        return [*items, SnapshotEnd(cursor=CursorText(self._positions.cursor))]

    def _matching(self) -> list[Resource]:
        found = reading.listed(self._context, self._view.kind, PLACE, self._positions.now)
        return [each for each in found if self._matches(each)]

    @property
    def _beginning(self) -> str:
        """Whoever goes on from here is given a new snapshot."""
        return encode_cursor(Cursor(now.cluster, now.epoch, 0) for now in self._positions.now.values())
