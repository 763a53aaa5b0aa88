"""Watches: what is there, when asked for, then every change, until the client goes, its time is over or the API closes.

A change is encoded once for all watches that send it as it is. A watch with nothing to send sleeps; how far it has
come is a number, so a slow client holds up nobody and takes no memory: it falls out of the history, and is told so.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from graph.demo.api.answers import encode
from graph.demo.api.listing import chosen, number, require_version
from graph.demo.api.paths import Target
from graph.demo.api.streams import Pieces, Stream
from graph.demo.history import Change
from graph.demo.objects import Object, with_metadata
from graph.demo.problems import Invalid, Problem
from graph.demo.selectors import Predicate, selecting
from graph.demo.store import Store

BOOKMARK = 60.0
"""Seconds between bookmarks, for who allows them."""
TIMEOUT = 2700
"""Seconds until a watch ends that says nothing about it."""
BATCH = 200
"""Changes that are sent in one piece."""
ENCODED = 1000
"""Changes whose bytes are kept for the next watch; one that is further behind encodes them again."""

Form = Callable[[Object], Any]
"""How a watch writes an object."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What a watch asks for."""

    target: Target
    query: Mapping[str, str]
    version: int
    initial: bool
    ending: bool
    """Whether the end of what is there at first is to be marked."""
    bookmarks: bool
    seconds: float


def wish(store: Store, target: Target, query: Mapping[str, str]) -> Wish:
    """Reads the parameters. Raises a Problem for those that a watch does not take."""
    version = number(query, "resourceVersion")
    streaming = _true(query, "sendInitialEvents")
    if query.get("resourceVersionMatch") and "sendInitialEvents" not in query:
        raise _forbidden("resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided")
    if "sendInitialEvents" in query and query.get("resourceVersionMatch") != "NotOlderThan":
        raise _forbidden("sendInitialEvents requires setting resourceVersionMatch to NotOlderThan")
    require_version(store, query)
    bookmarks = _true(query, "allowWatchBookmarks")
    initial = streaming or (not version and "sendInitialEvents" not in query)
    seconds = number(query, "timeoutSeconds") or TIMEOUT
    return Wish(target, query, version, initial, streaming and bookmarks, bookmarks, seconds)


class Watches:
    """Makes the watches of one store."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._encoded: dict[int, bytes] = {}

    def pieces(self, wish: Wish, form: Form | None = None) -> Pieces:
        """What the watch sends. ``form``: how it writes objects, None for as they are."""
        return Watch(self, self._store, wish, form).pieces

    def line(self, change: Change) -> bytes:
        """The change as it is sent, without a selector in between."""
        found = self._encoded.get(change.version)
        if found is None:
            found = self._encoded[change.version] = _line(change.type, change.object)
            if len(self._encoded) > ENCODED:
                del self._encoded[next(iter(self._encoded))]
        return found


class Watch:
    """One watch: how far it has come."""

    def __init__(self, watches: Watches, store: Store, wish: Wish, form: Form | None) -> None:
        self._watches = watches
        self._store = store
        self._wish = wish
        self._form = form
        self._chooses = _predicate(wish)
        self._version = wish.version or store.version

    async def pieces(self, stream: Stream) -> AsyncGenerator[bytes, None]:
        """Until its time is over."""
        yield b""  # the client sees that it is watching
        for piece in _joined(self._beginning()):
            yield piece
        with self._store.history(self._wish.target.resource).waking(stream.wake):
            try:
                async for piece in self._live(stream):
                    yield piece
            except Problem as problem:
                yield _line("ERROR", _status(problem))

    async def _live(self, stream: Stream) -> AsyncGenerator[bytes, None]:
        loop = asyncio.get_running_loop()
        end = loop.time() + self._wish.seconds
        while not stream.over:
            stream.wake.clear()
            for piece in _joined(self._news()):
                yield piece
            left = end - loop.time()
            if not await stream.wait(min(left, BOOKMARK)) and self._wish.bookmarks:
                yield self._bookmark()
            if left <= BOOKMARK and loop.time() >= end:
                return

    def _beginning(self) -> Iterator[bytes]:
        wish = self._wish
        if wish.initial:
            self._version = self._store.version
            for obj in chosen(self._store, wish.target, wish.query):
                yield self._written("ADDED", obj)
        if wish.ending:
            yield self._bookmark(annotations={"k8s.io/initial-events-end": "true"})

    def _news(self) -> Iterator[bytes]:
        """What was not sent yet; afterwards this watch is as new as the cluster."""
        if self._version < self._store.version:
            changes = self._store.history(self._wish.target.resource).after(self._version)
            self._version = max(self._version, self._store.version)
            for change in changes:
                line = self._change(change)
                if line is not None:
                    yield line

    def _change(self, change: Change) -> bytes | None:
        """An object that enters or leaves what is chosen is added or deleted for this watch."""
        chooses = self._chooses
        if chooses is None:
            return self._as_it_is(change)
        now = change.type != "DELETED" and chooses(change.object)
        before = change.old is not None and chooses(change.old)
        if now:
            return self._as_it_is(change) if before or change.old is None else self._written("ADDED", change.object)
        if not before or change.old is None:
            return None
        if change.type == "DELETED":
            return self._as_it_is(change)
        return self._written("DELETED", with_metadata(change.old, resourceVersion=str(change.version)))

    def _as_it_is(self, change: Change) -> bytes:
        return self._watches.line(change) if self._form is None else self._written(change.type, change.object)

    def _written(self, type_: str, obj: Object) -> bytes:
        return _line(type_, obj if self._form is None else self._form(obj))

    def _bookmark(self, **metadata: Object) -> bytes:
        resource = self._wish.target.resource
        head = {"resourceVersion": str(self._version), "creationTimestamp": None, **metadata}
        obj = {"kind": resource.kind, "apiVersion": resource.api_version, "metadata": head}
        return _line("BOOKMARK", obj)


def _forbidden(problem: str) -> Invalid:
    words = f'ListOptions.meta.k8s.io "" is invalid: resourceVersionMatch: Forbidden: {problem}'
    return Invalid(words, group="meta.k8s.io", kind="ListOptions")


def _predicate(wish: Wish) -> Predicate | None:
    query, namespace = wish.query, wish.target.namespace
    labels, fields = query.get("labelSelector", ""), query.get("fieldSelector", "")
    predicate = selecting(wish.target.resource, labels=labels, fields=fields)
    if not namespace:
        return predicate
    return lambda obj: obj["metadata"]["namespace"] == namespace and (predicate is None or predicate(obj))


def _joined(lines: Iterator[bytes]) -> Iterator[bytes]:
    while batch := list(islice(lines, BATCH)):
        yield b"".join(batch)


def _line(type_: str, obj: Any) -> bytes:
    return encode({"type": type_, "object": obj}) + b"\n"


def _status(problem: Problem) -> Object:
    words = {"status": "Failure", "message": str(problem), "reason": problem.reason, "code": problem.code}
    return {"kind": "Status", "apiVersion": "v1", "metadata": {}, **words}


def _true(query: Mapping[str, str], name: str) -> bool:
    return query.get(name, "") in ("1", "true", "True")
