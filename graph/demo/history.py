"""The latest changes of one resource, from which watches are served; older ones are Expired, as with etcd."""

from __future__ import annotations

import asyncio
from bisect import bisect_right
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from graph.demo.objects import Object
from graph.demo.problems import Expired


@dataclass(frozen=True, slots=True)
class Change:
    """ADDED, MODIFIED or DELETED. ``old`` is the object before, of a modification or a deletion."""

    type: str
    version: int
    object: Object
    old: Object | None = None


class History:
    """``limit``: how many changes are kept."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._versions: list[int] = []
        self._changes: list[Change] = []
        self._lost = 0
        self._waiting: set[asyncio.Event] = set()

    def add(self, change: Change) -> None:
        """Wakes whoever waits."""
        self._versions.append(change.version)
        self._changes.append(change)
        if len(self._changes) > 2 * self._limit:
            self._forget(len(self._changes) - self._limit)
        for event in self._waiting:
            event.set()

    def compact(self) -> None:
        """Forgets everything: whoever is not up to date has to list again."""
        self._forget(len(self._changes))

    def after(self, version: int) -> list[Change]:
        """What happened since; Expired when that is not known any more."""
        if version < self._lost:
            raise Expired(f"too old resource version: {version} ({self._lost})")
        return self._changes[bisect_right(self._versions, version) :]

    @contextmanager
    def waking(self, event: asyncio.Event) -> Iterator[None]:
        """Sets the event whenever something is added. Clear it, then ask ``after``: nothing is missed between."""
        self._waiting.add(event)
        try:
            yield
        finally:
            self._waiting.discard(event)

    def _forget(self, count: int) -> None:
        if count:
            self._lost = self._versions[count - 1]
            del self._versions[:count], self._changes[:count]
