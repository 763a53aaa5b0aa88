"""The judge of pods: status-rules, section 3, in its order of evaluation; the first rule that answers decides."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import structs

from graph.config import Rules
from graph.kinds.pod import ended, leaving, nodes, placing, running, starting
from graph.kinds.pod.case import Case
from graph.kinds.pod.view import PodView
from graph.kinds.shared.clock import Clock
from graph.kinds.shared.order import decide, first
from graph.model.kind import Memory, Related
from graph.model.status import State, Verdict

Rule = Callable[[Case], Verdict | None]

_THEN: tuple[Rule, ...] = (
    placing.unplaced,
    placing.awaiting_kubelet,
    starting.initializing,
    running.container_trouble,
    starting.creating,
    running.blocked_completion,
    running.sidecar_trouble,
)
_NOT_READY: tuple[Rule, ...] = (
    running.readiness_gated,
    nodes.flipped_ready,
    running.startup_pending,
    running.not_ready_yet,
    running.not_ready,
)
_READY: tuple[Rule, ...] = (
    running.restarted_lately,
    running.resize_refused,
    running.runs,
)


def judge(view: PodView, related: Related, memory: Memory, rules: Rules, now: float) -> Verdict:
    """The verdict on a pod. Nothing of it is remembered: a pod tells all that is needed."""
    clock = Clock(now)
    case = Case(view, related, rules, clock)
    found = decide(_ORDER, case)
    return found if clock.next is None else structs.replace(found, recheck_at=clock.next)


def _node_not_ready(case: Case) -> Verdict | None:
    """P67, unless the pod has a worse problem of its own."""
    unready = nodes.not_ready(case)
    return None if unready is None or _of_containers(case).state is State.FAILED else unready


def _of_containers(case: Case) -> Verdict:
    """By what runs in it."""
    found = first(_THEN, case)
    if found is None:
        found = decide(_READY if case.holds("Ready") is not None else _NOT_READY, case)
    return found


_ORDER: tuple[Rule, ...] = (
    leaving.being_deleted,
    ended.phase_unknown,
    ended.succeeded,
    ended.failed,
    placing.not_observed,
    nodes.node_gone,
    nodes.node_unknown,
    _node_not_ready,
    _of_containers,
)
