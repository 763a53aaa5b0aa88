"""A replica keeps up with its Redis through everything, and says how fresh it is."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable

import pytest

from graph.model import instant
from graph.model.action import LogEntry, LogLevel
from graph.model.ref import Key, ObjectRef
from graph.model.resource import FreshnessState, LogChange, Resource, ResourceChange
from graph.store.codec import Codec
from graph.store.connection import Server
from graph.store.follower import Follower
from graph.store.hub import Delivery, Hub, Reset, ResetReason, Subscriber
from graph.store.outbox import Outbox
from graph.store.reader import RedisReader
from graph.store.replica import Replica
from graph.store.writer import RedisWriter
from tests.servers import RedisServer
from tests.store.conftest import KEPT
from tests.store.samples import LAMP, added, key, lamp, modified

DEADLINE = 10.0


class Pair:
    """An outbox that writes one cluster and a follower that reads it, over one server."""

    def __init__(self, server: RedisServer, codec: Codec) -> None:
        self.cluster = "pair"
        self.resources: dict[Key, Resource] = {}
        self.state = FreshnessState.LIVE
        self.hub = Hub(10_000)
        self._write, self._read, self._tail = (Server(server.url, timeout=1) for _ in range(3))
        self.writer = RedisWriter(self._write, self.cluster, codec, KEPT)
        self.replica = Replica(self.cluster, [LAMP], keep_transitions=100, keep_log=100, keep_actions=10)
        self.follower = Follower(self.replica, RedisReader(self._read, self._tail, codec), self.hub, time.time)

    async def start(self) -> None:
        self.outbox = Outbox(
            self.writer,
            await self.writer.claim(1),
            everything=lambda: dict(self.resources),
            vitals=lambda _: (self.state, instant.show(time.time())),
        )
        self.outbox.open()
        self.tasks = [asyncio.create_task(self.outbox.run()), asyncio.create_task(self.follower.run())]

    def change(self, resource: Resource, *, transition: bool = True) -> None:
        self.resources[resource.key] = resource
        self.outbox.put([added(resource) if transition else modified(resource)])

    async def stop(self) -> None:
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        for server in (self._write, self._read, self._tail):
            await server.close()

    async def until(self, condition: Callable[[], bool], within: float = DEADLINE) -> float:
        """Seconds until the condition held."""
        began = time.monotonic()
        while not condition():
            assert time.monotonic() - began < within, "not within the deadline"
            await asyncio.sleep(0.01)
        return time.monotonic() - began

    async def live(self) -> None:
        await self.until(lambda: self.follower.freshness().state is FreshnessState.LIVE)


@pytest.fixture
async def pair(redis_server: RedisServer, codec: Codec) -> AsyncIterator[Pair]:
    pair = Pair(redis_server, codec)
    await pair.start()
    yield pair
    await pair.stop()


def taken(subscriber: Subscriber) -> list[object]:
    """What waits for a subscriber."""
    items: list[object] = list(subscriber.waiting)
    return items


async def test_a_change_reaches_the_replica_and_its_subscribers(pair: Pair) -> None:
    await pair.live()
    subscriber = pair.hub.subscribe()
    pair.change(lamp("a", cluster=pair.cluster))
    await pair.until(lambda: key("a", pair.cluster) in pair.replica.resources)
    deliveries = [item for item in taken(subscriber) if isinstance(item, Delivery)]
    assert [item.cursor.seq for item in deliveries] == [1]
    assert pair.follower.freshness().lag_ms is not None


async def test_a_silent_writer_makes_the_replica_stale(pair: Pair) -> None:
    await pair.live()
    pair.state = FreshnessState.STALE
    await pair.until(lambda: pair.follower.freshness().state is FreshnessState.STALE)


async def test_killing_redis_loses_no_transition(pair: Pair, redis_server: RedisServer) -> None:
    await pair.live()
    subscriber = pair.hub.subscribe()
    names = [f"n{n}" for n in range(40)]
    for at, name in enumerate(names):
        if at == 10:
            redis_server.kill()
            await pair.until(lambda: pair.follower.freshness().state is FreshnessState.DISCONNECTED, within=2)
        if at == 30:
            redis_server.start()
        pair.change(lamp(name, cluster=pair.cluster))
        await asyncio.sleep(0)
    await pair.until(lambda: len(pair.replica.resources) == len(names))
    await pair.live()
    seen = [item for item in taken(subscriber) if isinstance(item, Delivery | Reset)]
    assert not [item for item in seen if isinstance(item, Reset)]
    told = [
        item.change.key.name for item in seen if isinstance(item, Delivery) and isinstance(item.change, ResourceChange)
    ]
    assert told == names


async def test_losing_all_data_gives_a_reset_and_the_whole_state_again(pair: Pair, redis_server: RedisServer) -> None:
    await pair.live()
    for name in ("a", "b"):
        pair.change(lamp(name, cluster=pair.cluster))
    await pair.until(lambda: len(pair.replica.resources) == 2)
    subscriber = pair.hub.subscribe()
    redis_server.kill()
    redis_server.wipe()
    redis_server.start()
    pair.change(lamp("c", cluster=pair.cluster))
    await pair.until(lambda: len(pair.replica.resources) == 3)
    await pair.live()
    resets = [item for item in taken(subscriber) if isinstance(item, Reset)]
    assert [reset.reason for reset in resets] == [ResetReason.EPOCH_CHANGED]


async def test_flushed_data_is_noticed_within_a_second(pair: Pair) -> None:
    pair.change(lamp("a", cluster=pair.cluster))
    await pair.live()
    before = pair.replica.cursor
    await pair._write.command("FLUSHALL")
    took = await pair.until(lambda: pair.follower.freshness().state is not FreshnessState.LIVE)
    assert took < 1.2, "noticed late"
    await pair.until(lambda: pair.replica.cursor is not None and pair.replica.cursor != before)
    await pair.live()
    assert list(pair.replica.resources) == [key("a", pair.cluster)]


async def test_what_was_trimmed_before_it_was_read_is_loaded_again(pair: Pair, redis_server: RedisServer) -> None:
    await pair.live()
    subscriber = pair.hub.subscribe()
    follower = pair.tasks.pop()
    follower.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await follower
    entry = LogEntry("l1", instant.show(0), LogLevel.INFO, pair.cluster, ObjectRef("Lamp", "a"), None, "hello")
    pair.outbox.put([LogChange(entry)])
    for n in range(3000):
        pair.change(lamp(f"n{n % 7}", watts=n, cluster=pair.cluster), transition=False)
    await pair.until(lambda: len(pair.outbox) == 0)
    pair.tasks.append(asyncio.create_task(pair.follower.run()))
    await pair.until(lambda: pair.replica.cursor is not None and pair.replica.cursor.seq == pair.outbox.pen.seq)
    assert (pair.replica.resources == pair.resources) is True
    changes = [item.change for item in taken(subscriber) if isinstance(item, Delivery)]
    assert changes.count(LogChange(entry)) == 1
    assert {change.key.name for change in changes if isinstance(change, ResourceChange)} == {f"n{n}" for n in range(7)}


async def test_a_reference_is_resolved_by_uid_whatever_kind_its_maker_took_it_for(pair: Pair) -> None:
    await pair.live()
    pair.change(lamp("a", cluster=pair.cluster))
    await pair.until(lambda: key("a", pair.cluster) in pair.replica.resources)
    mistaken = Key(pair.cluster, "TORCH", "home", "a")
    found = pair.replica.find(ObjectRef("Lamp", "a", "home", "uid-a", key=mistaken))
    assert found is not None
    assert found.key == key("a", pair.cluster)
    assert pair.replica.find(ObjectRef("Lamp", "a", "home", key=mistaken)) is None
