"""The judge of Jobs: status-rules, section 7, in its order; the first rule that answers decides."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import structs

from graph.config import Rules
from graph.kinds.job import ending, running
from graph.kinds.shared.jobs import JobCase, JobView, case_of
from graph.kinds.shared.order import decide
from graph.model.kind import Memory, Related
from graph.model.status import Verdict

_ORDER: tuple[Callable[[JobCase], Verdict | None], ...] = (
    ending.being_deleted,
    ending.failed,
    ending.complete,
    ending.failing,
    ending.succeeding,
    running.suspended,
    running.paused_by_parallelism,
    running.not_started,
    running.refused,
    running.cannot_start,
    running.crashing,
    running.sidecar_left,
    running.indexes_failed,
    running.retrying,
    running.waiting_for_terminating,
    running.pod_degraded,
    running.no_pods,
    running.lost,
    running.runs,
)


def judge(view: JobView, related: Related, memory: Memory, rules: Rules, now: float) -> Verdict:
    """The verdict on a Job."""
    case = case_of(view, related, memory, rules, now)
    found = decide(_ORDER, case)
    return structs.replace(found, recheck_at=case.clock.next)
