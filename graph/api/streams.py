"""``statusTransitions`` and ``operatorLog``: what is kept after a cursor, then what happens, each item with its
position.

Contract: everything recorded is told at least once, in the order of its cluster, or a StreamReset says that something
may be missing; after a StreamReset the subscription goes on from now.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Generic

from graph.api.context import Context
from graph.api.history import Record, T, records, time_of
from graph.api.listening import listening, loaded
from graph.api.positions import Positions, reset_reason
from graph.api.types.records import StreamReset, StreamStart
from graph.api.types.scalars import Cursor as CursorText
from graph.model.resource import Change, Cursor
from graph.store.codec import encode_cursor
from graph.store.hub import Item, News, Reset, ResetReason
from graph.store.replica import History, Replica


@dataclass(frozen=True, slots=True)
class Source(Generic[T]):
    """What is told: where it is kept, how it is found in a change, and which of it the viewer wants and may see."""

    kept: Callable[[Replica], History[T]]
    of: Callable[[Change], T | None]
    matches: Callable[[T], bool]


Told = StreamStart | StreamReset | Record[T]


async def told(
    context: Context, source: Source[T], *, after: str | None, clusters: Iterable[str] | None
) -> AsyncGenerator[Told[T], None]:
    """See the module. ``clusters``: those that the subscription spans, all when None."""
    await loaded(context)
    async with listening(context) as items:
        positions = Positions(context.catalog, clusters)
        if after is None:
            yield StreamStart(cursor=CursorText(positions.cursor))
        else:
            for item in _resume(source, positions, after):
                yield item
        async with aclosing(_follow(items, source, positions)) as following:
            async for item in following:
                yield item


def _resume(source: Source[T], positions: Positions, after: str) -> list[Told[T]]:
    """All at once, so that what is told next is what the subscriber has queued since."""
    given = positions.resume(after)
    kept = _kept(source, positions, positions.replicas, given)
    if not positions.forgotten(given):
        return kept
    left = [cursor for cluster, cursor in given.items() if cluster in positions.now]
    return [StreamReset(cursor=CursorText(encode_cursor(left)), reason=ResetReason.EPOCH_CHANGED), *kept]


def _kept(
    source: Source[T], positions: Positions, replicas: Sequence[Replica], given: Mapping[str, Cursor]
) -> list[Told[T]]:
    """What followed ``given``; of a cluster that is not in it all, since nothing of it was seen."""
    since = dict(positions.now)
    resets: dict[str, ResetReason] = {}
    for replica in replicas:
        seen, now = given.get(replica.cluster), positions.now[replica.cluster]
        reason = reset_reason(seen=seen, now=now, complete_from=source.kept(replica).complete_from)
        if reason is None:
            since[replica.cluster] = seen or Cursor(replica.cluster, now.epoch, 0)
        else:
            resets[replica.cluster] = reason
    kept = [record for record in records(replicas, source.kept, since) if source.matches(record.value)]
    return [*_resets(resets, since, given), *kept]


def _resets(
    resets: Mapping[str, ResetReason], since: Mapping[str, Cursor], given: Mapping[str, Cursor]
) -> Iterator[StreamReset]:
    """Whoever goes on from one of them is told the next ones again."""
    position = {
        cluster: given.get(cluster, cursor) if cluster in resets else cursor for cluster, cursor in since.items()
    }
    for cluster, reason in resets.items():
        position[cluster] = since[cluster]
        yield StreamReset(cursor=CursorText(encode_cursor(position.values())), reason=reason)


async def _follow(items: AsyncIterator[Item], source: Source[T], positions: Positions) -> AsyncGenerator[Told[T], None]:
    async for item in items:
        new = positions.join(item)
        if new is not None:
            for told in _kept(source, positions, [new], {}):
                yield told
        if isinstance(item, News) or not positions.advance(item):
            continue
        if isinstance(item, Reset):
            yield StreamReset(cursor=CursorText(positions.cursor), reason=item.reason)
            continue
        value = source.of(item.change)
        if value is not None and source.matches(value):
            at, now = item.cursor, tuple(positions.now.values())
            yield Record(time_of(value), at.cluster, at.seq, now, value)
