"""Keeps one cluster's Replica up to date: loads the Snapshot, follows the change stream, and watches the writer's
pulse.

Contract: after a ``load`` or an ``apply`` the hub is told in the same step. Lost data (another epoch, a seq behind
ours, an empty Redis) is noticed within ``BEAT`` seconds: old data stays, flagged by freshness, until the new epoch
is loaded.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

import structlog

from graph.errors import EpochLost, MalformedObject, StatusgraphError, StoreError
from graph.model import instant
from graph.model.resource import Change, Cursor, Freshness, FreshnessState
from graph.store.hub import Delivery, Hub, Item, News, Reset, ResetReason
from graph.store.protocols import Pulse, Reader
from graph.store.replica import Replica

BEAT = 0.5
"""Seconds between two looks at the pulse, and the longest wait for a change."""
SILENT = 5.0
"""Seconds after which a writer that says nothing is taken for gone."""

log = structlog.get_logger(__name__)


class Follower:
    """See the module. ``clock``: POSIX seconds. Run ``run()`` as a task; it ends only by cancellation."""

    def __init__(self, replica: Replica, reader: Reader, hub: Hub, clock: Callable[[], float]) -> None:
        self.replica = replica
        self._reader = reader
        self._hub = hub
        self._clock = clock
        self._pulse: Pulse | None = None
        self._reachable = False
        self._told: FreshnessState | None = None
        self._due = 0  # what was written a beat ago should be here
        self._lost = False  # Redis holds another epoch, or less than what we read before we looked

    def freshness(self) -> Freshness:
        """How far the replica may be behind the cluster, as far as is known now."""
        observed = self._pulse.observed_at if self._pulse else None
        at = instant.parse(observed)
        lag = None if at is None else max(0, round((self._clock() - at) * 1000))
        return Freshness(self._state(at), observed, lag)

    async def run(self) -> None:
        """Follows until cancelled; never raises for what Redis does."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._watch_pulse())
            tasks.create_task(self._follow())

    def _state(self, observed: float | None) -> FreshnessState:
        pulse, cursor = self._pulse, self.replica.cursor
        if not self._reachable or pulse is None:
            return FreshnessState.DISCONNECTED
        if cursor is None or not pulse.loaded or pulse.epoch != cursor.epoch or cursor.seq < self._due:
            return FreshnessState.CATCHING_UP
        if observed is None or self._clock() - observed > SILENT:
            return FreshnessState.STALE
        return pulse.state

    async def _watch_pulse(self) -> None:
        while True:
            cursor, before = self.replica.cursor, self._pulse
            try:
                self._pulse = pulse = await self._reader.pulse(self.replica.cluster)
                self._due = before.seq if before and before.epoch == pulse.epoch else 0
                self._lost = cursor is not None and (pulse.epoch != cursor.epoch or pulse.seq < cursor.seq)
                self._reached(None)
            except StoreError as error:
                self._reached(error)
            self._tell()
            await asyncio.sleep(BEAT)

    async def _follow(self) -> None:
        while True:
            try:
                await self._step()
            except (StoreError, MalformedObject) as error:
                self._reached(error)
                await asyncio.sleep(BEAT)

    async def _step(self) -> None:
        cursor = self.replica.cursor
        if cursor is None or self._lost:
            await self._load()
            return
        try:
            page = await self._reader.tail(cursor, wait=BEAT)
        except EpochLost:
            await self._load()
            return
        if page and page[0][0] != cursor.seq + 1:
            log.warning("changes were trimmed before they were read, loading again", cluster=cursor.cluster)
            await self._load()
        elif page:
            for seq, change in page:
                self.replica.apply(seq, change)
            self._publish(cursor.epoch, page)

    async def _load(self) -> None:
        before, snapshot = self.replica.cursor, await self._reader.snapshot(self.replica.cluster)
        if snapshot is None or (before and before.epoch == snapshot.cursor.epoch and snapshot.cursor.seq < before.seq):
            await asyncio.sleep(BEAT)  # not loaded yet, or gone back in time: the writer starts a new epoch
            return
        missed = self.replica.load(snapshot)
        self._lost = False
        log.info("snapshot loaded", cluster=self.replica.cluster, resources=len(snapshot.resources))
        if before is not None and before.epoch != snapshot.cursor.epoch:
            self._hub.publish([Reset(snapshot.cursor, ResetReason.EPOCH_CHANGED)])
        else:
            self._publish(snapshot.cursor.epoch, missed)
        self._tell()

    def _publish(self, epoch: str, changes: Sequence[tuple[int, Change]]) -> None:
        cluster = self.replica.cluster
        items: list[Item] = [Delivery(Cursor(cluster, epoch, seq), change) for seq, change in changes]
        if items:
            self._hub.publish(items)

    def _reached(self, problem: StatusgraphError | None) -> None:
        reachable = problem is None
        if reachable != self._reachable:
            self._reachable = reachable
            if reachable:
                log.info("Redis answers", cluster=self.replica.cluster)
            else:
                log.warning(
                    "Redis cannot be read, serving what is held", cluster=self.replica.cluster, error=str(problem)
                )

    def _tell(self) -> None:
        state = self.freshness().state
        if state is not self._told:
            self._told = state
            self._hub.publish([News(self.replica.cluster)])
