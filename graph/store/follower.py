"""Keeps one cluster's Replica up to date: loads the Snapshot, follows the change stream, and watches the writer's
pulse.

Contract: after a ``load`` or an ``apply`` the hub is told in the same step. Lost data (another epoch, a seq behind
ours, an empty Redis) is noticed within ``BEAT`` seconds: old data stays, flagged by freshness, until the new epoch
is loaded.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence

import structlog

from graph.errors import CursorExpired, EpochLost, MalformedObject, StatusgraphError, StoreError, StoreUnavailable
from graph.model.resource import Change, Cursor, Freshness, FreshnessState
from graph.store.hub import Delivery, Hub, Item, News, Reset, ResetReason
from graph.store.protocols import Pulse, Reader
from graph.store.replica import Replica
from graph.store.unread import Step, in_full

BEAT = 0.5
"""Seconds between two looks at the pulse, and the longest wait for a change."""
LONGEST = 8.0
"""Seconds before the next try where what is stored cannot be read: it is all read each time."""
SILENT = 5.0
"""Seconds after which a writer that says nothing is taken for gone."""

log = structlog.get_logger(__name__)


class Follower:
    """See the module. ``clock``: seconds since any instant. Run ``run()`` as a task; it ends only by cancellation."""

    def __init__(self, replica: Replica, reader: Reader, hub: Hub, clock: Callable[[], float]) -> None:
        self.replica = replica
        self._reader = reader
        self._hub = hub
        self._clock = clock
        self._pulse: Pulse | None = None
        self._looked = 0.0
        self._heard_at = 0.0
        self._reachable = False
        self._told: FreshnessState | None = None
        self._due = 0  # what was written a beat ago should be here
        self._lost = False  # Redis holds another epoch
        self._back = False  # Redis holds less of our epoch than what we read before we looked
        self._problem = ""  # what keeps us from following, as it was told

    @property
    def loading(self) -> bool:
        """Whether there is something to load, or nobody knows yet: an operator may not have come so far."""
        return self.replica.cursor is None and (self._pulse is None or self._pulse.loaded)

    def freshness(self) -> Freshness:
        """How far the replica may be behind the cluster, as far as is known now. What is answered is told, too: else
        whoever asks between two beats would not hear that it is over by the next one.
        """
        pulse, silent = self._pulse, self._silent()
        state = self._tell(silent)
        if pulse is None or silent is None or not pulse.observed_at:
            return Freshness(state, pulse.observed_at if pulse else None, None)
        return Freshness(state, pulse.observed_at, round((silent + pulse.behind) * 1000))

    async def run(self) -> None:
        """Follows until cancelled; never raises for what Redis does."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._watch_pulse())
            tasks.create_task(self._follow())

    def _silent(self) -> float | None:
        """Seconds since the writer's last word: by the clock of Redis when we looked, from then on by our own; but no
        fewer than since we heard it first, should the clock of Redis go back.

        The operator's clock, and ours as a date, may be an hour off.
        """
        if self._pulse is None or self._pulse.silent is None:
            return None
        now = self._clock()
        return max(self._pulse.silent + max(0.0, now - self._looked), now - self._heard_at)

    def _state(self, silent: float | None) -> FreshnessState:
        pulse, cursor = self._pulse, self.replica.cursor
        if not self._reachable or pulse is None:
            return FreshnessState.DISCONNECTED
        if pulse.epoch is None and (silent is None or silent > SILENT):
            return FreshnessState.STALE  # it was emptied, and nobody writes it anew
        if cursor is None or not pulse.loaded or pulse.epoch != cursor.epoch:
            return FreshnessState.CATCHING_UP
        if self._back or cursor.seq < self._due:
            return FreshnessState.CATCHING_UP
        if silent is None or silent > SILENT:
            return FreshnessState.STALE
        return pulse.state

    async def _watch_pulse(self) -> None:
        while True:
            cursor, asked = self.replica.cursor, self._clock()
            try:
                self._heard(await self._reader.pulse(self.replica.cluster), cursor, asked)
                if cursor is not None and self._back:
                    await self._reader.went_back(cursor)
            except (StoreError, MalformedObject) as error:
                self._reached(error)
            self._tell(self._silent())
            await asyncio.sleep(BEAT)

    def _heard(self, pulse: Pulse, cursor: Cursor | None, asked: float) -> None:
        """``cursor``: ours before we asked; another epoch may have been loaded since."""
        before, self._pulse, self._looked, now = self._pulse, pulse, asked, self.replica.cursor
        if before is None or before.beaten != pulse.beaten:
            self._heard_at = self._clock()
        a_beat_ago = before is not None and before.epoch == pulse.epoch and self._reachable
        self._due = before.seq if before is not None and a_beat_ago else pulse.seq
        self._lost = cursor is not None and now is not None and pulse.epoch not in (cursor.epoch, now.epoch)
        self._back = cursor is not None and pulse.epoch == cursor.epoch and pulse.seq < cursor.seq
        self._reached(None)

    async def _follow(self) -> None:
        wait = BEAT
        while True:
            try:
                await self._step()
                wait, self._problem = BEAT, ""
            except StoreUnavailable as error:
                self._reached(error)
                await asyncio.sleep(BEAT)
            except (StoreError, MalformedObject) as error:
                self._failed(error)
                await asyncio.sleep(wait)
                wait = min(2 * wait, LONGEST)

    async def _step(self) -> None:
        cursor = self.replica.cursor
        if self._back:
            await asyncio.sleep(BEAT)  # the writer starts a new epoch
        elif cursor is None or self._lost:
            await self._load()
        else:
            await self._read_on(cursor)

    async def _read_on(self, cursor: Cursor) -> None:
        try:
            self._apply(await self._reader.tail(cursor, wait=BEAT), cursor.epoch)
        except (EpochLost, CursorExpired, MalformedObject) as error:
            log.warning("loading again", cluster=cursor.cluster, problem=str(error))
            await self._load()
            if self.replica.cursor == cursor:
                raise  # a snapshot does not get around it

    def _apply(self, page: Iterator[tuple[int, Step]], epoch: str) -> None:
        apply, listened = self.replica.apply, len(self._hub) > 0
        applied: list[tuple[int, Change]] = []
        try:
            for seq, step in page:
                if not listened:
                    apply(seq, step)
                    continue
                change = in_full(step)
                apply(seq, step)  # which takes less than the change to keep
                applied.append((seq, change))
        finally:
            self._publish(epoch, applied)  # also when the next one cannot be read

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
        elif before is not None:
            self._catch_up(before, missed)
        self._tell(self._silent())

    def _catch_up(self, before: Cursor, missed: Sequence[tuple[int, Change]]) -> None:
        """What was missed, and in its place that not all of it is known: both histories are whole behind a gap."""
        gap = max(self.replica.transitions.complete_from, self.replica.log.complete_from)
        if before.seq >= gap:
            self._publish(before.epoch, missed)
            return
        self._publish(before.epoch, [(seq, change) for seq, change in missed if seq <= gap])
        self._hub.publish([Reset(Cursor(before.cluster, before.epoch, gap), ResetReason.CURSOR_EXPIRED)])
        self._publish(before.epoch, [(seq, change) for seq, change in missed if seq > gap])

    def _publish(self, epoch: str, changes: Sequence[tuple[int, Change]]) -> None:
        cluster = self.replica.cluster
        items: list[Item] = [Delivery(Cursor(cluster, epoch, seq), change) for seq, change in changes]
        if items:
            self._hub.publish(items)

    def _failed(self, problem: StatusgraphError) -> None:
        """Redis answers, but not with what we could follow: told once, it does not make Redis unreachable."""
        if str(problem) != self._problem:
            self._problem = str(problem)
            log.warning("the cluster cannot be read, trying again", cluster=self.replica.cluster, problem=self._problem)

    def _reached(self, problem: StatusgraphError | None) -> None:
        reachable = problem is None
        if reachable != self._reachable:
            self._reachable = reachable
            if reachable:
                log.info("Redis answers", cluster=self.replica.cluster)
            else:
                log.warning(
                    "Redis cannot be read, serving what is held", cluster=self.replica.cluster, problem=str(problem)
                )

    def _tell(self, silent: float | None) -> FreshnessState:
        """The state now, which the hub is told if it is another one than before."""
        state = self._state(silent)
        if state is not self._told:
            self._told = state
            self._hub.publish([News(self.replica.cluster)])
        return state
