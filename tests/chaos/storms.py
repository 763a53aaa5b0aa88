"""R2: ten minutes of faults, by the reflector's own clock, and how often the API server is asked in them."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Callable
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
    """Takes what is found, and how the watch is; neither matters here."""

    def __init__(self) -> None:
        self.tally = watching.Tally()

    def replace(self, found: list[Found]) -> None: ...

    def put(self, found: Found) -> None: ...

    def remove(self, found: Found) -> None: ...

    def works(self) -> None: ...

    def rests(self) -> None: ...

    def fails(self, error: ClusterError) -> None: ...


async def no_storm(budget: Budget) -> Tally:
    """Lists that work and watches that end at once with nothing said; then nothing that works. A trial is both."""
    tally = Tally("R2", "no storm: requests a kind in ten minutes")
    with tempfile.TemporaryDirectory() as home:
        for _ in budget:
            tally.figure("empty 200", await _asked(_empty, Path(home)), limit=MOST)
            tally.figure("outage", await _asked(_outage, Path(home)), limit=MOST)
            tally.trials += 1
    return tally


def _empty(request: web.Request) -> web.Response:
    return web.Response(text="" if "watch" in request.query else page(version=7).body)


def _outage(_: web.Request) -> web.Response:
    """With an answer, so that all that is asked is counted."""
    return web.Response(status=503, text="no API server is there")


async def _asked(answer: Callable[[web.Request], web.Response], home: Path) -> int:
    asked = 0

    async def handler(request: web.Request) -> web.Response:
        nonlocal asked
        asked += 1
        return answer(request)

    clock, pods = Clock(), next(one for one in variants(KINDS).values() if one.watched.plural == "pods")
    async with serving(handler, home) as kube:
        nobody = Nobody()
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
