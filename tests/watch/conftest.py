"""A reflector over a scripted API server, with recorders for what it tells."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from pathlib import Path

import pytest

from graph.errors import ClusterError
from graph.judging.decode import Variants, variants
from graph.kinds import KINDS
from graph.kube.client import Kube
from graph.watch.reflector import Found, Reflector, Report, Sink, Tally, Timing
from tests.watch.leases import Hall, LeaseServer
from tests.watch.server import ScriptedServer, serving
from tests.watch.world import other, world  # noqa: F401 # pytest finds them here

DEADLINE = 15.0


def pods() -> Variants:
    """How pods are read."""
    return variants(KINDS)["pods"]


class Recorder:
    """A sink and a report; ``told`` in words."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.found: list[Found] = []
        self.problems: list[ClusterError] = []
        self.works_told = 0
        self.rested = 0
        self.tally = Tally()

    def replace(self, found: list[Found]) -> None:
        self.found += found
        self.told.append("= " + " ".join(map(_words, found)))

    def put(self, found: Found) -> None:
        self.found.append(found)
        self.told.append(f"+ {_words(found)}")

    def remove(self, found: Found) -> None:
        self.told.append(f"- {_words(found)}")

    def works(self) -> None:
        self.works_told += 1

    def fails(self, error: ClusterError) -> None:
        self.problems.append(error)

    def rests(self) -> None:
        self.rested += 1


class Told(Recorder):
    """A recorder that can be waited for."""

    def __init__(self) -> None:
        super().__init__()
        self.news = asyncio.Event()

    async def until(self, holds: Callable[[list[str]], object]) -> list[str]:
        """What was told when it first held."""
        async with asyncio.timeout(DEADLINE):
            while not holds(self.told):
                self.news.clear()
                await self.news.wait()
        return self.told

    def works(self) -> None:
        super().works()
        self.news.set()

    def fails(self, error: ClusterError) -> None:
        super().fails(error)
        self.news.set()


def _words(found: Found) -> str:
    meta = found.view.metadata
    return f"{meta.name}@{meta.resource_version}{'!' if found.problem else ''}"


class Play:
    """One reflector and its script. ``waits``: how long it wanted to wait each time; only its clock did, which
    stands at ``now``; each time that it is read, ``passing`` seconds pass, too.
    """

    def __init__(self, kube: Kube, server: ScriptedServer) -> None:
        self.server = server
        self.recorder = Recorder()
        self.waits: list[float] = []
        self.now = self.passing = 0.0
        self._kube = kube

    async def run(
        self,
        *,
        silence: float = 30.0,
        what: Variants | None = None,
        sink: Sink | None = None,
        report: Report | None = None,
    ) -> list[str]:
        """Plays the script to its end; what the sink was told."""
        reflector = Reflector(
            self._kube,
            what or pods(),
            sink or self.recorder,
            report or self.recorder,
            timing=Timing(timeout=300, silence=silence),
            clock=self._clock,
            sleep=self._sleep,
        )
        task = asyncio.create_task(reflector.run())
        over = asyncio.create_task(self.server.held.wait())
        try:
            async with asyncio.timeout(DEADLINE):
                await asyncio.wait({task, over}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for one in (task, over):
                one.cancel()
                with suppress(asyncio.CancelledError):
                    await one
        return self.recorder.told

    def _clock(self) -> float:
        self.now += self.passing
        return self.now

    async def _sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.now += seconds
        await asyncio.sleep(0)


@pytest.fixture
async def play(tmp_path: Path) -> AsyncIterator[Play]:
    """A reflector of pods whose script is empty."""
    server = ScriptedServer()
    async with serving(server.answer, tmp_path) as kube:
        yield Play(kube, server)
        server.end()


@pytest.fixture
async def hall(tmp_path: Path) -> AsyncIterator[Hall]:
    server = LeaseServer()
    async with serving(server.answer, tmp_path) as kube:
        yield Hall(kube, server)
