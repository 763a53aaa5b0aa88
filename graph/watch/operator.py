"""The operator: waits for the lead, then watches, judges and writes until the lead is lost; over and over.

While it leads: reflectors → forest → (judge) → ledger → outbox → Redis, all in one event loop. What the cluster or the
store refuse is tried again inside; a lost lead ends all of it at once, so that a deposed leader has nothing left that
could write.
"""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import suppress
from typing import Protocol

import structlog

from graph.config import Settings
from graph.errors import Fenced, MalformedObject, NameTaken, StoreError
from graph.judging.decode import Variants, nodes_of, variants
from graph.judging.forest import Forest
from graph.judging.ledger import Ledger
from graph.kube.client import Kube
from graph.model.kind import Kind
from graph.model.ref import Key
from graph.model.resource import Change, Resource
from graph.store.outbox import Outbox
from graph.store.protocols import Candidate, Pen, Reader, Writer
from graph.watch import metrics
from graph.watch.exposition import WATCHES
from graph.watch.identity import cluster_uid
from graph.watch.intake import Intake, KeptIntake, NodeIntake
from graph.watch.lease import Elector
from graph.watch.reflector import Reflector, Report, Sink, Timing
from graph.watch.vitals import Vitals

RETRY = 1.0
"""Seconds before a leader that could not take the pen tries again, or whose work does not end is told again to."""

SLICE = 500
"""Objects that are judged at a stretch: some 20 ms."""

log = structlog.get_logger(__name__)


class Companion(Protocol):
    """Runs while this process leads, until cancelled. ``lookup``: what is published under a key."""

    async def __call__(self, outbox: Outbox, lookup: Callable[[Key], Resource | None]) -> None: ...


