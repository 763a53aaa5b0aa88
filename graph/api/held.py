"""``statusTransitions`` with ``heldFor``: what ``lasting`` says, in the order in which it was recorded.

A transition that may still last is kept nowhere but in the replica's history: the subscription only knows how far it
has told or dropped everything, and that is what its cursors say. So it can be resumed like any other, and is bounded
by what the history keeps; what is dropped there unseen is a StreamReset.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Collection, Iterable

from graph.api import lasting
from graph.api.context import Context
from graph.api.history import Record
from graph.api.listening import loaded, taking
from graph.api.positions import Positions, cluster_of, reset_reason
from graph.api.streams import Told
from graph.api.types.records import StreamReset, StreamStart
from graph.api.types.scalars import Cursor as CursorText
from graph.model.resource import Cursor, Transition
from graph.store.codec import encode_cursor
from graph.store.hub import Item, ResetReason
from graph.store.replica import Replica

TICK = 0.5
"""Seconds between two looks at how far the cluster is known."""


async def told(
    context: Context,
    matches: Callable[[Transition], bool],
    *,
    seconds: int,
    after: str | None,
    clusters: Iterable[str] | None,
) -> AsyncGenerator[Told[Transition], None]:
    """See the module. ``clusters``: those that the subscription spans, all when None."""
    await loaded(context)
    positions = Positions(context.catalog, clusters)
    stream = _Stream(context, positions, matches, seconds)

    def take(item: Item) -> bool:
        return positions.spans(cluster_of(item))

    async with taking(context, take) as woken:
        if after is None:
            yield StreamStart(cursor=CursorText(stream.cursor))
        else:
            stream.resume(after)
        while True:
            for item in stream.due():
                yield item
            await (asyncio.sleep(TICK) if stream.waiting else woken.wait())


class _Stream:
    """One subscription. ``waiting``: whether something may yet be told without another change."""

    def __init__(
        self, context: Context, positions: Positions, matches: Callable[[Transition], bool], seconds: int
    ) -> None:
        self._context, self._positions = context, positions
        self._matches, self._seconds = matches, seconds
        self._done: dict[str, Cursor | None] = dict(positions.now)
        self._undecided: dict[str, int] = {}
        """Of each cluster the oldest transition of which it is not known yet."""
        self.waiting = False

    @property
    def cursor(self) -> str:
        return encode_cursor(self._reached())

    def resume(self, after: str) -> None:
        """A cluster that the cursor does not name was not known when it was made: nothing of it was told."""
        given = self._positions.resume(after)
        gone = {cluster: at for cluster, at in given.items() if self._positions.forgotten([cluster])}
        self._done = {**gone, **{cluster: given.get(cluster) for cluster in self._positions.now}}

    def due(self) -> list[Told[Transition]]:
        """What can be told now."""
        self.waiting = False
        replicas = self._positions.spanned()
        gone = self._done.keys() - {replica.cluster for replica in replicas}
        return [*self._removed(gone), *(item for replica in replicas for item in self._of(replica))]

    def _removed(self, clusters: Collection[str]) -> list[Told[Transition]]:
        for cluster in clusters:
            del self._done[cluster]
        return [StreamReset(cursor=CursorText(self.cursor), reason=ResetReason.EPOCH_CHANGED)] if clusters else []

    def _of(self, replica: Replica) -> list[Told[Transition]]:
        cluster, now, history = replica.cluster, replica.cursor, replica.transitions
        assert now is not None, "only loaded ones are spanned"
        seen = self._done.setdefault(cluster, None)  # one that is new: all that is kept of it
        reason = reset_reason(seen=seen, now=now, complete_from=history.complete_from)
        if reason is ResetReason.EPOCH_CHANGED:
            return [self._reset(now, reason)]
        found: list[Told[Transition]] = []
        if reason is not None:  # what is still kept may last yet
            found.append(self._reset(Cursor(cluster, now.epoch, history.complete_from), reason))
            seen = self._done[cluster]
        stays = self._context.shelves.stays(replica)
        known = lasting.known_until(self._context.catalog.freshness(cluster))
        oldest = stays.get(self._undecided.get(cluster, -1))
        if oldest is not None and oldest.lasted(self._seconds, known) is None:
            self.waiting = True
            return found
        for seq, transition in history.after(seen.seq if seen is not None else 0):
            lasted = stays[seq].lasted(self._seconds, known)
            if lasted is None:
                self.waiting, self._undecided[cluster] = True, seq
                break
            self._done[cluster] = Cursor(cluster, now.epoch, seq)
            if lasted and self._matches(transition):
                found.append(Record(transition.recorded_at, cluster, seq, self._reached(), transition))
        return found

    def _reset(self, at: Cursor, reason: ResetReason) -> StreamReset:
        self._done[at.cluster] = at
        self._undecided.pop(at.cluster, None)
        return StreamReset(cursor=CursorText(self.cursor), reason=reason)

    def _reached(self) -> tuple[Cursor, ...]:
        return tuple(cursor for cursor in self._done.values() if cursor is not None)
