"""The operator's side of the store: see ``Writer`` in ``protocols`` for what it promises."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Sequence

import msgspec

from graph.errors import EpochLost, Fenced, NameTaken, StoreError, StoreIncompatible
from graph.model import instant
from graph.model.resource import Change, FreshnessState, Resource
from graph.store.codec import Codec
from graph.store.connection import Script, Server, Value
from graph.store.keys import CLUSTERS, LAYOUT, Keys, epoch_number, field_of
from graph.store.protocols import UNKNOWN, Candidate, Pen

PAGE = 500
"""Resources in one call while a generation is filled."""
GONE_MS = 3_000
"""A leader of another election that did not beat for so long is gone."""

TAKEN = {
    "CLUSTER": "the name {name!r} is taken: Redis holds the data of another cluster under it; set another "
    "STATUSGRAPH_CLUSTER, or, when that cluster is gone for good, run `statusgraph forget {name}`",
    "WRITTEN": "the name {name!r} is taken: an operator that another Lease elected writes under it; set another "
    "STATUSGRAPH_CLUSTER, or the same STATUSGRAPH_LEASE_NAME and STATUSGRAPH_LEASE_NAMESPACE as there",
}


class Kept(msgspec.Struct, frozen=True):
    """How many entries of each stream Redis keeps."""

    changes: int
    transitions: int
    log: int
    actions: int


class RedisWriter:
    """One cluster's writer. It never has two calls under way. ``clock``: POSIX seconds, as in what it is told."""

    def __init__(
        self, server: Server, cluster: str, codec: Codec, kept: Kept, clock: Callable[[], float] = time.time
    ) -> None:
        self._server = server
        self._cluster = cluster
        self._codec = codec
        self._kept = kept
        self._clock = clock
        self._wrote = False
        self._keys = Keys(cluster)
        self._claim, self._write = Script("claim"), Script("write")
        self._fill, self._swap, self._beat = Script("fill"), Script("swap"), Script("beat")
        self._close = Script("close")

    async def claim(self, term: int, *, lost: str = "", candidate: Candidate = UNKNOWN) -> Pen:
        """Takes the pen."""
        args: list[Value] = [LAYOUT, term, secrets.token_hex(8), lost]
        args += [candidate.holder, candidate.lease, candidate.cluster, GONE_MS, instant.show(self._clock())]
        args += [int(self._wrote or bool(lost)), self._keys.resources("")]
        reply = await self._server.script(self._claim, [self._keys.meta], args)
        word, *rest = [(part or b"").decode(errors="replace") for part in reply]
        if word == "LAYOUT":
            raise StoreIncompatible(
                f"Redis holds data of layout {rest[0]!r}, this version writes {LAYOUT!r}: "
                f"use another Redis database, or delete the keys {self._keys.prefix}*"
            )
        if word in TAKEN:
            raise NameTaken(TAKEN[word].format(name=self._cluster))
        if word == "FENCED":
            raise Fenced(f"term {rest[0]} is stored, ours is {term}", stored=_term(rest[0]))
        await self._server.command("SADD", CLUSTERS, self._cluster)
        epoch, seq, generation = rest
        if not (seq.isdecimal() and _is_one(epoch)):
            raise StoreIncompatible(f"somebody else wrote to {self._keys.meta}: delete the keys {self._keys.prefix}*")
        self._wrote = True  # what is gone when we claim again is lost, whoever led meanwhile
        return Pen(epoch=epoch, term=term, seq=int(seq), generation=generation, candidate=candidate)

    async def write(self, pen: Pen, changes: Sequence[Change]) -> Pen:
        """Writes the batch under the next seqs."""
        keys, kept = self._keys, self._kept
        args: list[Value] = [pen.epoch, pen.term, pen.seq, len(changes)]
        args += [kept.changes, kept.transitions, kept.log, kept.actions, epoch_number(pen.epoch)]
        for change in changes:
            args += self._codec.encode_change(change)
        names = [keys.meta, keys.changes, keys.transitions, keys.log, keys.actions, keys.action_order]
        reply = await self._server.script(self._write, [*names, keys.resources(pen.generation)], args)
        _check(reply, pen)
        return msgspec.structs.replace(pen, seq=int(reply[1]))

    async def fill(self, pen: Pen, resources: Sequence[Resource]) -> Pen:
        """Loads a whole new generation and makes it the one that is read. It is named after its epoch."""
        target, filling = self._keys.resources(pen.epoch), secrets.token_hex(4)
        for start in range(0, max(1, len(resources)), PAGE):
            page = resources[start : start + PAGE]
            pairs = [part for one in page for part in (field_of(one.key), self._codec.encode(one))]
            words: list[Value] = [pen.epoch, pen.term, pen.epoch, int(start == 0), filling, *pairs]
            _check(await self._server.script(self._fill, [self._keys.meta, target], words), pen)
        args: list[Value] = [pen.epoch, pen.term, pen.epoch, self._keys.resources(""), filling]
        _check(await self._server.script(self._swap, [self._keys.meta, target], args), pen)
        return msgspec.structs.replace(pen, generation=pen.epoch)

    async def beat(self, pen: Pen, state: FreshnessState, observed_at: str | None) -> None:
        """Says how fresh the written data is."""
        behind = self._clock() - (instant.parse(observed_at) or self._clock())
        args: list[Value] = [pen.epoch, pen.term, pen.seq, state.value, observed_at or "", max(0, round(behind * 1000))]
        _check(await self._server.script(self._beat, [self._keys.meta, self._keys.lost], args), pen)

    async def close(self, pen: Pen) -> None:
        """Nothing more is to be written."""
        await self._server.script(self._close, [self._keys.meta], [pen.epoch, pen.term, pen.seq])


def _check(reply: list[bytes | None], pen: Pen) -> None:
    word, *rest = [(part or b"").decode(errors="replace") for part in reply]
    match word:
        case "OK":
            return
        case "FENCED" if (term := _term(rest[0])) < pen.term:
            raise EpochLost(f"Redis holds term {term} again, ours is {pen.term}")
        case "FENCED":
            raise Fenced(f"term {rest[0]} is stored, ours is {pen.term}", stored=_term(rest[0]))
        case "EPOCH":
            raise EpochLost(f"Redis no longer holds epoch {pen.epoch}")
        case "LOST":
            raise EpochLost(f"more was read of epoch {pen.epoch} than Redis holds now")
        case "SEQ":
            raise EpochLost(f"Redis holds seq {rest[0]} of epoch {pen.epoch}, we wrote {pen.seq}")
    raise StoreError(f"a script answered {reply!r}")


def _term(stored: str) -> int:
    """0 where somebody else wrote, which is no leader's."""
    return int(stored) if stored.isascii() and stored.isdecimal() else 0


def _is_one(epoch: str) -> bool:
    """Whether it is an epoch that we made."""
    try:
        return epoch_number(epoch) >= 0
    except ValueError:
        return False
