"""One leader after another over one store: what each tells of the time in which nobody watched."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web
from structlog.testing import capture_logs

from graph.config import load
from graph.kinds import KINDS
from graph.kube.client import Kube
from graph.model import instant
from graph.model.resource import FreshnessState
from graph.store.codec import Codec
from graph.store.connection import Server
from graph.store.keys import Keys
from graph.store.protocols import Snapshot
from graph.store.reader import RedisReader
from graph.store.writer import Kept, RedisWriter
from graph.watch.lease import Elector
from graph.watch.operator import Operator
from tests.servers import RedisServer
from tests.watch.leases import LeaseServer
from tests.watch.server import PODS, page, pod, problem, serving

CLUSTER = "watched"
DEADLINE = 10.0
NODES = "/api/v1/nodes"


class World:
    """A cluster of ``pods`` and of nothing else, with a store and candidates for the lead."""

    def __init__(self, server: Server, tailing: Server) -> None:
        self.kube: Kube
        self.leases = LeaseServer()
        self.pods = [pod("a"), pod("b")]
        self.watched: set[str] = set()
        self.nodes = page(version=7)
        self.nodes_asked = asyncio.Event()
        self.may_answer_nodes = asyncio.Event()
        self.may_answer_nodes.set()
        self.ending = asyncio.Event()
        self.reader = RedisReader(server, tailing, Codec(KINDS))
        self.writer = RedisWriter(server, CLUSTER, Codec(KINDS), Kept(changes=100, transitions=100, log=10, actions=10))

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """The API server."""
        if "/leases" in request.path:
            return await self.leases.answer(request)
        if "watch" in request.query:
            self.watched.add(request.path)
            await self.ending.wait()
        if request.path == NODES:
            self.nodes_asked.set()
            await self.may_answer_nodes.wait()
            return web.Response(text=self.nodes.body, status=self.nodes.status)
        return web.Response(text=page(*(self.pods if request.path == PODS else ()), version=7).body)

    @asynccontextmanager
    async def leader(self) -> AsyncIterator[Operator]:
        """An operator that has told of everything."""
        operator = Operator(
            self.kube,
            self.writer,
            self.reader,
            Elector(self.kube, name="here", namespace="there", duration=2, clock=time.monotonic),
            kinds=KINDS,
            settings=load(cluster=CLUSTER),
            clock=time.time,
        )
        task = asyncio.create_task(operator.run())
        began = time.time()
        try:
            await self.until(lambda state, observed: state is FreshnessState.LIVE and observed > began)
            yield operator
        finally:
            task.cancel()
            await asyncio.wait({task})

    async def until(self, condition: Callable[[FreshnessState, float], bool]) -> None:
        """Waits for what the leader says of itself."""
        async with asyncio.timeout(DEADLINE):
            while True:
                pulse = await self.reader.pulse(CLUSTER)
                observed = instant.parse(pulse.observed_at) or 0.0
                if pulse.loaded and condition(pulse.state, observed):
                    return
                await asyncio.sleep(0.05)

    async def snapshot(self) -> Snapshot:
        """What is stored."""
        snapshot = await self.reader.snapshot(CLUSTER)
        assert snapshot is not None
        return snapshot

    async def told(self) -> list[str]:
        """Recorded transitions of pods: ``a PROGRESSING``, ``-`` where it left, ``?`` where that is inferred."""
        return [
            f"{one.key.name} {one.after.state if one.after else '-'}{'?' if one.inferred else ''}"
            for _, one in (await self.snapshot()).transitions
            if one.key.kind == "POD"
        ]


@pytest.fixture
async def world(redis_server: RedisServer, tmp_path: Path) -> AsyncIterator[World]:
    server, tailing = Server(redis_server.url), Server(redis_server.url)
    world = World(server, tailing)
    async with serving(world.answer, tmp_path) as world.kube:
        yield world
        world.ending.set()
    await server.close()
    await tailing.close()


async def test_the_first_leader_fills_an_empty_store_and_has_no_history_to_tell(world: World) -> None:
    async with world.leader() as operator:
        assert operator.unready() is None
        assert sorted(key.name for key in (await world.snapshot()).resources if key.kind == "POD") == ["a", "b"]
        assert await world.told() == []


async def test_the_next_leader_tells_what_it_missed_as_inferred_and_keeps_the_rest(world: World) -> None:
    async with world.leader():
        before = await world.snapshot()
    world.pods = [pod("b"), pod("c", 8)]
    async with world.leader():
        after = await world.snapshot()
        assert await world.told() == ["c UNKNOWN?", "a -?"]
    assert after.cursor.epoch == before.cursor.epoch
    (kept,) = (key for key in before.resources if (key.kind, key.name) == ("POD", "b"))
    assert after.resources[kept] == before.resources[kept]


async def test_a_deleted_lease_costs_a_new_leader_one_refusal(world: World) -> None:
    await world.writer.claim(7)
    with capture_logs() as logged:
        async with world.leader():
            pass
    terms = [entry["term"] for entry in logged if entry["event"] == "leading"]
    assert terms == [0, 8]
    assert sum(entry["event"] == "another leader writes, standing by" for entry in logged) == 1


async def test_a_leader_that_lost_its_lead_says_nothing_more_and_comes_back(world: World) -> None:
    async with world.leader():
        with capture_logs() as logged:
            world.leases.broken = 503
            async with asyncio.timeout(DEADLINE):
                while "released" not in str(logged):  # noqa: ASYNC110 # a log tells no one
                    await asyncio.sleep(0.05)
            last = await world.reader.pulse(CLUSTER)
            world.pods.append(pod("late"))
            assert await world.reader.pulse(CLUSTER) == last
            world.leases.broken = None
            now = time.time()
            await world.until(lambda state, observed: state is FreshnessState.LIVE and observed > now)
        assert await world.told() == ["late UNKNOWN?"]
        assert [entry["event"] for entry in logged if entry["log_level"] == "warning"] == [
            "the Lease cannot be held, trying again",
            "the lead is lost: the Lease could not be renewed in time",
        ]


async def test_what_redis_holds_and_nobody_can_read_is_written_anew_under_another_epoch(
    world: World, redis_server: RedisServer
) -> None:
    async with world.leader():
        before = await world.snapshot()
    server = Server(redis_server.url)
    await server.command("HSET", Keys(CLUSTER).resources(before.cursor.epoch), "POD/default/odd", b"\xc1")
    await server.close()
    async with world.leader():
        after = await world.snapshot()
    assert after.cursor.epoch != before.cursor.epoch
    assert after.resources.keys() == before.resources.keys()


async def test_a_refusal_of_nodes_that_comes_last_of_all_does_not_keep_it_from_its_first_load(world: World) -> None:
    world.may_answer_nodes.clear()
    world.nodes = problem(403, "nodes is forbidden")
    world.pods = [pod("a", spec={"nodeName": "n1"})]
    with capture_logs() as logged:
        refusing = asyncio.create_task(_refuse_last(world))
        async with world.leader() as operator:
            assert operator.unready() is None
            (status,) = (one.status for key, one in (await world.snapshot()).resources.items() if key.kind == "POD")
            assert status is not None
            assert status.reason != "NodeGone"
        await refusing
    assert sum(entry["event"] == "goes on without watching" for entry in logged) == 1


async def _refuse_last(world: World) -> None:
    """Once everything else was listed and its watch is open."""
    async with asyncio.timeout(DEADLINE):
        await world.nodes_asked.wait()
        while len(world.watched) < len({one for kind in KINDS for one in (kind.resource, kind.kept) if one}):  # noqa: ASYNC110 # a server tells no one
            await asyncio.sleep(0.01)
    world.may_answer_nodes.set()
