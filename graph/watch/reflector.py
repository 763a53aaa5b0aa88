"""Keeps one resource of one cluster (of one namespace, or of all) in step: list, watch, and list again when that
breaks.

Contract to the sink: after ``replace`` it holds exactly what the API server held, afterwards ``put`` and ``remove``
follow in the server's order. A relist is told as a whole, never page by page, so that a reader never sees less than
before. Whatever the server sends, the reflector goes on: a bad line ends that stream only, a malformed object is
told and passed over.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import Protocol

import msgspec
import structlog
from msgspec import Struct

from graph.errors import (
    ClusterError,
    ClusterUnreachable,
    Expired,
    MalformedObject,
    NotFound,
    Oversized,
    Unreadable,
)
from graph.judging.decode import Variants
from graph.kube.client import Kube
from graph.kube.paths import path_of
from graph.model.kind import Kind, Object
from graph.watch.backoff import Backoff
from graph.watch.wire import CHANGES, a_bookmark, a_line, a_list, an_error, decode

log = structlog.get_logger(__name__)

PAGE = 500
EMPTY = 1.0
"""A watch that ends within so many seconds with nothing told is no watch; two in a row: list again. Where that was no
help it takes twice as many, and so on."""
STEADY = 20.0
"""A watch that held for so many seconds works, even if nothing was told; one that ends sooner is not opened at once."""


class Found(Struct, frozen=True, gc=False):
    """One object of the cluster. ``problem``: it cannot be read, then ``view`` holds its metadata alone."""

    kind: Kind
    view: Object
    problem: str | None = None


class Sink(Protocol):
    """Takes what a reflector finds; synchronous, it must not block."""

    def replace(self, found: list[Found]) -> None:
        """All that there is now."""

    def put(self, found: Found) -> None:
        """Added or modified."""

    def remove(self, found: Found) -> None:
        """Deleted."""


class Tally(Struct):
    """What a reflector met so far."""

    lists: int = 0
    """Complete ones."""
    changes: int = 0
    """Lines of a watch that told of an object."""
    failures: int = 0
    """Requests and streams that did not do what they should; an expired version is none."""
    nameless: int = 0
    """Objects of which not even the name could be read; they are passed over."""
    created: str | None = None
    """When the object came to be that a watch told of last as added."""
    created_told: float = 0.0
    """When it was told, by our clock: a moment later, as precise as the object's time (a second) and both clocks."""


class Report(Protocol):
    """Told how the watch is."""

    @property
    def tally(self) -> Tally:
        """Kept up to date by the reflector."""

    def works(self) -> None:
        """The list or the watch was answered: what is held is up to date as of now."""

    def fails(self, error: ClusterError) -> None:
        """It was not; it will be tried again."""

    def rests(self) -> None:
        """Nothing is watched until the next try, whatever was the reason."""


class Timing(Struct, frozen=True):
    """Seconds:

    the server ends a watch after ``timeout`` to twice that; ``silence`` without a line is a dead connection.
    """

    timeout: float
    silence: float
    scale: float = 1.0
    """Of the backoff."""


