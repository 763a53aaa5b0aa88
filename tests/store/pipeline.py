"""An outbox that writes lamps and a follower that reads them, each over connections of its own."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from graph.model import instant
from graph.model.ref import Key
from graph.model.resource import FreshnessState, Resource
from graph.store.codec import Codec
from graph.store.connection import Server
from graph.store.follower import Follower
from graph.store.hub import Hub
from graph.store.outbox import Outbox
from graph.store.reader import RedisReader
from graph.store.replica import Replica
from graph.store.writer import RedisWriter
from tests.store.conftest import KEPT
from tests.store.samples import LAMP, added, key, lamp, modified

POLL = 0.02
WITHIN = 20.0


class Pipeline:
    """``switch`` makes a lamp as bright as it is told; ``shown`` waits until the follower has it so."""

    def __init__(
        self, cluster: str, outbox: Outbox, follower: Follower, *, hub: Hub, lamps: dict[Key, Resource]
    ) -> None:
        self.hub = hub
        self.outbox = outbox
        self.follower = follower
        self.replica = follower.replica
        self._cluster = cluster
        self._lamps = lamps

    def switch(self, name: str, watts: int) -> None:
        """With a transition when it is new."""
        one = lamp(name, watts=watts, cluster=self._cluster)
        change = modified(one) if one.key in self._lamps else added(one)
        self._lamps[one.key] = one
        self.outbox.put([change])

    async def shown(self, name: str, watts: int) -> None:
        """As LIVE."""
        await self.until(lambda: self.watts(name) == watts and self.state is FreshnessState.LIVE)

    def watts(self, name: str) -> int | None:
        """As the replica has it."""
        found = self.replica.resources.get(key(name, self._cluster))
        return None if found is None else int(found.fields.watts)

    @property
    def state(self) -> FreshnessState:
        """What the follower says of itself."""
        return self.follower.freshness().state

    async def until(self, holds: Callable[[], object]) -> float:
        """Seconds until it held."""
        began = time.monotonic()
        async with asyncio.timeout(WITHIN):
            while not holds():  # noqa: ASYNC110 # a process of another program tells no one
                await asyncio.sleep(POLL)
        return time.monotonic() - began


@asynccontextmanager
async def pipeline(url: str, cluster: str, *, timeout: float = 1.0) -> AsyncIterator[Pipeline]:
    """Both run, and everything is written and read."""
    servers = [Server(url, timeout=timeout) for _ in range(3)]
    codec = Codec([LAMP])
    writer = RedisWriter(servers[0], cluster, codec, KEPT)
    lamps: dict[Key, Resource] = {}
    outbox = Outbox(
        writer,
        await writer.claim(1),
        everything=lambda: dict(lamps),
        vitals=lambda _: (FreshnessState.LIVE, instant.show(time.time())),
        cluster=cluster,
    )
    hub = Hub(1000)
    replica = Replica(cluster, [LAMP], keep_transitions=1000, keep_log=10, keep_actions=10)
    follower = Follower(replica, RedisReader(servers[1], servers[2], codec), hub, time.monotonic)
    tasks = [asyncio.create_task(outbox.run()), asyncio.create_task(follower.run())]
    outbox.open()
    try:
        one = Pipeline(cluster, outbox, follower, hub=hub, lamps=lamps)
        await one.until(lambda: one.state is FreshnessState.LIVE)
        yield one
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for server in servers:
            await server.close()
