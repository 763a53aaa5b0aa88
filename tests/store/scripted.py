"""A Reader that says what it is told to, and a follower over it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager

from graph.errors import StoreError
from graph.model.resource import Cursor
from graph.store.follower import Follower
from graph.store.protocols import Pulse, Snapshot
from graph.store.unread import Step

WITHIN = 10.0


class Scripted:
    """``word`` is the writer's last, or how Redis fails; a snapshot is empty, and of the word's position."""

    def __init__(self, cluster: str, word: Pulse) -> None:
        self._cluster = cluster
        self.word: Pulse | StoreError = word
        self.unreadable: Exception | None = None
        self.page: Callable[[], Iterator[tuple[int, Step]]] = lambda: iter(())
        self.took: Callable[[], Awaitable[object]] = lambda: asyncio.sleep(0)
        """For so long the pulse takes."""
        self.pulses = self.snapshots = 0

    async def beats(self, count: int) -> None:
        """Until it was asked so many times more."""
        last = self.pulses + count
        await until(lambda: self.pulses >= last)

    async def clusters(self) -> Sequence[str]:
        """The one."""
        return [self._cluster]

    async def forgotten(self) -> Sequence[str]:
        """None."""
        return []

    async def snapshot(self, cluster: str) -> Snapshot | None:
        """Of now."""
        self.snapshots += 1
        if self.unreadable is not None:
            raise self.unreadable
        word = self._word()
        if word.epoch is None:
            return None
        return Snapshot(Cursor(cluster, word.epoch, word.seq), {}, [], 0, [], 0, [])

    async def pulse(self, cluster: str) -> Pulse:
        """The word."""
        self.pulses += 1
        await self.took()
        return self._word()

    async def went_back(self, cursor: Cursor) -> None:
        """Nobody hears it."""

    async def tail(self, cursor: Cursor, *, wait: float) -> Iterator[tuple[int, Step]]:
        """The page, after a moment."""
        self._word()
        await asyncio.sleep(0.001)
        return self.page()

    def _word(self) -> Pulse:
        if isinstance(self.word, StoreError):
            raise self.word
        return self.word


@asynccontextmanager
async def followed(follower: Follower) -> AsyncIterator[None]:
    """It runs while this is open, and does not end by itself."""
    task = asyncio.create_task(follower.run())
    try:
        yield
        assert not task.done()
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def until(holds: Callable[[], object]) -> None:
    """Lets others work until it holds."""
    async with asyncio.timeout(WITHIN):
        while not holds():  # noqa: ASYNC110 # what it waits for is other people's state
            await asyncio.sleep(0.001)