class Reflector:
    """See the module. Run ``run()`` as a task; it ends only by cancellation."""

    def __init__(
        self,
        kube: Kube,
        variants: Variants,
        sink: Sink,
        report: Report,
        *,
        namespace: str = "",
        timing: Timing,
        clock: Callable[[], float],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._kube = kube
        self._variants = variants
        self._sink = sink
        self._report = report
        self._tally = report.tally
        self._path = path_of(variants.watched, namespace)
        self._timing = timing
        self._clock = clock
        self._sleep = sleep
        self._backoff = Backoff(scale=timing.scale)
        self._version: str | None = None
        self._empty = 0
        self._patience = 2
        self._limit = PAGE
        self._listed_at = 0.0
        self._holds = False

    async def run(self) -> None:
        """Lists and watches until cancelled."""
        while True:
            watching = False
            try:
                if self._version is None:
                    await self._relist()
                watching = True
                if await self._watch():
                    continue
            except ClusterError as error:
                self._fail(error, watching=watching)
            self._report.rests()
            await self._sleep(self._backoff.next())

    def _fail(self, error: ClusterError, *, watching: bool) -> None:
        if isinstance(error, Expired) and watching:
            self._version = None  # of a watch this is the usual way to say: list again
            if self._clock() - self._listed_at >= EMPTY:
                self._backoff.reset()  # it was good once; one that is too old as soon as it was listed is not
            return
        if isinstance(error, NotFound):
            self._miss(watching=watching)
        if isinstance(error, Oversized) and not watching:
            self._limit = max(1, self._limit // 4)
        self._tally.failures += 1
        self._report.fails(error)

    def _miss(self, *, watching: bool) -> None:
        """The cluster has no such resource (any more). A watch that says so is asked to list first: what one 404 of
        some proxy says is not believed."""
        if not watching and self._holds and self._variants.watched.optional:
            self._holds = False
            self._sink.replace([])
        self._version = None

    async def _relist(self) -> None:
        found: list[Found] = []
        more: str | None = ""
        while more is not None:
            more, version = await self._page(more, found)
        self._version = version
        self._listed_at = self._clock()
        self._holds = True
        self._tally.lists += 1
        self._sink.replace(found)
        self._report.works()

    async def _page(self, more: str, found: list[Found]) -> tuple[str | None, str]:
        """Adds a page's objects; its bytes are let go of before the next one comes. What continues it, its version."""
        query = {"limit": self._limit, **self._selector(), **({"continue": more} if more else {})}
        page = decode(a_list, await self._kube.page(self._path, query))
        found += [one for raw in page.items or () if (one := self._read(raw)) is not None]
        return page.metadata.continue_ or None, page.metadata.resource_version

    async def _watch(self) -> bool:
        """One stream, to its end. Whether it is to be opened again at once."""
        async with self._kube.watch(self._path, self._asked(), silence=self._timing.silence) as lines:
            self._report.works()
            opened, told, ended = self._clock(), False, False
            try:
                async for some in lines:
                    self._take(some)
                    told = True
                    self._backoff.reset()
                    self._report.works()
                ended = True
            finally:
                lasted = self._clock() - opened
                if steady := lasted >= min(STEADY, self._timing.timeout / 2, self._timing.silence):
                    self._backoff.reset()
                self._close(told=told, held=lasted >= EMPTY, ended=ended)
        return steady or (told and lasted >= EMPTY)

    def _asked(self) -> dict[str, str | int]:
        timeout = self._timing.timeout * (1 + random.random())
        return {
            "watch": "true",
            "allowWatchBookmarks": "true",
            "resourceVersion": self._version or "",
            "timeoutSeconds": max(1, int(timeout)),
            **self._selector(),
        }

    def _close(self, *, told: bool, held: bool, ended: bool) -> None:
        """After a stream. One that was silent until it broke is as empty as one that ended at once: the version that
        it was asked for may be none that the server will ever reach."""
        if told or (held and ended):
            self._empty, self._patience = 0, 2
            return
        self._empty += 1
        if self._empty >= self._patience:
            self._version, self._empty, self._patience = None, 0, self._patience * 2

    def _take(self, some: bytes) -> None:
        kind, taken = self._variants.kinds[0], 0
        for line in self._variants.lines(some) or ():
            if line.type not in CHANGES:
                break
            self._tell(line.type, Found(kind, line.object))
            taken += 1
        else:
            if taken:
                return
        for one in [one for one in some.split(b"\n") if one.strip()][taken:]:
            self._take_apart(one)

    def _take_apart(self, line: bytes) -> None:
        """What is no change of a well-formed object."""
        told = decode(a_line, line)
        if told.type == "BOOKMARK":
            self._version = decode(a_bookmark, told.object).metadata.resource_version
            return
        if told.type == "ERROR":
            failure = self._failure(told.object)
            if not isinstance(failure, Expired):
                self._version = None
            raise failure
        if told.type not in CHANGES:
            raise Unreadable(f"the watch of {self._path} told what is no change: {told.type[:50]!r}")
        found = self._read(told.object)
        if found is not None:
            self._tell(told.type, found)

    def _tell(self, change: str, found: Found) -> None:
        self._tally.changes += 1
        if change == "ADDED":
            self._tally.created, self._tally.created_told = found.view.metadata.creation_timestamp, self._clock()
        if change == "DELETED":
            self._sink.remove(found)
        else:
            self._sink.put(found)
        self._version = found.view.metadata.resource_version or self._version

    def _read(self, raw: msgspec.Raw) -> Found | None:
        try:
            kind, view = self._variants.decode(raw)
        except MalformedObject as error:
            return self._unreadable(raw, str(error))
        return Found(kind, view)

    def _unreadable(self, raw: msgspec.Raw, problem: str) -> Found | None:
        remnant = self._variants.remnant(raw)
        if remnant is None:
            self._tally.nameless += 1
            if self._tally.nameless == 1:
                log.warning("passing over what has no name that can be read", path=self._path, problem=problem)
            return None
        return Found(*remnant, problem)

    def _failure(self, raw: msgspec.Raw) -> ClusterError:
        error = decode(an_error, raw)
        if error.code == 410:
            return Expired(error.message, status=410, reason=error.reason)
        return ClusterUnreachable(f"the watch of {self._path} ended: {error.code} {error.message}")

    def _selector(self) -> dict[str, str | int]:
        selector = self._variants.watched.selector
        return {"labelSelector": selector} if selector else {}
