"""The judge of CronJobs: status-rules, section 8, in its order; the first rule that answers decides."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import structs

from graph.config import Rules
from graph.kinds.cronjob import outcome, starting
from graph.kinds.cronjob.case import Case, case_of
from graph.kinds.cronjob.view import CronjobView
from graph.kinds.shared.order import decide
from graph.model.kind import Memory, Related
from graph.model.status import Verdict

_ORDER: tuple[Callable[[Case], Verdict | None], ...] = (
    starting.being_deleted,
    starting.suspended,
    starting.unknown_zone,
    starting.never_fires,
    starting.refused,
    starting.overlap_skipped,
    starting.never_scheduled,
    starting.stale,
    outcome.failing_again_and_again,
    starting.missed,
    outcome.last_run_failed,
    starting.zone_in_schedule,
    outcome.piling_up,
    outcome.replaced,
    outcome.active_failing,
    outcome.active,
    starting.too_many_missed,
    outcome.scheduled,
)


def judge(view: CronjobView, related: Related, memory: Memory, rules: Rules, now: float) -> Verdict:
    """The verdict on a CronJob; it is judged again at its next tick at the latest, since that changes the next run."""
    case = case_of(view, related, memory, rules, now)
    found = decide(_ORDER, case)
    upcoming = view.next_run(now)
    if upcoming is not None:
        case.clock.reached(upcoming)
    return structs.replace(found, recheck_at=case.clock.next)
