"""R2: ten minutes of faults, by the reflector's own clock, and how often the API server is asked in them."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path

from aiohttp import web

from graph.errors import ClusterError
from graph.judging.decode import variants
from graph.kinds import KINDS
from graph.watch import reflector as watching
from graph.watch.reflector import Found, Reflector, Timing
from tests.chaos.ledger import Budget, Tally
from tests.watch.server import page, serving

MINUTES = 10
MOST = 40
HELD = (0.0, 1.1, 5.0, 15.0)
"""Seconds after which a watch ends that says nothing: what comes between us and the API server may have such limits."""
Answer = Callable[[web.Request, Callable[[], Awaitable[None]]], Awaitable[web.StreamResponse]]


class Clock:
    """Time passes only where the reflector waits; ten minutes later it is over."""

    def __init__(self) -> None:
        self.now = 0.0
        self.over = asyncio.Event()

    async def sleep(self, seconds: float) -> None:
        """At once, until the end."""
        self.now += seconds
        if self.now > MINUTES * 60:
            self.over.set()
            await asyncio.Event().wait()


class Nobody:
    """Takes what is found; ``opened``: a list or a watch was answered."""

    def __init__(self) -> None:
        self.tally = watching.Tally()
        self.opened = asyncio.Event()

    def replace(self, found: list[Found]) -> None: ...

    def put(self, found: Found) -> None: ...

    def remove(self, found: Found) -> None: ...

    def works(self) -> None:
        self.opened.set()

    def rests(self) -> None: ...

    def fails(self, error: ClusterError) -> None: ...


async def no_storm(budget: Budget) -> Tally:
    """Lists that work and watches that end soon with nothing said; then nothing that works. A trial is all."""
    tally = Tally("R2", "no storm: requests a kind in ten minutes")
    with tempfile.TemporaryDirectory() as home:
        for _ in budget:
            for held in HELD:
                tally.figure(f"empty after {held:g} s", await _asked(_empty, Path(home), held), limit=MOST)
            tally.figure("outage", await _asked(_outage, Path(home)), limit=MOST)
            tally.trials += 1
    return tally


async def _empty(request: web.Request, held: Callable[[], Awaitable[None]]) -> web.StreamResponse:
    if "watch" not in request.query:
        return web.Response(text=page(version=7).body)
    response = web.StreamResponse()
    await response.prepare(request)
    await held()
    return response


async def _outage(_: web.Request, __: Callable[[], Awaitable[None]]) -> web.StreamResponse:
    """With an answer, so that all that is asked is counted."""
    return web.Response(status=503, text="no API server is there")


async def _asked(answer: Answer, home: Path, seconds: float = 0) -> int:
    """``seconds``: for how long a watch that is answered holds."""
    asked, nobody = 0, Nobody()

    async def held() -> None:
        await nobody.opened.wait()
        clock.now += seconds

    async def handler(request: web.Request) -> web.StreamResponse:
        nonlocal asked
        asked += 1
        nobody.opened.clear()
        return await answer(request, held)

    clock, pods = Clock(), next(one for one in variants(KINDS).values() if one.watched.plural == "pods")
    async with serving(handler, home) as kube:
        reflector = Reflector(
            kube,
            pods,
            nobody,
            nobody,
            timing=Timing(timeout=300, silence=70),
            clock=lambda: clock.now,
            sleep=clock.sleep,
        )
        running = asyncio.create_task(reflector.run())
        await clock.over.wait()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    return asked
