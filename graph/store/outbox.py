"""The writer's queue: everything that is to be written, in order, through outages and losses of Redis.

Contract: what ``put`` took is written once, in order, sooner or later; while Redis is away nothing is forgotten but
values that a later change of the same object replaces. Into an epoch that has no generation yet goes
``everything()`` first. When Redis lost its data the outbox starts a new epoch with ``everything()`` and then writes
the transitions that were still waiting. ``run`` ends only with Fenced or NameTaken (another writes now) or by
cancellation.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress

import structlog

from graph.errors import EpochLost, Fenced, NameTaken, StoreError, StoreRefused
from graph.model.ref import Key
from graph.model.resource import Change, ChangeType, FreshnessState, Resource, ResourceChange
from graph.store import metrics
from graph.store.protocols import Pen, Writer

BATCH = 500
CROWDED = 50_000
"""So many waiting changes are squeezed to what must not be lost."""
BEAT = 0.5
CLOSING = 0.5
"""Seconds for the last word: a hand-over does not wait for a Redis that is away."""
RETRY = (0.1, 0.2, 0.4, 0.8)
"""Seconds before the next tries; the last one for all later ones."""

Item = Change | asyncio.Event
"""An event is set when everything before it is written."""
Waiting = tuple[float, Item]
"""Since when it waits, by the loop's clock."""

log = structlog.get_logger(__name__)


