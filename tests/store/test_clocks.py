"""Freshness is the same whatever the machines of the operator and of the api believe about the time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from graph.errors import NameTaken
from graph.model import instant
from graph.model.resource import Freshness, FreshnessState
from graph.store.codec import Codec
from graph.store.connection import Server
from graph.store.follower import SILENT, Follower
from graph.store.hub import Hub
from graph.store.protocols import Candidate
from graph.store.reader import RedisReader
from graph.store.replica import Replica
from graph.store.writer import RedisWriter
from tests.servers import RedisServer
from tests.store.conftest import KEPT
from tests.store.samples import LAMP

HOUR = 3600.0
DEADLINE = 5.0
Clock = Callable[[], float]


class Api:
    """A follower of one cluster on a machine with this clock."""

    def __init__(self, reader: RedisReader, cluster: str, clock: Clock) -> None:
        replica = Replica(cluster, [LAMP], keep_transitions=10, keep_log=10, keep_actions=10)
        self.follower = Follower(replica, reader, Hub(10), clock)

    async def until(self, state: FreshnessState) -> Freshness:
        """What it says once it is in that state."""
        async with asyncio.timeout(DEADLINE):
            while self.follower.freshness().state is not state:  # noqa: ASYNC110 # a follower tells its hub alone
                await asyncio.sleep(0.02)
        return self.follower.freshness()


@asynccontextmanager
async def following(api: Api) -> AsyncIterator[None]:
    task = asyncio.create_task(api.follower.run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@pytest.fixture
async def servers(shared_redis: RedisServer) -> AsyncIterator[tuple[Server, Server]]:
    both = Server(shared_redis.url), Server(shared_redis.url)
    yield both
    for server in both:
        await server.close()


@pytest.mark.parametrize("ours", [HOUR, -HOUR, 0])
@pytest.mark.parametrize("theirs", [HOUR, -HOUR, 0])
async def test_lag_and_silence_do_not_depend_on_clocks(
    servers: tuple[Server, Server], ours: float, theirs: float
) -> None:
    cluster, codec = f"clocks{ours:g}{theirs:g}".replace("-", "m"), Codec([LAMP])

    def writes_at() -> float:
        return time.time() + theirs

    writer = RedisWriter(servers[0], cluster, codec, KEPT, clock=writes_at)
    pen = await writer.fill(await writer.claim(1), [])
    api = Api(RedisReader(*servers, codec), cluster, lambda: time.time() + ours)
    async with following(api):
        await writer.beat(pen, FreshnessState.LIVE, instant.show(writes_at()))
        fresh = await api.until(FreshnessState.LIVE)
        assert fresh.lag_ms is not None
        assert 0 <= fresh.lag_ms < 30_000
        await writer.beat(pen, FreshnessState.STALE, instant.show(writes_at() - 60))
        stale = await api.until(FreshnessState.STALE)
        assert stale.lag_ms is not None
        assert 60_000 <= stale.lag_ms < 90_000


async def test_a_writer_that_was_silent_before_the_api_began_is_stale_from_the_start(
    servers: tuple[Server, Server],
) -> None:
    codec = Codec([LAMP])
    writer = RedisWriter(servers[0], "silent", codec, KEPT)
    pen = await writer.fill(await writer.claim(1), [])
    await writer.beat(pen, FreshnessState.LIVE, instant.show(time.time() + HOUR))
    beaten = round((time.time() - SILENT - 10) * 1000)
    await servers[0].command("HSET", "statusgraph:{silent}:meta", "beaten", beaten)
    api = Api(RedisReader(*servers, codec), "silent", time.monotonic)
    async with following(api):
        stale = await api.until(FreshnessState.STALE)
    assert stale.lag_ms is not None
    assert 14_000 < stale.lag_ms < 20_000


async def test_a_dead_writer_does_not_come_to_life_when_the_clock_of_redis_goes_back(
    servers: tuple[Server, Server],
) -> None:
    writer = RedisWriter(servers[0], "back", Codec([LAMP]), KEPT)
    first, second = Candidate("a", "one Lease", "the cluster"), Candidate("b", "another", "the cluster")
    pen = await writer.fill(await writer.claim(1, candidate=first), [])
    await writer.beat(pen, FreshnessState.LIVE, None)
    with pytest.raises(NameTaken):
        await writer.claim(1, candidate=second)
    await servers[0].command("HSET", "statusgraph:{back}:meta", "beaten", round((time.time() + HOUR) * 1000))
    assert (await writer.claim(2, candidate=second)).epoch == pen.epoch
