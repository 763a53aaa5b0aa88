"""A small cluster, a store, and operators that are candidates for its lead."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from email.utils import formatdate
from pathlib import Path

import pytest
from aiohttp import web
from prometheus_client import REGISTRY

from graph.config import load
from graph.kinds import KINDS
from graph.kube.client import Kube
from graph.model import instant
from graph.model.resource import FreshnessState
from graph.store.codec import Codec
from graph.store.connection import Server
from graph.store.protocols import Snapshot
from graph.store.reader import RedisReader
from graph.store.writer import Kept, RedisWriter
from graph.watch.clock import ClusterClock
from graph.watch.lease import Elector
from graph.watch.operator import Operator
from tests.servers import RedisServer
from tests.watch.leases import LeaseServer
from tests.watch.server import PODS, page, pod, serving

CLUSTER = "watched"
DEADLINE = 10.0
NODES = "/api/v1/nodes"
SYSTEM = "/api/v1/namespaces/kube-system"


class World:
    """A cluster of ``pods`` and of nothing else, with a store and candidates for the lead."""

    def __init__(self, server: Server, tailing: Server) -> None:
        self.kube: Kube
        self.leases = LeaseServer()
        self.uid = "here"
        self.forbidden: set[str] = set()
        self.ahead = 0.0
        """Seconds by which the cluster's clock is ahead of this machine's."""
        self.pods = [pod("a"), pod("b")]
        self.watched: set[str] = set()
        self.nodes = page(version=7)
        self.nodes_asked = asyncio.Event()
        self.may_answer_nodes = asyncio.Event()
        self.may_answer_nodes.set()
        self.ending = asyncio.Event()
        self.server = server
        self.reader = RedisReader(server, tailing, Codec(KINDS))
        self.writer = RedisWriter(server, CLUSTER, Codec(KINDS), Kept(changes=100, transitions=100, log=10, actions=10))

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """The API server."""
        response = await self._answer(request)
        response.headers["Date"] = formatdate(time.time() + self.ahead, usegmt=True)
        return response

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        if request.path in self.forbidden:
            return web.Response(status=403, text="{}")
        if request.path == SYSTEM:
            return web.json_response({"metadata": {"name": "kube-system", "uid": self.uid}})
        if "/leases" in request.path:
            return await self.leases.answer(request)
        if "watch" in request.query:
            self.watched.add(request.path)
            await self.ending.wait()
        if request.path == NODES:
            self.nodes_asked.set()
            await self.may_answer_nodes.wait()
            return web.Response(body=self.nodes.body, status=self.nodes.status)
        return web.Response(body=page(*(self.pods if request.path == PODS else ()), version=7).body)

    @asynccontextmanager
    async def candidate(self) -> AsyncIterator[Operator]:
        """An operator that runs."""
        clock = ClusterClock(time.time, time.monotonic)
        self.kube.on_date = clock.hear
        operator = Operator(
            self.kube,
            self.writer,
            self.reader,
            Elector(self.kube, name="here", namespace="there", duration=2, clock=time.monotonic),
            kinds=KINDS,
            settings=load(cluster=CLUSTER),
            clock=clock,
        )
        task = asyncio.create_task(operator.run())
        try:
            yield operator
        finally:
            task.cancel()
            await asyncio.wait({task})

    @asynccontextmanager
    async def leader(self) -> AsyncIterator[Operator]:
        """An operator that has told of everything."""
        began = time.time() + (self.ahead - 1 if self.ahead else 0)  # by Date, which has whole seconds
        async with self.candidate() as operator:
            await self.until(lambda state, observed: state is FreshnessState.LIVE and observed > began)
            yield operator

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


@asynccontextmanager
async def a_world(redis_server: RedisServer, home: Path) -> AsyncIterator[World]:
    server, tailing = Server(redis_server.url), Server(redis_server.url)
    world = World(server, tailing)
    async with serving(world.answer, home) as world.kube:
        yield world
        world.ending.set()
    await server.close()
    await tailing.close()


async def reaches(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(DEADLINE):
        while not condition():  # noqa: ASYNC110 # what an operator says of itself tells no one
            await asyncio.sleep(0.02)


def sample(name: str) -> float | None:
    return REGISTRY.get_sample_value(f"statusgraph_operator_{name}", {"cluster": CLUSTER})


@pytest.fixture
async def world(redis_server: RedisServer, tmp_path: Path) -> AsyncIterator[World]:
    async with a_world(redis_server, tmp_path) as world:
        yield world


@pytest.fixture
async def other(redis_server: RedisServer, tmp_path: Path) -> AsyncIterator[World]:
    """Another cluster that was given the same name."""
    (home := tmp_path / "other").mkdir()
    async with a_world(redis_server, home) as other:
        other.uid = "elsewhere"
        other.leases.prefix = "elsewhere"
        yield other
