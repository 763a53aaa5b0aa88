"""R6 and R7, of the store alone, over a real Redis: batches are whole and written once, readers see one generation."""

from __future__ import annotations

import asyncio
import functools
import itertools
import random
from collections import Counter
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, MutableMapping
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from msgspec.structs import replace
from structlog.testing import capture_logs

from graph.model.ref import Key
from graph.model.resource import FreshnessState, Resource, ResourceChange
from graph.store.codec import Codec
from graph.store.connection import Server
from graph.store.keys import Keys
from graph.store.outbox import Outbox
from graph.store.reader import RedisReader
from graph.store.unread import in_full
from graph.store.writer import Kept, RedisWriter
from tests.chaos.ledger import Budget, Tally
from tests.chaos.wire import Wire
from tests.servers import RedisServer
from tests.store.samples import LAMP, lamp, modified

CLUSTER = "chaos"
WRITERS = [f"{CLUSTER}-{number}" for number in range(8)]
"""Clusters whose answers are lost at once."""
LAMPS = 40
BURST = 20
KEPT = Kept(changes=10_000_000, transitions=10_000_000, log=100, actions=10)
WITHIN = 30.0
PAGE = 10_000


class Bench:
    """An outbox over one connection to Redis, and a reader over another. Change n makes some lamp n watts bright."""

    def __init__(self, cluster: str, outbox: Outbox, server: Server) -> None:
        self.cluster = cluster
        self.outbox = outbox
        self.server = server
        self.lamps: dict[Key, Resource] = {}
        self._numbers = itertools.count(1)

    def put(self, count: int, *, padding: str = "") -> None:
        """Changes, in the order of their numbers."""
        for _ in range(count):
            number = next(self._numbers)
            one = replace(lamp(f"l{number % LAMPS}", watts=number, cluster=self.cluster), labels={"padding": padding})
            self.lamps[one.key] = one
            self.outbox.put([modified(one)])

    async def written(self) -> None:
        """Everything is there."""
        async with asyncio.timeout(WITHIN):
            await self.outbox.written()

    async def connections(self) -> int:
        """That were ever made to Redis."""
        return int((await self.server.command("INFO", "stats"))["total_connections_received"])

    async def faults(self) -> dict[str, list[str]]:
        """What is wrong: numbers twice or not in order, seqs that are not dense, lamps that are not as put."""
        codec, keys = Codec([LAMP]), Keys(self.cluster)
        seqs, told, reader = list[int](), list[int](), RedisReader(self.server, self.server, codec)
        async for id_, item in self._entries(keys.changes):
            seqs.append(int(id_.partition(b"-")[0]))
            changes = (in_full(codec.step(*pair)) for pair in item.items())
            told += [one.resource.fields.watts for one in changes if isinstance(one, ResourceChange) and one.resource]
        snapshot = await reader.snapshot(self.cluster)
        held = dict(snapshot.resources) if snapshot else {}
        return {
            "duplicates": [f"{number} {count} times" for number, count in Counter(told).items() if count > 1],
            "gaps": [f"{b} after {a}" for a, b in itertools.pairwise(seqs) if b != a + 1]
            + [f"change {b} after {a}" for a, b in itertools.pairwise(told) if b != a + 1],
            "partial updates": [str(key) for key in {**self.lamps, **held} if self.lamps.get(key) != held.get(key)],
        }

    async def _entries(self, stream: str) -> AsyncIterator[tuple[bytes, dict[bytes, bytes]]]:
        """All there are; a long run leaves more than one answer brings in time."""
        after = b"-"
        while some := await self.server.command("XRANGE", stream, after, "+", "COUNT", PAGE):
            for one in some:
                yield one
            after = b"(" + some[-1][0]


@asynccontextmanager
async def bench(redis: RedisServer, url: str, cluster: str = CLUSTER) -> AsyncIterator[Bench]:
    """Writes by way of ``url``."""
    server, writing = Server(redis.url), Server(url)
    writer = RedisWriter(writing, cluster, Codec([LAMP]), KEPT)
    lamps: dict[Key, Resource] = {}
    outbox = Outbox(
        writer,
        await writer.claim(1),
        everything=lambda: dict(lamps),
        vitals=lambda _: (FreshnessState.LIVE, None),
    )
    one = Bench(cluster, outbox, server)
    one.lamps = lamps
    running = asyncio.create_task(outbox.run())
    outbox.open()
    try:
        yield one
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await server.close()
        await writing.close()


async def _empty(redis: RedisServer) -> None:
    server = Server(redis.url)
    await server.command("FLUSHALL")
    await server.close()