class Operator:
    """One candidate for one cluster. ``clock``: POSIX seconds."""

    def __init__(
        self,
        kube: Kube,
        writer: Writer,
        reader: Reader,
        elector: Elector,
        *,
        kinds: Sequence[Kind],
        settings: Settings,
        clock: Callable[[], float],
        companions: Sequence[Companion] = (),
    ) -> None:
        self._kube = kube
        self._writer = writer
        self._reader = reader
        self._elector = elector
        self._kinds = kinds
        self._settings = settings
        self._clock = clock
        self._companions = companions
        self._least_term = 0
        self._vitals: Vitals | None = None
        self._claiming = False
        self._worked = False
        self._taken: str | None = None
        self._wake = asyncio.Event()

    def unready(self) -> str | None:
        """Why this process is not doing its work; None when it is. A standby is ready: it stands by.

        Once it worked, only a missing right makes it unready: an outage of the API server or of Redis is told by
        freshness.
        """
        if self._taken:
            return self._taken
        if self._vitals is None or self._claiming:
            problem = self._elector.problem
            if problem and (self._elector.refused or not self._worked):
                return f"the Lease cannot be held: {problem}"
            return "the store is not claimed yet" if self._claiming and not self._worked else None
        return self._vitals.refused() if self._worked else self._vitals.unready()

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            async with self._elector.leading(least_term=self._least_term) as (term, lost):
                self._least_term = term + 1  # not even one process leads twice under one term
                metrics.TERM.labels(self._settings.cluster).set(term)
                try:
                    with metrics.LEADING.labels(self._settings.cluster).track_inprogress():
                        await _until(lost, self._lead(term))
                except* Fenced as group:
                    self._least_term = _stored_term(group) + 1
                    log.warning("another leader writes, standing by", term=term)
                except* NameTaken as group:
                    log.warning("Redis was emptied and another was first", problem=str(group.exceptions[0]))
                finally:
                    gc.unfreeze()  # what is dropped now refers to itself in circles
                    self._vitals, self._claiming, self._taken = None, False, None
                    WATCHES.hide(self._settings.cluster)

    async def _lead(self, term: int) -> None:
        pen, held = await self._begin(term)
        self._vitals = vitals = Vitals(self._clock, changed=self._wake.set)
        WATCHES.show(self._settings.cluster, vitals)
        ledger = Ledger(self._settings.rules, held)
        outbox = Outbox(
            self._writer,
            pen,
            everything=lambda: dict(ledger.resources),
            vitals=vitals.beat,
            cluster=self._settings.cluster,
        )
        forest = Forest(
            self._settings.cluster,
            self._kinds,
            self._settings.rules,
            labels=self._settings.service_labels,
            recall=ledger.resources.get,
        )
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(outbox.run())
            for reflector in self._reflectors(forest, vitals, gap=pen.loaded):
                tasks.create_task(reflector.run())
            await self._synced(vitals)
            await self._first_pass(forest, ledger, outbox, baseline=not pen.loaded)
            gc.collect()
            gc.freeze()  # most of it stays: no later collection need look at it, which takes longer than a batch
            tasks.create_task(self._judge(forest, ledger, outbox, vitals))
            for companion in self._companions:
                tasks.create_task(companion(outbox, ledger.resources.get))

    async def _begin(self, term: int) -> tuple[Pen, dict[Key, Resource]]:
        """The pen, and what the store holds: it tells what was published and what left while nobody watched."""
        self._claiming = True
        uid = await cluster_uid(self._kube)
        candidate = Candidate(holder=self._elector.identity, lease=self._elector.lease, cluster=uid)
        pen = await self._claim(term, candidate)
        held: dict[Key, Resource] | None = None if pen.loaded else {}
        while held is None:
            try:
                snapshot = await self._reader.snapshot(self._settings.cluster)
                if snapshot is not None and snapshot.cursor.epoch == pen.epoch:
                    held = dict(snapshot.resources)
                else:  # Redis lost everything meanwhile
                    pen = await self._claim(term, candidate)
                    held = None if pen.loaded else {}
            except MalformedObject as error:
                log.error("what Redis holds cannot be read, writing everything anew", problem=str(error))
                pen, held = await self._claim(term, candidate, lost=pen.epoch), {}
            except Fenced:
                raise
            except StoreError:
                await asyncio.sleep(RETRY)
        self._claiming = False
        return pen, held

    async def _claim(self, term: int, candidate: Candidate, *, lost: str = "") -> Pen:
        """Waits for a store that is away, and for a name that another has."""
        told = ""
        while True:
            try:
                pen = await self._writer.claim(term, lost=lost, candidate=candidate)
                self._taken = None
                return pen
            except Fenced:
                raise
            except StoreError as error:
                self._taken = str(error) if isinstance(error, NameTaken) else None
                if told != str(error):
                    told = str(error)
                    log.warning("the store cannot be claimed, trying again", problem=told)
                await asyncio.sleep(RETRY)

    def _reflectors(self, forest: Forest, vitals: Vitals, *, gap: bool) -> Iterator[Reflector]:
        """One for each resource and namespace, and one for the nodes, which no namespace has; whoever is limited to
        namespaces may be allowed to see them all the same. ``gap``: the store holds what an earlier leader saw.
        """

        def changed() -> None:
            vitals.heard()
            self._wake.set()

        for namespace in self._settings.namespaces or ("",):
            for one in variants(self._kinds).values():
                source = vitals.source(one.watched, namespace)
                sink = Intake(forest, one, source, changed=changed, gap=gap)
                yield self._reflector(one, sink, source, namespace)
            for kind in self._kinds:
                if kind.kept is not None:
                    source = vitals.source(kind.kept, namespace)
                    kept = KeptIntake(forest, kind, source, changed=changed)
                    yield self._reflector(KeptIntake.variants(kind), kept, source, namespace)
        if (reading := nodes_of(self._kinds)) is not None:
            nodes = NodeIntake(forest.nodes, vitals.source(reading.watched, ""), changed=changed)
            yield self._reflector(reading, nodes, nodes, "")

    def _reflector(self, what: Variants, sink: Sink, report: Report, namespace: str) -> Reflector:
        timing = Timing(timeout=self._settings.watch_timeout, silence=self._settings.watch_silence)
        return Reflector(self._kube, what, sink, report, namespace=namespace, timing=timing, clock=self._clock)

    async def _synced(self, vitals: Vitals) -> None:
        while vitals.unready():
            self._wake.clear()
            await self._wake.wait()
        self._worked = True
        log.info("synced", cluster=self._settings.cluster)

    async def _first_pass(self, forest: Forest, ledger: Ledger, outbox: Outbox, *, baseline: bool) -> None:
        """Everything is judged. What was an empty store when we came gets it as a whole, with no history to tell."""
        now = self._clock()
        for resource in tuple(ledger.resources.values()):
            forest.remember(resource, now)
        changes = await _judged(forest, ledger, now, baseline=baseline)
        changes += ledger.sweep(forest.__contains__, now)
        if not baseline:
            outbox.put(changes)
        outbox.open()

    async def _judge(self, forest: Forest, ledger: Ledger, outbox: Outbox, vitals: Vitals) -> None:
        """Judges what changed, a moment after it did, so that what comes together is judged once."""
        while True:
            due = min(filter(None, (forest.next_due, ledger.next_due)), default=None)
            with suppress(TimeoutError):
                async with asyncio.timeout(None if due is None else max(0.0, due - self._clock())):
                    await self._wake.wait()
            await asyncio.sleep(self._settings.batch_ms / 1000)
            self._wake.clear()
            now = self._clock()
            began = vitals.judges(now)
            changes = [*await _judged(forest, ledger, now), *ledger.ripe(now)]
            outbox.put(changes, waited=self._clock() - began)
            vitals.judging_since = None


async def _judged(forest: Forest, ledger: Ledger, now: float, *, baseline: bool = False) -> list[Change]:
    """The changes of all that is dirty. In slices: the Lease is renewed by the same loop, and a big cluster takes
    seconds. What comes meanwhile is judged with it, or the next time.
    """
    changes: list[Change] = []
    for number, one in enumerate(forest.judge(now), 1):
        changes += ledger.publish((one,), now, baseline=baseline)  # what is judged next may ask for what was published
        if not number % SLICE:
            await asyncio.sleep(0)
    return changes


async def _until(lost: asyncio.Task[None], work: Coroutine[None, None, None]) -> None:
    """Runs ``work`` until it fails or the lead is lost."""
    task = asyncio.create_task(work)
    try:
        await asyncio.wait({task, lost}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        while not task.done():  # whatever swallows a cancellation is told again: a deposed leader must not go on
            task.cancel()
            await asyncio.wait({task}, timeout=RETRY)
    if not task.cancelled():
        task.result()


def _stored_term(group: BaseExceptionGroup[Fenced]) -> int:
    terms = [_stored_term(one) if isinstance(one, BaseExceptionGroup) else one.stored for one in group.exceptions]
    return max(terms)
