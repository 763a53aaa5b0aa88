"""Does Redis hold what the cluster holds? Asked past all our processes: a snapshot, and a fresh list of every kind,
which nobody but the oracle judges.
"""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import AsyncIterator, Iterable
from contextlib import suppress
from typing import Any

import msgspec
from msgspec import Struct

from graph.config import Rules, Settings
from graph.demo.player import ApiError
from graph.errors import StoreError, StoreUnavailable
from graph.judging.decode import Variants, nodes_of, variants
from graph.judging.forest import Forest
from graph.judging.ledger import Ledger
from graph.kinds import KINDS
from graph.kinds.shared.nodes import Node
from graph.model import kind as model
from graph.model.resource import Resource
from graph.store.codec import Codec
from graph.store.connection import Server, Value
from graph.store.keys import Keys
from graph.store.protocols import Snapshot
from graph.store.reader import RedisReader
from tests.chaos.objects import RESOURCES
from tests.controlplane.kube import Kind, Kube

CLUSTER = "default"
POLL = 0.05
AWAY = 15.0
"""Seconds for which Redis may be away: Sentinels on a busy machine take a primary for gone that is not."""

_WORDS = {kind.resource.kind: kind.name for kind in KINDS if kind.resource and kind.resource.kind in RESOURCES}
_WORDS["Job"] = "JOB"  # none of ours is a build

Name = tuple[str, str]
"""Kind and name."""
Told = tuple[Resource, str, str, str]
"""All but the status, and of that the state, the reason and the message: since when it is so a list does not tell."""


class Difference(Struct, frozen=True):
    """What the two tell differently."""

    lost: frozenset[Name]
    ghosts: frozenset[Name]
    stale: frozenset[Name]

    def __bool__(self) -> bool:
        return bool(self.lost or self.ghosts or self.stale)

    def kinds(self) -> set[str]:
        """Of which something differs."""
        return {kind for kind, _ in self.lost | self.ghosts | self.stale}


class Oracle:
    """Of one namespace (None: of all), and of one Redis, reached without a detour."""

    def __init__(self, kube: Kube, namespace: str | None, redis_url: str) -> None:
        self._kube = kube
        self._namespace = namespace
        self.server = Server(redis_url)
        self.reader = RedisReader(self.server, self.server, Codec(KINDS))

    async def listed(self) -> dict[Name, Told]:
        """The cluster's own word."""
        rules, now = Rules(), time.time()
        ledger, labels = Ledger(rules, {}), Settings.model_fields["service_labels"].default
        forest = Forest(CLUSTER, KINDS, rules, labels=labels, recall=ledger.resources.get, orphan_grace=0)
        await self._nodes(forest)
        for one in variants(KINDS).values():
            async for kind, view in self._list(one, self._namespace):
                forest.put(kind, view, now)
        list(ledger.publish(forest.judge(now), now, baseline=True))
        return _told(ledger.resources.values())

    async def _nodes(self, forest: Forest) -> None:
        if (reading := nodes_of(KINDS)) is not None:
            with suppress(ApiError):  # there need not be any
                nodes = [view async for _, view in self._list(reading, None)]
                forest.nodes.replace(view for view in nodes if isinstance(view, Node))

    async def _list(self, what: Variants, namespace: str | None) -> AsyncIterator[tuple[model.Kind, model.Object]]:
        where = Kind(what.watched.api_version, what.watched.plural, namespaced=namespace is not None)
        for item in await self._kube.list(where, namespace=namespace):
            yield what.decode(msgspec.json.encode(item))

    async def asked(self, *words: Value) -> Any:
        """What Redis answers to a command, as soon as it is there."""
        deadline = time.monotonic() + AWAY
        while True:
            try:
                return await self.server.command(*words)
            except StoreUnavailable:
                if time.monotonic() > deadline:
                    raise
            await asyncio.sleep(POLL)

    async def snapshot(self) -> Snapshot | None:
        """What Redis holds; None while it is away or empty."""
        try:
            return await self.reader.snapshot(CLUSTER)
        except StoreError:
            return None

    async def held(self) -> dict[Name, Told]:
        """Redis' word, without the records of what is gone."""
        snapshot = await self.snapshot()
        held = snapshot.resources.values() if snapshot else ()
        ours = (one for one in held if self._namespace in (None, one.key.namespace))
        return _told(one for one in ours if one.deleted_at is None)

    async def differences(self) -> Difference:
        """Now."""
        listed, held = await self.listed(), await self.held()
        changed = {name for name in listed.keys() & held.keys() if listed[name] != held[name]}
        lost, ghosts = listed.keys() - held.keys(), held.keys() - listed.keys()
        return Difference(frozenset(lost), frozenset(ghosts), frozenset(changed))

    async def agreed(self, within: float) -> tuple[Difference, dict[str, float]]:
        """What is left after so many seconds, and when (by the monotonic clock) each kind came to agree."""
        deadline, since = time.monotonic() + within, dict[str, float]()
        while True:
            left = await self.differences()
            now = time.monotonic()
            for kind, word in _WORDS.items():
                if word in left.kinds():
                    since.pop(kind, None)
                else:
                    since.setdefault(kind, now)
            if not left or now > deadline:
                return left, since
            await asyncio.sleep(POLL)

    async def disorder(self) -> list[str]:
        """What of the change stream is not one dense run up to the stored seq, each transition once."""
        keys = Keys(CLUSTER)
        ids = [int(id_.partition(b"-")[0]) for id_, _ in await self.asked("XRANGE", keys.changes, "-", "+")]
        seq = int(await self.asked("HGET", keys.meta, "seq") or 0)
        found = [f"{after} follows {before}" for before, after in itertools.pairwise(ids) if after != before + 1]
        if ids and ids[-1] != seq:
            found.append(f"the stream ends with {ids[-1]}, seq is {seq}")
        return found


def _told(resources: Iterable[Resource]) -> dict[Name, Told]:
    told = {}
    for one in resources:
        status = one.status
        words = (status.state.value, status.reason, status.message) if status else ("", "", "")
        rest = msgspec.structs.replace(one, status=None)
        if one.status is None:  # an event: it outlives what it is about, and no list tells where that was
            rest = msgspec.structs.replace(rest, service=None, owner=None)
        told[one.key.kind, f"{one.key.namespace}/{one.key.name}"] = rest, *words
    return told