class Outbox:
    """See the module. ``everything``: the resources as they should be stored; ``vitals``: what the next beat says where
    the oldest of what is to be written waits for so many seconds (None: nothing may be written yet).

    ``cluster``: under which its metrics are shown.
    """

    def __init__(
        self,
        writer: Writer,
        pen: Pen,
        *,
        everything: Callable[[], dict[Key, Resource]],
        vitals: Callable[[float | None], tuple[FreshnessState, str | None]],
        cluster: str = "",
    ) -> None:
        self.pen = pen
        self._cluster = cluster
        self._writer = writer
        self._everything = everything
        self._vitals = vitals
        self._waiting: deque[Waiting] = deque()
        self._crowded = CROWDED
        self._batch: list[Waiting] = []  # under way: repeated as it is until it is known to be there
        self._filling: list[Resource] | None = None  # as is this
        self._wake = asyncio.Event()
        self._failures = 0
        self._told: type[StoreError] | None = None
        self.refused = False
        """Whether Redis answers and takes nothing: no memory, no right, a replica."""
        self._beaten = 0.0
        self._open = False
        self._caught_up = asyncio.Event()

    def __len__(self) -> int:
        return len(self._waiting) + len(self._batch)

    @property
    def oldest(self) -> float:
        """For how many seconds the oldest of what waits has waited; 0 when nothing does."""
        first = next(iter(self._batch or self._waiting), None)
        return 0.0 if first is None else max(0.0, _now() - first[0])

    def put(self, changes: Iterable[Change], *, waited: float = 0.0) -> None:
        """Queues changes; never blocks. ``waited``: seconds for which the news that they come of is here."""
        since = _now() - waited
        self._waiting.extend((since, change) for change in changes)
        if len(self._waiting) > self._crowded:
            oldest = self._waiting[0][0]
            self._waiting = deque(_squeezed(self._waiting))
            self._waiting[0] = oldest, self._waiting[0][1]
            self._crowded = max(CROWDED, 2 * len(self._waiting))  # what is left is not gone through for each change
        if self._waiting:
            self._wake.set()

    async def written(self) -> None:
        """Returns when all that was queued until now is in Redis."""
        mark = asyncio.Event()
        self._waiting.append((_now(), mark))
        self._wake.set()
        await mark.wait()

    def open(self) -> None:
        """Whoever calls has judged everything once: from now on it may be written. Before, only beats are.

        Until all of it is written, what Redis holds is of nobody knows when.
        """
        self._open = True
        self._waiting.append((_now(), self._caught_up))
        self._wake.set()

    async def run(self) -> None:
        """Writes what is queued, and beats."""
        with metrics.shown(self, self._cluster):
            while True:
                try:
                    await self._step()
                except asyncio.CancelledError:
                    await self._close()
                    raise
                except EpochLost as error:
                    log.warning("Redis lost data, writing everything again", problem=str(error))
                    metrics.LOSSES.labels(self._cluster).inc()
                    await self._renew()
                except Fenced:
                    raise
                except StoreError as error:
                    await self._failed(error)

    async def _step(self) -> None:
        if self._open and not self.pen.loaded:
            await self._fill()
        if self._open and not self._batch:
            self._batch = [self._waiting.popleft() for _ in range(min(BATCH, len(self._waiting)))]
        if self._batch:
            await self._write_batch()
        now = _now()
        if now - self._beaten >= BEAT:
            await self._writer.beat(self.pen, *self._vitals(self.oldest if self._caught_up.is_set() else None))
            self._beaten = now
        if self._failures:
            log.info("Redis takes writes again", waiting=len(self))
            self._failures, self._told, self.refused = 0, None, False
        if not self._waiting:
            self._crowded = CROWDED
        if not (self._open and self._waiting):
            self._wake.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(BEAT):
                    await self._wake.wait()

    async def _write_batch(self) -> None:
        changes = [item for _, item in self._batch if not isinstance(item, asyncio.Event)]
        if changes:
            self.pen = await self._writer.write(self.pen, changes)
        for _, item in self._batch:
            if isinstance(item, asyncio.Event):
                item.set()
        self._batch = []

    async def _fill(self) -> None:
        """What waits is part of ``everything``; of it only transitions and what is no resource are still to be told."""
        if self._filling is None:
            resources = self._everything()
            self._waiting = deque(_untold([*self._batch, *self._waiting], resources))
            self._batch = []
            self._filling = list(resources.values())
        self.pen = await self._writer.fill(self.pen, self._filling)
        self._filling = None

    async def _renew(self) -> None:
        """Takes the pen again, for a new epoch unless somebody emptied Redis and there is none."""
        self._filling = None
        while True:
            try:
                await self._claim_anew()
                if self.pen.loaded:  # by somebody else, or before what was lost: what it holds is not what we wrote
                    await self._claim_anew()
                return
            except (Fenced, NameTaken):
                raise
            except StoreError as error:
                await self._failed(error)

    async def _close(self) -> None:
        if not self._batch and self._filling is None:
            with suppress(StoreError, TimeoutError):
                async with asyncio.timeout(CLOSING):
                    await self._writer.close(self.pen)

    async def _claim_anew(self) -> None:
        self.pen = await self._writer.claim(self.pen.term, lost=self.pen.epoch, candidate=self.pen.candidate)

    async def _failed(self, error: StoreError) -> None:
        self.refused = isinstance(error, StoreRefused)
        if type(error) is not self._told:  # an alarm for each way to fail, however often it is tried
            self._told = type(error)
            log.warning("Redis takes no writes, trying again", problem=str(error), waiting=len(self))
        wait = RETRY[min(self._failures, len(RETRY) - 1)]
        self._failures += 1
        await asyncio.sleep(wait)


def _now() -> float:
    return asyncio.get_running_loop().time()


def _untold(changes: Sequence[Waiting], resources: dict[Key, Resource]) -> Iterator[Waiting]:
    for since, change in changes:
        if not isinstance(change, ResourceChange):
            yield since, change
        elif change.transition is not None:
            resource = resources.get(change.key)
            kind = ChangeType.DELETED if resource is None else ChangeType.MODIFIED
            yield since, ResourceChange(kind, change.key, resource, change.transition)


def _squeezed(changes: Sequence[Waiting]) -> Iterator[Waiting]:
    """Without the values that a later change of the same object replaces."""
    last = {change.key: at for at, (_, change) in enumerate(changes) if isinstance(change, ResourceChange)}
    for at, (since, change) in enumerate(changes):
        if not isinstance(change, ResourceChange) or change.transition is not None or last[change.key] == at:
            yield since, change
