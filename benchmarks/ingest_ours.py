"""Pods ingested by the program's reflector: see ``meter``. On uvloop, as the program runs."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

import uvloop

from benchmarks.meter import NAMESPACE, PAGE, Figures, Meter, command
from graph.errors import ClusterError
from graph.judging.decode import variants
from graph.kinds import KINDS
from graph.kube.client import Kube
from graph.kube.library import ApiClient, Configuration
from graph.watch import reflector
from graph.watch.reflector import Found, Reflector, Timing

assert reflector.PAGE == PAGE, "both list in the same pages"


class Sink:
    """Of our reflector; and its report: holds the list, counts the rest."""

    def __init__(self, count: int, listed: Callable[[], None]) -> None:
        self.kept: list[Found] = []
        self.full = asyncio.Event()
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

    def fails(self, error: ClusterError) -> None:
        """Nothing here does."""
        raise error


async def watch_ours(url: str, count: int, meter: Meter) -> Figures:
    """The reflector, from the socket to the views."""
    sink = Sink(count, meter.begin)
    async with _reflecting(url, sink, namespace=NAMESPACE):
        await sink.full.wait()
        return meter.end()


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
    configuration = Configuration(host=url)
    kube = Kube(ApiClient(configuration), "default")
    timing = Timing(timeout=300, silence=70)
    reflector = Reflector(
        kube, variants(KINDS)["pods"], sink, sink, namespace=namespace, timing=timing, clock=time.monotonic
    )
    task = asyncio.create_task(reflector.run())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        await kube.close()


if __name__ == "__main__":
    command(uvloop.run, watch_ours, list_ours)
