"""A new leader finds a Redis that was restarted, or another that took its place, while nobody led."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager

import pytest

from graph.errors import EpochLost
from graph.model.resource import Cursor, FreshnessState
from graph.store.codec import Codec
from graph.store.connection import Server
from graph.store.outbox import Outbox
from graph.store.protocols import Pen, Snapshot
from graph.store.reader import RedisReader
from graph.store.writer import RedisWriter
from tests.servers import RedisServer
from tests.store.conftest import KEPT
from tests.store.samples import LAMP, added, key, lamp

CLUSTER = "c1"
LIVE = FreshnessState.LIVE
WITHIN = 20.0


@pytest.fixture
def one(redis_program: str) -> Iterator[RedisServer]:
    """With AOF."""
    server = RedisServer(redis_program, appendonly=True)
    server.start()
    yield server
    server.close()


@asynccontextmanager
async def store(redis: RedisServer) -> AsyncIterator[tuple[Server, RedisWriter, RedisReader]]:
    server = Server(redis.url)
    yield server, RedisWriter(server, CLUSTER, Codec([LAMP]), KEPT), RedisReader(server, server, Codec([LAMP]))
    await server.close()


async def led(writer: RedisWriter) -> Pen:
    """By the first leader, whose position the beat confirmed."""
    pen = await writer.fill(await writer.claim(1), [lamp("a", cluster=CLUSTER)])
    pen = await writer.write(pen, [added(lamp("b", cluster=CLUSTER))])
    await writer.beat(pen, LIVE, None)
    return pen


async def snapshot(reader: RedisReader) -> Snapshot:
    found = await reader.snapshot(CLUSTER)
    assert found is not None
    return found


def restart(redis: RedisServer) -> None:
    redis.kill()
    redis.start()


async def test_after_a_restart_that_nobody_saw_the_epoch_is_another_and_the_resources_are_the_same(
    one: RedisServer,
) -> None:
    async with store(one) as (_, writer, _):
        before = await led(writer)
    restart(one)
    async with store(one) as (_, writer, reader):
        pen = await writer.claim(2)
        assert pen.loaded
        assert (pen.epoch != before.epoch, pen.seq) == (True, before.seq)
        found = await snapshot(reader)
        assert found.cursor == Cursor(CLUSTER, pen.epoch, before.seq)
        assert set(found.resources) == {key("a", CLUSTER), key("b", CLUSTER)}
        assert found.whole.lost, "nobody knows"
        pen = await writer.write(pen, [added(lamp("c", cluster=CLUSTER))])
        assert key("c", CLUSTER) in (await snapshot(reader)).resources
        await writer.fill(await writer.claim(2, lost=pen.epoch), [lamp("d", cluster=CLUSTER)])
        assert set((await snapshot(reader)).resources) == {key("d", CLUSTER)}


async def test_a_generation_that_was_half_filled_before_a_restart_does_not_stay(one: RedisServer) -> None:
    async with store(one) as (_, writer, _):
        before = await writer.claim(1)
    restart(one)
    async with store(one) as (_, writer, reader):
        pen = await writer.claim(2)
        assert (pen.epoch != before.epoch, pen.loaded) == (True, False)
        await writer.fill(pen, [])
        assert (await snapshot(reader)).resources == {}


async def test_a_leader_that_saw_the_restart_vouches_for_what_is_there(one: RedisServer) -> None:
    async with store(one) as (_, writer, _):
        before = await led(writer)
    restart(one)
    async with store(one) as (_, writer, reader):
        await writer.beat(before, LIVE, None)
        assert (await writer.claim(2)).epoch == before.epoch
        assert not (await snapshot(reader)).whole.lost


@pytest.mark.parametrize(("term", "same"), [(2, True), (3, False)])
async def test_a_leader_that_ended_in_order_vouches_to_its_direct_successor(
    one: RedisServer, term: int, same: bool
) -> None:
    async with store(one) as (_, writer, _):
        before = await led(writer)
        await writer.close(before)
    restart(one)
    async with store(one) as (_, writer, _):
        assert ((await writer.claim(term)).epoch == before.epoch) is same


async def test_who_is_no_longer_the_leader_vouches_for_nothing(one: RedisServer) -> None:
    async with store(one) as (_, writer, _):
        before = await led(writer)
        await writer.claim(2)
        await writer.close(before)
    restart(one)
    async with store(one) as (_, writer, _):
        assert (await writer.claim(3)).epoch != before.epoch


async def test_an_outbox_that_is_ended_closes_what_it_wrote_and_no_write_that_is_under_way(one: RedisServer) -> None:
    async with store(one) as (server, writer, _):
        outbox = Outbox(writer, await writer.claim(1), everything=dict, vitals=lambda _: (LIVE, None))
        outbox.open()
        running = asyncio.create_task(outbox.run())
        await outbox.written()
        await ended(running)
        assert await server.command("HGET", f"statusgraph:{{{CLUSTER}}}:meta", "line") == b"closed"
        again = Outbox(writer, await writer.claim(2), everything=dict, vitals=lambda _: (LIVE, None))
        again.open()
        running = asyncio.create_task(again.run())
        await again.written()
        with one.stopped():
            again.put([added(lamp("a", cluster=CLUSTER))])
            await asyncio.sleep(0.1)
            await ended(running)
        assert await server.command("HGET", f"statusgraph:{{{CLUSTER}}}:meta", "line") != b"closed"


async def ended(running: asyncio.Task[None]) -> None:
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_what_an_api_read_that_was_away_is_no_position_on_the_replica_that_lacked_it(
    one: RedisServer, redis_program: str
) -> None:
    """The leader and the primary ended together; the successor has written more than what was lost."""
    other = RedisServer(redis_program, "--replicaof", "127.0.0.1", str(one.port))
    other.start()
    try:
        async with store(one) as (_, writer, _), store(other) as (replica, heir, reader):
            pen = await led(writer)
            await until(lambda: replica.command("HGET", f"statusgraph:{{{CLUSTER}}}:meta", "line"))
            await replica.command("REPLICAOF", "NO", "ONE")
            ahead = await writer.write(pen, [added(lamp(f"lost{n}", cluster=CLUSTER)) for n in range(3)])
            one.kill()
            pen = await heir.claim(2)
            pen = await heir.write(pen, [added(lamp(f"new{n}", cluster=CLUSTER)) for n in range(5)])
            assert pen.seq > ahead.seq
            with pytest.raises(EpochLost):
                await reader.tail(Cursor(CLUSTER, ahead.epoch, ahead.seq), wait=0.1)
            assert (await snapshot(reader)).cursor.epoch != ahead.epoch
    finally:
        other.close()


async def until(holds: Callable[[], Awaitable[object]]) -> None:
    async with asyncio.timeout(WITHIN):
        while not await holds():  # noqa: ASYNC110 # Redis tells no one
            await asyncio.sleep(0.02)
