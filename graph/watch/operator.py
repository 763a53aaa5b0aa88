"""The operator: waits for the lead, then watches, judges and writes until the lead is lost; over and over.

While it leads: reflectors → forest → (judge) → ledger → outbox → Redis, all in one event loop. Whatever fails inside
is tried again inside; a lost lead ends all of it at once, so that a deposed leader has nothing left that could write.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import suppress
from typing import Protocol

import structlog

from graph.config import Settings
from graph.errors import Fenced, MalformedObject, StoreError
from graph.judging.decode import Variants, nodes_of, variants
from graph.judging.forest import Forest
from graph.judging.ledger import Ledger
from graph.kube.client import Kube
from graph.model.kind import Kind
from graph.model.ref import Key
from graph.model.resource import Resource
from graph.store.outbox import Outbox
from graph.store.protocols import Pen, Reader, Writer
from graph.watch.intake import Intake, KeptIntake, NodeIntake
from graph.watch.lease import Elector
from graph.watch.reflector import Reflector, Report, Sink, Timing
from graph.watch.vitals import Vitals

RETRY = 1.0
"""Seconds before a leader that could not take the pen tries again."""

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
        self._wake = asyncio.Event()

    def unready(self) -> str | None:
        """Why this process is not doing its work; None when it is. A standby is ready: it stands by.

        Once it worked, only a missing right makes it unready: an outage of the API server or of Redis is told by
        freshness.
        """
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
                try:
                    await _until(lost, self._lead(term))
                except* Fenced as group:
                    self._least_term = _stored_term(group) + 1
                    log.warning("another leader writes, standing by", term=term)
                finally:
                    self._vitals, self._claiming = None, False

    async def _lead(self, term: int) -> None:
        pen, held = await self._begin(term)
        self._vitals = vitals = Vitals(self._clock, changed=self._wake.set)
        ledger = Ledger(self._settings.rules, held)
        outbox = Outbox(self._writer, pen, everything=lambda: dict(ledger.resources), vitals=vitals.beat)
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
            self._first_pass(forest, ledger, outbox)
            tasks.create_task(self._judge(forest, ledger, outbox))
            for companion in self._companions:
                tasks.create_task(companion(outbox, ledger.resources.get))

    async def _begin(self, term: int) -> tuple[Pen, dict[Key, Resource]]:
        """The pen, and what the store holds: it tells what was published and what left while nobody watched."""
        self._claiming = True
        pen = await self._claim(term)
        held: dict[Key, Resource] | None = None if pen.loaded else {}
        while held is None:
            try:
                snapshot = await self._reader.snapshot(self._settings.cluster)
                held = dict(snapshot.resources) if snapshot is not None else {}
            except MalformedObject as error:
                log.error("what Redis holds cannot be read, writing everything anew", problem=str(error))
                pen, held = await self._claim(term, lost=pen.epoch), {}
            except StoreError:
                await asyncio.sleep(RETRY)
        self._claiming = False
        return pen, held

    async def _claim(self, term: int, *, lost: str = "") -> Pen:
        """Waits for a store that is away."""
        told = ""
        while True:
            try:
                return await self._writer.claim(term, lost=lost)
            except Fenced:
                raise
            except StoreError as error:
                if told != str(error):
                    told = str(error)
                    log.warning("the store cannot be claimed, trying again", problem=told)
                await asyncio.sleep(RETRY)

    def _reflectors(self, forest: Forest, vitals: Vitals, *, gap: bool) -> Iterator[Reflector]:
        """One for each resource and namespace, and one for the nodes, which no namespace has; whoever is limited to
        namespaces may be allowed to see them all the same. ``gap``: the store holds what an earlier leader saw.
        """
        for namespace in self._settings.namespaces or ("",):
            for one in variants(self._kinds).values():
                source = vitals.source(one.watched, namespace)
                sink = Intake(forest, one, source, changed=self._wake.set, gap=gap)
                yield self._reflector(one, sink, source, namespace)
            for kind in self._kinds:
                if kind.kept is not None:
                    source = vitals.source(kind.kept, namespace)
                    kept = KeptIntake(forest, kind, source, changed=self._wake.set)
                    yield self._reflector(KeptIntake.variants(kind), kept, source, namespace)
        if (reading := nodes_of(self._kinds)) is not None:
            nodes = NodeIntake(forest.nodes, vitals.source(reading.watched, ""), changed=self._wake.set)
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

    def _first_pass(self, forest: Forest, ledger: Ledger, outbox: Outbox) -> None:
        """Everything is judged at once. Into an empty store it goes as a whole, with no history to tell."""
        now, baseline = self._clock(), not outbox.pen.loaded
        for resource in tuple(ledger.resources.values()):
            forest.remember(resource, now)
        changes = list(ledger.publish(forest.judge(now), now, baseline=baseline))
        changes += ledger.sweep(forest.__contains__, now)
        if not baseline:
            outbox.put(changes)
        outbox.open()

    async def _judge(self, forest: Forest, ledger: Ledger, outbox: Outbox) -> None:
        """Judges what changed, a moment after it did, so that what comes together is judged once."""
        while True:
            due = min(filter(None, (forest.next_due, ledger.next_due)), default=None)
            with suppress(TimeoutError):
                async with asyncio.timeout(None if due is None else max(0.0, due - self._clock())):
                    await self._wake.wait()
            await asyncio.sleep(self._settings.batch_ms / 1000)
            self._wake.clear()
            now = self._clock()
            outbox.put([*ledger.publish(forest.judge(now), now), *ledger.ripe(now)])


async def _until(lost: asyncio.Task[None], work: Coroutine[None, None, None]) -> None:
    """Runs ``work`` until it fails or the lead is lost."""
    task = asyncio.create_task(work)
    try:
        await asyncio.wait({task, lost}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        if not task.done():
            task.cancel()
            await asyncio.wait({task})
    if not task.cancelled():
        task.result()


def _stored_term(group: BaseExceptionGroup[Fenced]) -> int:
    terms = [_stored_term(one) if isinstance(one, BaseExceptionGroup) else one.stored for one in group.exceptions]
    return max(terms)
