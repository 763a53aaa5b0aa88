"""Who may work when: one object's actions strictly in order, of different objects a few at once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from weakref import WeakValueDictionary

from graph.model.ref import Key

MOST = 8
"""Actions that are carried out at once."""
WAITING = 200
"""Requests that are taken from the desk at most."""


class Turns:
    """Of one lead."""

    def __init__(self) -> None:
        self._hands = asyncio.Semaphore(MOST)
        self._room = asyncio.Semaphore(WAITING)
        self._inside: set[str] = set()
        self._locks: WeakValueDictionary[Key, asyncio.Lock] = WeakValueDictionary()  # a lock lives while somebody waits

    async def enter(self, receipt: str) -> bool:
        """Waits for room. False when this request is inside already: after trouble the desk begins again."""
        if receipt in self._inside:
            return False
        await self._room.acquire()
        self._inside.add(receipt)
        return True

    @asynccontextmanager
    async def turn(self, receipt: str, target: Key) -> AsyncIterator[None]:
        """The object is the caller's alone; those who wait get it in the order in which they came."""
        lock = self._locks.setdefault(target, asyncio.Lock())
        try:
            async with lock, self._hands:
                yield
        finally:
            self._inside.discard(receipt)
            self._room.release()
