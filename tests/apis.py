"""The api's processes over a real Redis that a test writes itself: no cluster, no operator."""

from __future__ import annotations

import asyncio
import itertools
import os
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Self

from graph.kinds import KINDS
from graph.kinds.service import ServiceFields, ServiceSource
from graph.kinds.service.lights import ServiceParts
from graph.model import instant
from graph.model.ref import Key
from graph.model.resource import Change, ChangeType, FreshnessState, Resource, ResourceChange, Transition
from graph.model.status import State, Status
from graph.store.codec import Codec
from graph.store.connection import Server
from graph.store.protocols import Pen
from graph.store.writer import Kept, RedisWriter
from tests.e2e.system import Process
from tests.servers import RedisServer, free_port

CLUSTER = "one"
KEPT = Kept(changes=200_000, transitions=200_000, log=100, actions=100)
BEAT = 0.25
FIELDS = ServiceFields(ServiceSource.IMAGE, ServiceParts(None, None, None, None, None))


def service(number: int, reason: str = "Available", message: str = "It is as it is.") -> Resource:
    """One of the services; all that changes of it is its status."""
    name = f"shop-{number}"
    key = Key(CLUSTER, "SERVICE", "shop", name)
    now = instant.show(time.time())
    status = Status(State.HEALTHY, reason, message, None, now)
    return Resource(key, None, "Service", None, {}, now, None, status, None, None, FIELDS)


class Written:
    """What is in Redis. Transitions are numbered: the n-th of a service is told by the reason ``N<n>``."""

    def __init__(self, redis: RedisServer, services: int) -> None:
        self._server = Server(redis.url)
        self._writer = RedisWriter(self._server, CLUSTER, Codec(KINDS), KEPT)
        self._services = {number: service(number) for number in range(services)}
        self._turns = itertools.cycle(range(services))
        self._numbers = dict.fromkeys(range(services), 0)
        self._pen: Pen | None = None
        self._one = asyncio.Lock()
        self._beating: asyncio.Task[None] | None = None
        self.count = 0
        """Of all transitions that were written."""

    async def __aenter__(self) -> Self:
        await self._server.command("FLUSHALL")
        self._pen = await self._writer.fill(await self._writer.claim(1), list(self._services.values()))
        self._beating = asyncio.create_task(self._beat())
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._beating is not None
        self._beating.cancel()
        await asyncio.gather(self._beating, return_exceptions=True)
        await self._server.close()

    async def transitions(self, count: int, message: str = "It is as it is.") -> None:
        """One batch, of the services in turn."""
        changes = [self._next(number, message) for number in itertools.islice(self._turns, count)]
        await self.write(changes)
        self.count += count

    async def write(self, changes: Iterable[Change]) -> None:
        """One batch."""
        async with self._one:
            assert self._pen is not None
            self._pen = await self._writer.write(self._pen, list(changes))

    def _next(self, number: int, message: str) -> ResourceChange:
        before, self._numbers[number] = self._services[number], self._numbers[number] + 1
        after = self._services[number] = service(number, f"N{self._numbers[number]}", message)
        assert before.status is not None
        assert after.status is not None
        at = after.status.since
        told = Transition(after.ref, after.key, after.key, before.status, after.status, at, at, at, False)
        return ResourceChange(ChangeType.MODIFIED, after.key, after, told)

    async def _beat(self) -> None:
        while True:
            async with self._one:
                assert self._pen is not None
                await self._writer.beat(self._pen, FreshnessState.LIVE, instant.show(time.time()))
            await asyncio.sleep(BEAT)


class Apis:
    """``async with Apis(...)``: Redis with some services, and so many api processes, all ready."""

    def __init__(self, program: str, *, count: int = 1, services: int = 20, **settings: str) -> None:
        self._home = tempfile.TemporaryDirectory(prefix="statusgraph-apis-")
        self._redis = RedisServer(program)
        self._settings = settings
        self.written = Written(self._redis, services)
        self.processes = [self._process() for _ in range(count)]

    @property
    def ports(self) -> list[int]:
        """Where they listen."""
        return [process.port for process in self.processes]

    async def __aenter__(self) -> Self:
        await asyncio.to_thread(self._redis.start)
        await self.written.__aenter__()
        await asyncio.gather(*(process.start() for process in self.processes))
        return self

    async def __aexit__(self, *_: object) -> None:
        await asyncio.gather(*(process.kill() for process in self.processes))
        await self.written.__aexit__()
        self._redis.close()
        self._home.cleanup()

    def _process(self) -> Process:
        port = free_port()
        clean = {name: value for name, value in os.environ.items() if not name.startswith("STATUSGRAPH_")}
        given = {f"STATUSGRAPH_{name.upper()}": value for name, value in self._settings.items()}
        environment = {
            **clean,
            "REDIS_URL": self._redis.url,
            "PYTHONUNBUFFERED": "1",
            "STATUSGRAPH_ACTIONS": "on",
            "STATUSGRAPH_API_LISTEN": f"127.0.0.1:{port}",
            **given,
        }
        return Process("api", port, environment, Path(self._home.name))