async def once(redis: RedisServer, wire: Wire, budget: Budget) -> Tally:
    """R6, answers. A trial is one connection that ended before what was done over it was answered."""
    tally = Tally("R6", "a lost answer: written once, as a whole")
    await _empty(redis)
    async with AsyncExitStack() as stack:
        all_ = [await stack.enter_async_context(bench(redis, wire.url, cluster)) for cluster in WRITERS]
        for round_ in budget:
            before = await all_[0].connections()
            await wire.cut_answers(random.Random(round_).randrange(280, 700))
            async with asyncio.timeout(WITHIN):
                while (made := await all_[0].connections()) < before + 5 * len(all_):
                    for one in all_:
                        one.put(2)
                    await asyncio.sleep(0.02)
            await wire.heal()
            tally.trials += made - before
        for one in all_:
            await one.written()
            for name, found in (await one.faults()).items():
                tally.none_of(name, found)
    return tally


async def paused(redis: RedisServer, wire: Wire, budget: Budget) -> Tally:
    """R6, the connection: cut off, slow, and silent beyond the time-out of a call."""
    tally = Tally("R6", "Redis cut off, slow, or silent")
    await _empty(redis)
    async with bench(redis, wire.url) as one:
        await one.written()
        for round_, fault in zip(budget, _in_turns(wire), strict=False):
            await fault()
            for _ in range(10):
                one.put(BURST)
                await asyncio.sleep(0.05)
            await wire.heal()
            began = asyncio.get_running_loop().time()
            await one.written()
            tally.figure("caught up s", asyncio.get_running_loop().time() - began, limit=WITHIN)
            tally.trials = round_ + 1
        for name, found in (await one.faults()).items():
            tally.none_of(name, found)
    return tally


def _in_turns(wire: Wire) -> Iterator[Callable[[], Coroutine[None, None, None]]]:
    return itertools.cycle([wire.cut, functools.partial(wire.delay, 200), wire.pause])


async def full(redis: RedisServer, budget: Budget) -> Tally:
    """R6, memory. A trial: Redis is full in the middle of a burst and has room again."""
    tally = Tally("R6", "a full Redis: an alarm, and caught up later")
    await _empty(redis)
    async with bench(redis, redis.url) as one:
        for _ in budget:
            one.put(BURST)
            await one.written()
            async with _no_room(one.server) as logs:
                one.put(BURST * 20, padding="x" * 1000)
                async with asyncio.timeout(WITHIN):
                    while not (alarms := [line for line in logs if "takes no writes" in line["event"]]):  # noqa: ASYNC110
                        await asyncio.sleep(0.02)
                tally.none_of("partial updates", await _partly(one))
            await one.written()
            tally.none_of("wrong alarms", [alarm for alarm in alarms if "refuses" not in alarm["problem"]])
            tally.trials += 1
        for name, found in (await one.faults()).items():
            tally.none_of(name, found)
    return tally


@asynccontextmanager
async def _no_room(server: Server) -> AsyncIterator[list[MutableMapping[str, Any]]]:
    """Redis refuses what needs memory; what is logged meanwhile."""
    await server.command("CONFIG", "SET", "maxmemory", 1)
    try:
        with capture_logs() as logs:
            yield logs
    finally:
        await server.command("CONFIG", "SET", "maxmemory", 0)


async def _partly(one: Bench) -> list[str]:
    """Of a batch that was refused nothing is there."""
    keys = Keys(CLUSTER)
    seq, length = await one.server.command("HGET", keys.meta, "seq"), await one.server.command("XLEN", keys.changes)
    return [] if int(seq) == length else [f"seq {int(seq)}, {length} entries"]


async def generations(redis: RedisServer, budget: Budget) -> Tally:
    """R7. A reader reads without end; in each trial everything is written again, with another number on all of it."""
    await _empty(redis)
    tally, server, other = Tally("R7", "readers see one generation"), Server(redis.url), Server(redis.url)
    writer, reader = RedisWriter(server, CLUSTER, Codec([LAMP]), KEPT), RedisReader(other, other, Codec([LAMP]))
    seen, ended = list[str](), asyncio.Event()

    async def read() -> int:
        for count in itertools.count():
            if ended.is_set():
                return count
            snapshot = await reader.snapshot(CLUSTER)
            if snapshot is not None:
                told = {(snapshot.cursor.epoch, one.fields.watts) for one in snapshot.resources.values()}
                if len(told) != 1 or len(snapshot.resources) != 1200:
                    seen.append(f"{len(told)} generations in {len(snapshot.resources)} objects")
        return 0

    reading, pen = asyncio.create_task(read()), await writer.claim(1)
    try:
        for generation in budget:
            lamps = [lamp(f"l{at}", watts=generation, cluster=CLUSTER) for at in range(1200)]
            pen = await writer.fill(await writer.claim(1, lost=pen.epoch), lamps)
            tally.trials += 1
        ended.set()
        tally.worst["snapshots"] = await reading
        tally.none_of("mixtures", seen)
        left = await server.command("KEYS", f"*{CLUSTER}*:resources:*")
        tally.none_of("generations left over", left[1:])
    finally:
        ended.set()
        await asyncio.gather(reading, return_exceptions=True)
        await server.close()
        await other.close()
    return tally
