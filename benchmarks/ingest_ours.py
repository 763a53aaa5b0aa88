"""Pods ingested by the program's reflector: see ``meter``. On uvloop, as the program runs."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

import uvloop

from benchmarks.ingest_pods import REPEATED, line, pods
from benchmarks.meter import NAMESPACE, PAGE, Figures, Meter, command
from graph.errors import ClusterError
from graph.judging.decode import variants
from graph.kinds import KINDS
from graph.kube.client import Kube
from graph.kube.library import ApiClient, Configuration
from graph.watch import reflector
from graph.watch.reflector import Found, Reflector, Tally, Timing

assert reflector.PAGE == PAGE, "both list in the same pages"

WATCH = {"watch": "true"}


class Sink:
    """Of our reflector; and its report: holds the list, counts the rest."""

    def __init__(self, count: int, listed: Callable[[], None]) -> None:
        self.kept: list[Found] = []
        self.full = asyncio.Event()
        self.tally = Tally()
        self._left = count
        self._listed = listed

    def replace(self, found: list[Found]) -> None:
        """The list."""
        self.kept = found
        self._listed()

    def put(self, found: Found) -> None:
        """A line of the watch."""
        self._left -= 1
        if not self._left:
            self.full.set()

    def remove(self, found: Found) -> None:
        """Never told."""

    def works(self) -> None:
        """As it should."""

    def rests(self) -> None:
        """Between two tries."""

    def fails(self, error: ClusterError) -> None:
        """Nothing here does."""
        raise error


async def watch_ours(url: str, count: int, meter: Meter) -> Figures:
    """The reflector, from the socket to the views."""
    sink = Sink(count, meter.begin)
    async with _reflecting(url, sink, namespace=NAMESPACE):
        await sink.full.wait()
        return meter.end()


async def watch_floor(url: str, count: int, meter: Meter) -> Figures:
    """The same lines, over the same connection, not decoded."""
    left = REPEATED * sum(len(line(pod)) for pod in pods(count // REPEATED))
    async with _connected(url) as kube, kube.watch(f"/api/v1/namespaces/{NAMESPACE}/pods", WATCH, silence=70) as lines:
        meter.begin()
        async for some in lines:
            left -= len(some)
            if not left:
                return meter.end()
    raise AssertionError("the watch ended early")


async def list_ours(url: str, count: int, meter: Meter) -> Figures:
    """The reflector's list, in pages."""
    listed = asyncio.Event()
    sink = Sink(count, listed.set)
    meter.begin()
    async with _reflecting(url, sink):
        await listed.wait()
        assert len(sink.kept) == count, "it was listed whole"
        return meter.end()


@asynccontextmanager
async def _reflecting(url: str, sink: Sink, *, namespace: str = "") -> AsyncIterator[None]:
    what, timing = variants(KINDS)["pods"], Timing(timeout=300, silence=70)
    async with _connected(url) as kube:
        reflector = Reflector(kube, what, sink, sink, namespace=namespace, timing=timing, clock=time.monotonic)
        task = asyncio.create_task(reflector.run())
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


@asynccontextmanager
async def _connected(url: str) -> AsyncIterator[Kube]:
    kube = Kube(ApiClient(Configuration(host=url)), "default")
    try:
        yield kube
    finally:
        await kube.close()


if __name__ == "__main__":
    command(uvloop.run, watch_ours, watch_floor, list_ours)
