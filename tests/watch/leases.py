"""An API server that has Leases and nothing else, which can be told to fail, and candidates with clocks."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

from aiohttp import web

from graph.kube.client import Kube
from graph.watch.lease import Elector

DURATION = 10.0
DEADLINE = 5.0


class LeaseServer:
    """One Lease. ``broken``: it answers everything, or writes alone, with this status; ``page``: with this text."""

    def __init__(self) -> None:
        self.lease: dict[str, Any] | None = None
        self.broken: int | None = None
        self.readable = False
        self.page: str | None = None
        self._version = 0
        self._made = 0
        self.prefix = "lease"
        self._written = asyncio.Event()

    @property
    def spec(self) -> dict[str, Any]:
        """What the Lease says."""
        assert self.lease is not None
        spec: dict[str, Any] = self.lease["spec"]
        return spec

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """The handler."""
        if self.page is not None:
            return web.Response(text=self.page)
        if self.broken is not None and not (self.readable and request.method == "GET"):
            return self._status(self.broken)
        if request.method == "GET":
            return self._status(404) if self.lease is None else self._shown()
        body = await request.json()
        held = self.lease["metadata"]["resourceVersion"] if self.lease else None
        if request.method == "POST" and self.lease is not None:
            return self._status(409)
        if request.method == "PUT" and self.lease is None:
            return self._status(404)
        if request.method == "PUT" and body["metadata"]["resourceVersion"] != held:
            return self._status(409)
        self._version += 1
        self._written.set()
        if self.lease is None:
            self._made += 1
        known = {"resourceVersion": str(self._version), "uid": f"{self.prefix}-{self._made}"}
        self.lease = {**body, "metadata": {**body["metadata"], **known}}
        return self._shown()

    async def written(self) -> None:
        """Returns after the next write."""
        self._written.clear()
        await self._written.wait()

    def touch(self) -> None:
        """Somebody edits something of the Lease that does not matter."""
        assert self.lease is not None
        self._version += 1
        self.lease["metadata"]["resourceVersion"] = str(self._version)

    def _shown(self) -> web.Response:
        return web.Response(text=json.dumps(self.lease))

    @staticmethod
    def _status(code: int) -> web.Response:
        return web.Response(status=code, text=json.dumps({"code": code, "message": f"status {code}", "reason": "Odd"}))


class Watch:
    """A candidate's own clock: it moves by what the candidate sleeps. ``then`` is called after each sleep."""

    def __init__(self, then: Callable[[], Awaitable[None]] | None = None) -> None:
        self.now = 0.0
        self.frozen = False
        self._then = then

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        if self.frozen:
            await asyncio.Event().wait()
        self.now += seconds
        if self._then is not None:
            await self._then()
        await asyncio.sleep(0)


class Hall:
    """Where candidates meet."""

    def __init__(self, kube: Kube, server: LeaseServer) -> None:
        self.kube = kube
        self.server = server

    def candidate(self, watch: Watch) -> Elector:
        return Elector(self.kube, name="here", namespace="there", duration=DURATION, clock=watch, sleep=watch.sleep)


async def frozen_leader(hall: Hall) -> tuple[Elector, asyncio.Task[None]]:
    """One that leads and never renews; cancel its task to have it released."""
    watch, leads = Watch(), asyncio.Event()
    watch.frozen = True
    elector = hall.candidate(watch)

    async def lead() -> None:
        async with elector.leading():
            leads.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(lead())
    async with asyncio.timeout(DEADLINE):
        await leads.wait()
    return elector, task


async def end(task: asyncio.Task[None]) -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
