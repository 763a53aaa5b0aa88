"""A CronJob to be judged: its runs, what is active, and which ticks are due. All rules share it."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from graph.config import Rules
from graph.kinds.cronjob.view import ActiveRun, CronjobView
from graph.kinds.shared import cron
from graph.kinds.shared.causes import cause
from graph.kinds.shared.clock import Clock
from graph.kinds.shared.cron import Schedule
from graph.kinds.shared.edits import last_edit
from graph.kinds.shared.events import Event, true_time, with_reason, written_by
from graph.kinds.shared.jobs import JobView
from graph.kinds.shared.runs import BUILD, JOB, manual
from graph.model import instant
from graph.model.kind import Child, Memory, Related
from graph.model.ref import ObjectRef
from graph.model.status import Cause, Evidence

CONTROLLER = "cronjob-controller"
STALE = 3
"""Due ticks without a run after which a miss is no accident any more (C10)."""
_MOST = 101
"""Ticks that are counted at most; the controller too stops at 100."""


class Case(Struct, gc=False):
    """See the module."""

    view: CronjobView
    ref: ObjectRef
    events: tuple[Event, ...]
    memory: Memory
    rules: Rules
    clock: Clock
    schedule: Schedule | None
    edited: float | None
    base: float
    """``lastScheduleTime``, else its creation."""
    anchor: float
    """From here on ticks can be due: a changed or resumed CronJob waits for its next tick."""
    runs: list[Child]
    """The scheduled runs that still exist, oldest tick first. Manual ones never count."""
    by_hand: list[Child]
    """The manual ones."""
    active: list[ActiveRun]
    """Runs of which nobody knows that they have ended."""
    due: list[float]
    """Ticks that should have been started by now, the first STALE of them."""

    @property
    def forbids(self) -> bool:
        """Whether a run waits until the one before it has ended."""
        return self.view.spec.concurrency_policy == "Forbid"

    @property
    def replaces(self) -> bool:
        """Whether a run ends the one before it."""
        return self.view.spec.concurrency_policy == "Replace"

    def ticks(self, after: float, until: float) -> list[float]:
        """The ticks in ``(after, until]``, as many as matter."""
        if self.schedule is None:
            return []
        return cron.ticks(self.schedule, after=after, until=until, base=self.base, most=_MOST)

    def recent(self, reasons: tuple[str, ...], span: float) -> Event | None:
        """The controller's last event of these reasons, if it is young enough and newer than the last edit."""
        for event in reversed(with_reason(self.events, reasons)):
            at = true_time(event)
            if written_by(event) == CONTROLLER and at >= (self.edited or 0.0) and self.clock.within(at, span):
                return event
        return None

    def scheduled(self, reason: str, message: str, tick: float | None = None) -> tuple[Cause, ...]:
        """The schedule itself as evidence: that a tick came, or can never come."""
        return (cause(self.ref, reason=reason, message=message, evidence=Evidence.SCHEDULE, at=tick),)

    def active_children(self) -> list[Child]:
        """The active runs that are known to this graph."""
        uids = {run.uid for run in self.active}
        return [run for run in self.runs if run.ref.uid in uids]

    def next_words(self) -> str:
        """For the end of a message."""
        at = self.view.next_run(self.clock.now)
        return "" if at is None else f" The next run is due at {instant.clock(at)}."


def case_of(view: CronjobView, related: Related, memory: Memory, rules: Rules, now: float) -> Case:
    """The facts that all rules share."""
    clock = Clock(now)
    children = [child for child in related.children if child.kind in (JOB, BUILD)]
    runs = sorted((child for child in children if not manual(child.view)), key=tick_of)
    ended = {run.ref.uid for run in runs if finished_at(run) is not None}
    edited = last_edit(view.metadata.managed_fields, memory)
    base = view.base
    anchor = max(base, edited or base) or now
    schedule = view.schedule
    case = Case(
        view,
        related.ref,
        related.events,
        memory,
        rules,
        clock,
        schedule,
        edited,
        base,
        anchor,
        runs,
        [child for child in children if manual(child.view)],
        [run for run in view.status.active if run.uid not in ended],
        [],
    )
    if schedule is not None and not view.spec.suspend:
        case.due.extend(_due(case, schedule))
    return case


def _due(case: Case, schedule: Schedule) -> Iterator[float]:
    """The controller has TICK_GRACE from the tick on; under Forbid from the end of the run that was in its way."""
    ends = [finished_at(run) or 0.0 for run in case.runs] if case.forbids else []
    free = max(ends, default=0.0)
    tick = schedule.first(case.anchor, base=case.base)
    for _ in range(STALE):
        if tick is None or not case.clock.reached(max(tick, free) + case.rules.tick_grace):
            return
        yield tick
        tick = schedule.first(tick, base=case.base)


def tick_of(run: Child) -> float:
    """The tick that a run was made for."""
    view: JobView = run.view
    return view.tick or 0.0


def failed(run: Child) -> bool:
    """Whether it ended with an error."""
    view: JobView = run.view
    return view.holds("Failed") is not None


def finished_at(run: Child) -> float | None:
    """When it ended; None while it has not."""
    view: JobView = run.view
    return view.finished_at
