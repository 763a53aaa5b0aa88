"""The api's side of the store: see ``Reader`` in ``protocols`` for what it promises."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import count, starmap
from operator import itemgetter

from graph.errors import CursorExpired, EpochLost, MalformedObject, StoreIncompatible
from graph.model.resource import Cursor, FreshnessState, Whole
from graph.store.codec import Codec
from graph.store.connection import Script, Server
from graph.store.keys import CLUSTERS, FORGOTTEN, LAYOUT, Keys, after, epoch_number, place_of
from graph.store.protocols import Pulse, Snapshot
from graph.store.unread import Step

PAGE = 250
"""Changes that are read at once."""

LOST = 60
"""Seconds for which it is remembered that an epoch lost something."""

_STATES = {state.value: state for state in FreshnessState}


class RedisReader:
    """Reads any cluster. ``tail`` blocks, so it has a connection of its own: two clients of one server."""

    def __init__(self, server: Server, tailing: Server, codec: Codec) -> None:
        self._server = server
        self._tailing = tailing
        self._codec = codec
        self._snapshot, self._pulse = Script("snapshot"), Script("pulse")

    async def clusters(self) -> Sequence[str]:
        """The clusters that were ever written, by name."""
        return await self._names(CLUSTERS)

    async def forgotten(self) -> Sequence[str]:
        """The clusters that were removed on purpose."""
        return await self._names(FORGOTTEN)

    async def _names(self, key: str) -> Sequence[str]:
        return sorted(_texts(await self._server.command("SMEMBERS", key)))

    async def snapshot(self, cluster: str) -> Snapshot | None:
        """One atomic read; None while nothing is loaded."""
        keys = Keys(cluster)
        names = [keys.meta, keys.transitions, keys.log, keys.actions, keys.action_order]
        reply = await self._server.script(self._snapshot, names, [keys.resources(""), LAYOUT], large=True)
        if reply is None:
            return None
        if len(reply) == 1:
            layout = reply[0].decode(errors="replace")
            raise StoreIncompatible(f"Redis holds data of layout {layout!r}, this version reads {LAYOUT!r}")
        epoch, seq, transitions_from, log_from, pairs, transitions, log, actions, since, lost = reply
        codec = self._codec
        with _readable():
            epoch_number(epoch.decode())
            return Snapshot(
                cursor=Cursor(cluster, epoch.decode(), int(seq)),
                resources=codec.resources(pairs),
                transitions=[(_seq(id_), codec.transition(item[1])) for id_, item in transitions],
                transitions_from=int(transitions_from),
                log=[(_seq(id_), codec.entry(item[1])) for id_, item in log],
                log_from=int(log_from),
                actions=[codec.action(value) for value in actions],
                whole=Whole(since.decode() or None, lost == b"1"),
            )

    async def pulse(self, cluster: str) -> Pulse:
        """The writer's last word."""
        reply = await self._server.script(self._pulse, [Keys(cluster).meta], [])
        with _readable():
            epoch, seq, state, observed, generation, behind, beaten, silent = (
                one.decode() if one else None for one in reply
            )
            return Pulse(
                epoch=epoch,
                seq=int(seq or 0),
                state=_STATES.get(state or "", FreshnessState.CATCHING_UP),
                observed_at=observed,
                loaded=generation is not None,
                silent=None if silent is None else max(0, int(silent)) / 1000,
                behind=int(behind or 0) / 1000,
                beaten=beaten,
            )

    async def went_back(self, cursor: Cursor) -> None:
        """The next beat finds it."""
        await self._server.command("SET", Keys(cursor.cluster).lost, cursor.epoch, "EX", LOST)

    async def tail(self, cursor: Cursor, *, wait: float) -> Iterator[tuple[int, Step]]:
        """What follows the cursor, at most a page."""
        stream = Keys(cursor.cluster).changes
        entries = await self._tailing.read(stream, after(cursor.seq), count=PAGE, wait=wait)
        if entries:
            _check(cursor, len(entries), first=place_of(entries[0][0]), last=place_of(entries[-1][0]))
        step = self._codec.step
        return zip(count(cursor.seq + 1), starmap(step, map(itemgetter(1), entries)), strict=False)


def _texts(names: Iterable[bytes]) -> Iterator[str]:
    """No operator writes others."""
    for name in names:
        with suppress(UnicodeDecodeError):
            yield name.decode()


@contextmanager
def _readable() -> Iterator[None]:
    """Somebody else may have written there."""
    try:
        yield
    except ValueError as error:
        raise MalformedObject(f"Redis holds something unreadable: {error}") from error


def _check(cursor: Cursor, count: int, *, first: tuple[int, int], last: tuple[int, int]) -> None:
    """Of a page its ends tell: seqs only rise, and an epoch that was left does not return."""
    if not first[1] == last[1] == epoch_number(cursor.epoch):
        raise EpochLost(f"the stream goes on in another epoch than {cursor.epoch}")
    if (first[0], last[0]) != (cursor.seq + 1, cursor.seq + count):
        raise CursorExpired(f"of what follows seq {cursor.seq} only {first[0]} to {last[0]} is there")


def _seq(entry_id: bytes) -> int:
    return place_of(entry_id)[0]
