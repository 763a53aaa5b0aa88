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
from typing import Annotated, Protocol, TypeVar

import msgspec
from msgspec import Struct

from graph.errors import ClusterError, ClusterUnreachable, Expired, MalformedObject
from graph.judging.decode import Variants
from graph.kube.client import Kube
from graph.kube.paths import path_of
from graph.model.kind import Kind, Object
from graph.watch.backoff import Backoff

T = TypeVar("T")

PAGE = 500
CHANGES = frozenset(("ADDED", "MODIFIED", "DELETED"))
EMPTY = 1.0
"""A watch that ends within so many seconds with nothing told is no watch; two in a row: list again. Where that was no
help it takes twice as many, and so on."""


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


class Report(Protocol):
    """Told how the watch is."""

    def works(self) -> None:
        """The list or the watch was answered: what is held is up to date as of now."""

    def fails(self, error: ClusterError) -> None:
        """It was not; it will be tried again."""


class Timing(Struct, frozen=True):
    """Seconds:

    the server ends a watch after ``timeout`` to twice that; ``silence`` without a line is a dead connection.
    """

    timeout: float
    silence: float
    scale: float = 1.0
    """Of the backoff."""


class _Meta(Struct, frozen=True, rename="camel"):
    resource_version: Annotated[str, msgspec.Meta(min_length=1)]  # without one it is some proxy's page, and no list
    continue_: str = msgspec.field(default="", name="continue")


class _List(Struct, frozen=True):
    metadata: _Meta
    items: tuple[msgspec.Raw, ...] | None = ()


class _Line(Struct, frozen=True):
    type: str
    object: msgspec.Raw


class _Error(Struct, frozen=True):
    code: int = 0
    message: str = ""
    reason: str = ""


class _Bookmark(Struct, frozen=True):
    metadata: _Meta


_list = msgspec.json.Decoder(_List)
_line = msgspec.json.Decoder(_Line)
_error = msgspec.json.Decoder(_Error)
_bookmark = msgspec.json.Decoder(_Bookmark)


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
        self._path = path_of(variants.watched, namespace)
        self._timing = timing
        self._clock = clock
        self._sleep = sleep
        self._backoff = Backoff(scale=timing.scale)
        self._version: str | None = None
        self._empty = 0
        self._patience = 2

    async def run(self) -> None:
        """Lists and watches until cancelled."""
        while True:
            try:
                if self._version is None:
                    await self._relist()
                if await self._watch():
                    self._backoff.reset()
                    continue
            except ClusterError as error:
                if isinstance(error, Expired) and self._version is not None:
                    self._version = None  # of a watch this is the usual way to say: list again
                else:
                    self._report.fails(error)
            await self._sleep(self._backoff.next())

    async def _relist(self) -> None:
        found: list[Found] = []
        query: dict[str, str | int] = {"limit": PAGE, **self._selector()}
        while True:
            page = _decode(_list, await self._kube.request("GET", self._path, query=query))
            found += [one for raw in page.items or () if (one := self._read(raw)) is not None]
            if not page.metadata.continue_:
                break
            query["continue"] = page.metadata.continue_
        self._version = page.metadata.resource_version
        self._sink.replace(found)
        self._report.works()

    async def _watch(self) -> bool:
        """One stream, to its end. Whether it held for a while; one that did not is not opened again at once."""
        opened, told = self._clock(), False
        timeout = self._timing.timeout * (1 + random.random())
        query: dict[str, str | int] = {
            "watch": "true",
            "allowWatchBookmarks": "true",
            "resourceVersion": self._version or "",
            "timeoutSeconds": max(1, int(timeout)),
            **self._selector(),
        }
        async with self._kube.watch(self._path, query, silence=self._timing.silence) as lines:
            self._report.works()
            async for some in lines:
                for line in some:
                    self._take(line)
                told = True
                self._backoff.reset()
                self._report.works()
        held = self._clock() - opened >= EMPTY
        if told or held:
            self._empty, self._patience = 0, 2
            return held
        self._empty += 1
        if self._empty >= self._patience:
            self._version, self._empty, self._patience = None, 0, self._patience * 2
        return False

    def _take(self, line: bytes) -> None:
        if not line.strip():
            return
        whole = self._variants.line(line)
        if whole is not None and whole[0] in CHANGES:
            self._tell(whole[0], Found(*whole[1:]))
        else:
            self._take_apart(line)

    def _take_apart(self, line: bytes) -> None:
        """What is no change of a well-formed object."""
        told = _decode(_line, line)
        if told.type == "BOOKMARK":
            self._version = _decode(_bookmark, told.object).metadata.resource_version
            return
        if told.type == "ERROR":
            failure = self._failure(told.object)
            if not isinstance(failure, Expired):
                self._version = None
            raise failure
        found = self._read(told.object)
        if found is not None:
            self._tell(told.type, found)

    def _tell(self, change: str, found: Found) -> None:
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
        return Found(*remnant, problem) if remnant else None

    def _failure(self, raw: msgspec.Raw) -> ClusterError:
        error = _decode(_error, raw)
        if error.code == 410:
            return Expired(error.message, status=410, reason=error.reason)
        return ClusterUnreachable(f"the watch of {self._path} ended: {error.code} {error.message}")

    def _selector(self) -> dict[str, str | int]:
        selector = self._variants.watched.selector
        return {"labelSelector": selector} if selector else {}


def _decode(decoder: msgspec.json.Decoder[T], raw: bytes | msgspec.Raw) -> T:
    try:
        return decoder.decode(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise ClusterUnreachable(f"the API server sent what is no Kubernetes answer: {error}") from error
