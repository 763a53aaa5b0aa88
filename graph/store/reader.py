"""The api's side of the store: see ``Reader`` in ``protocols`` for what it promises."""

from __future__ import annotations

from collections.abc import Sequence

from graph.errors import EpochLost, StoreIncompatible
from graph.model.resource import Change, Cursor, FreshnessState
from graph.store.codec import Codec
from graph.store.connection import Script, Server
from graph.store.keys import CLUSTERS, LAYOUT, Keys, key_of
from graph.store.protocols import Pulse, Snapshot

PAGE = 1000
"""Changes that are read at once."""

_STATES = {state.value: state for state in FreshnessState}


class RedisReader:
    """Reads any cluster. ``tail`` blocks, so it has a connection of its own: two clients of one server."""

    def __init__(self, server: Server, tailing: Server, codec: Codec) -> None:
        self._server = server
        self._tailing = tailing
        self._codec = codec
        self._snapshot = Script("snapshot")

    async def clusters(self) -> Sequence[str]:
        """The clusters that were ever written, by name."""
        names = await self._server.command("SMEMBERS", CLUSTERS)
        return sorted(name.decode() for name in names)

    async def snapshot(self, cluster: str) -> Snapshot | None:
        """One atomic read; None while nothing is loaded."""
        keys = Keys(cluster)
        names = [keys.meta, keys.transitions, keys.log, keys.actions, keys.action_order]
        reply = await self._server.script(self._snapshot, names, [keys.resources("")])
        if reply is None:
            return None
        epoch, seq, layout, transitions_from, log_from, pairs, transitions, log, actions = reply
        if layout.decode() != LAYOUT:
            raise StoreIncompatible(f"Redis holds data of layout {layout.decode()!r}, this version reads {LAYOUT!r}")
        codec = self._codec
        fields = [field.decode() for field in pairs[::2]]
        return Snapshot(
            cursor=Cursor(cluster, epoch.decode(), int(seq)),
            resources={
                key_of(cluster, field): codec.resource(field, value)
                for field, value in zip(fields, pairs[1::2], strict=True)
            },
            transitions=[(_seq(id_), codec.transition(item[1])) for id_, item in transitions],
            transitions_from=int(transitions_from),
            log=[(_seq(id_), codec.entry(item[1])) for id_, item in log],
            log_from=int(log_from),
            actions=[codec.action(value) for value in actions],
        )

    async def pulse(self, cluster: str) -> Pulse:
        """The writer's last word."""
        fields = ("epoch", "seq", "state", "observed", "generation")
        reply = await self._server.command("HMGET", Keys(cluster).meta, *fields)
        epoch, seq, state, observed, generation = (part.decode() if part else None for part in reply)
        return Pulse(
            epoch=epoch,
            seq=int(seq or 0),
            state=_STATES.get(state or "", FreshnessState.CATCHING_UP),
            observed_at=observed,
            loaded=generation is not None,
        )

    async def tail(self, cursor: Cursor, *, wait: float) -> Sequence[tuple[int, Change]]:
        """What follows the cursor, at most a page."""
        stream = Keys(cursor.cluster).changes
        entries = await self._tailing.read(stream, f"{cursor.seq}-0", count=PAGE, wait=wait)
        if any(item[b"e"].decode() != cursor.epoch for _, item in entries):
            raise EpochLost(f"the stream goes on in another epoch than {cursor.epoch}")
        return [(_seq(id_), self._codec.change(cursor.cluster, item)) for id_, item in entries]


def _seq(entry_id: bytes) -> int:
    return int(entry_id.partition(b"-")[0])
