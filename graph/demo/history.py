"""The latest changes of one resource, from which watches are served; older ones are Expired, as with etcd."""

from __future__ import annotations

import asyncio
from bisect import bisect_right
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
        self._news = asyncio.Event()

    def add(self, change: Change) -> None:
        """Wakes whoever waits."""
        self._versions.append(change.version)
        self._changes.append(change)
        if len(self._changes) > 2 * self._limit:
            self._forget(len(self._changes) - self._limit)
        news, self._news = self._news, asyncio.Event()
        news.set()

    def compact(self) -> None:
        """Forgets everything: whoever is not up to date has to list again."""
        self._forget(len(self._changes))

    def after(self, version: int) -> list[Change]:
        """What happened since; Expired when that is not known any more."""
        if version < self._lost:
            raise Expired(f"too old resource version: {version} ({self._lost})")
        return self._changes[bisect_right(self._versions, version) :]

    async def news(self) -> None:
        """Until something is added. Ask ``after`` first: there is no wait between the two."""
        await self._news.wait()

    def _forget(self, count: int) -> None:
        if count:
            self._lost = self._versions[count - 1]
            del self._versions[:count], self._changes[:count]
