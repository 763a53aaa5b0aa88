"""What a client follows of the resources, gathered until it can be told: which of them changed, not how often, so that
it is bounded however slow the client is.

Contract: what changed is told after ``Context.window`` seconds, counted from the first change that was not told yet;
later ones never postpone it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from typing import NamedTuple

from graph.api import reading
from graph.api.context import Context
from graph.api.listening import Woken, taking
from graph.api.orders import PLACE
from graph.api.positions import Positions, cluster_of
from graph.api.trail import Touched
from graph.model.ref import Key
from graph.store.hub import Delivery, Item, Reset, ResetReason

Picked = Callable[[Touched], Iterable[Key]]
"""Which of the followed resources a change touched."""


class Batch(NamedTuple):
    """What was gathered: a reset, or resources; and the position that is reached with it."""

    reset: ResetReason | None
    keys: set[Key]
    position: str


class _Gathering:
    """See the module. ``kind``: of the followed resources."""

    def __init__(self, context: Context, positions: Positions, kind: str, picked: Picked) -> None:
        self.positions = positions
        self._context, self._kind, self._picked = context, kind, picked
        self._keys: set[Key] = set()
        self._reset: ResetReason | None = None
        self._first = 0.0

    def take(self, item: Item) -> bool:
        """One item of the hub; whether there is something to tell."""
        idle = not self._keys and self._reset is None
        self._context.trail.listen()  # of every item, or what is of no interest here would fill its queue
        if self.positions.join(item):
            joined = reading.listed(self._context, self._kind, PLACE, [cluster_of(item)])
            self._keys.update(each.key for each in joined)
        elif isinstance(item, Reset):
            self._reset = item.reason if self.positions.advance(item) else self._reset
        elif isinstance(item, Delivery) and self.positions.spans(item.cursor.cluster):
            self.positions.advance(item)
            self._touch(item)
        if not self._keys and self._reset is None:
            return False
        if idle:
            self._first = asyncio.get_running_loop().time()
        return True

    def _touch(self, item: Delivery) -> None:
        """Also of what a client saw elsewhere, ahead of us: what it then shows must be followed all the same."""
        told = self._context.trail.of(item)
        if told is None:
            self._reset = ResetReason.CURSOR_EXPIRED
        for touched in told or ():
            self._keys.update(self._picked(touched))

    async def batch(self, woken: Woken) -> Batch:
        """Waits for something, and a moment longer for what comes with it."""
        while not self._keys and self._reset is None:
            await woken.wait()
        waited = asyncio.get_running_loop().time() - self._first
        await asyncio.sleep(max(0.0, self._context.window - waited))
        batch = Batch(self._reset, self._keys, self.positions.cursor)
        self._reset, self._keys = None, set()
        return batch


class Gathered(NamedTuple):
    """``batch`` waits for the next one."""

    positions: Positions
    batch: Callable[[], Awaitable[Batch]]


@asynccontextmanager
async def gathering(
    context: Context, kind: str, picked: Picked, *, clusters: Iterable[str] | None
) -> AsyncIterator[Gathered]:
    """What is gathered from now on, without a gap to what is read before the next ``await``."""
    context.trail.listen()
    gathered = _Gathering(context, Positions(context.catalog, clusters), kind, picked)
    async with taking(context, gathered.take) as woken:
        yield Gathered(gathered.positions, lambda: gathered.batch(woken))
