"""Rules on a pod that is not bound to a node, or that its kubelet has not touched: rows P17–P22, P64."""

from __future__ import annotations

from graph.kinds.pod.case import SHORTLY, Case
from graph.kinds.pod.starting import pending_since
from graph.kinds.shared.clock import INSTANT
from graph.kinds.shared.conditions import Condition
from graph.kinds.shared.events import cited, true_time, with_reason
from graph.kinds.shared.text import clean, closed
from graph.model import instant
from graph.model.status import Cause, State, Verdict

_FIT = (
    "Insufficient resources: lower requests or add nodes. Taints: add a toleration. Affinity or selector: check labels."
    " Unbound volume claims: check the storage class and the volumes."
)
_SCALE_UP = frozenset({"TriggeredScaleUp", "Nominated"})


def not_observed(case: Case) -> Verdict | None:
    """P64: no phase.

    NotObserved: nothing has reported a phase of it; UNKNOWN when that lasts.
    """
    if case.pod.status.phase:
        return None
    young = case.clock.younger(case.created, SHORTLY)
    if young:
        message = "Pod was just created."
        return case.told(State.PROGRESSING, "NotObserved", message, row="P64", began=case.created)
    began = case.created + SHORTLY if case.created is not None else None
    message = "Nothing has ever reported a phase of this pod."
    return case.told(
        State.UNKNOWN, "NotObserved", message, row="P64", hint="Check the API server and admission.", began=began
    )


def unplaced(case: Case) -> Verdict | None:
    """P17–P21: no node."""
    if case.pod.spec.node_name:
        return None
    scheduled = case.condition("PodScheduled")
    if case.pod.spec.scheduling_gates or (scheduled is not None and scheduled.reason == "SchedulingGated"):
        return _gated(case, scheduled)
    if scheduled is None or scheduled.status != "False":
        return _unseen(case)
    return _preempting(case, scheduled) or _scheduling(case, scheduled) or _unschedulable(case, scheduled)


def _gated(case: Case, scheduled: Condition | None) -> Verdict:
    """P17.

    SchedulingGated: a scheduling gate holds it back on purpose.
    """
    gates = ", ".join(gate.name for gate in case.pod.spec.scheduling_gates) or "that is being removed"
    return case.told(
        State.SUSPENDED,
        "SchedulingGated",
        f"Scheduling is held back by gate {gates}.",
        row="P17",
        hint="The owner of the gate (e.g. Kueue) must remove it.",
        because=(scheduled.cited(case.ref),) if scheduled else (),
        began=scheduled.since if scheduled else None,
    )


def _unseen(case: Case) -> Verdict:
    """P18, P21: no scheduler has looked at it.

    NotScheduled: no scheduler has looked at it, and it is no longer young.
    """
    if case.clock.within(case.created, SHORTLY):
        return case.told(State.PROGRESSING, "Scheduling", "Waiting for the scheduler.", row="P18", began=case.created)
    since = f" since {instant.clock(case.created)}" if case.created is not None else ""
    message = f"No scheduler has looked at the pod{since}."
    hint = f"spec.schedulerName is {clean(case.pod.spec.scheduler_name)}: is it running?"
    began = case.created + SHORTLY + INSTANT if case.created is not None else None
    return case.told(State.DEGRADED, "NotScheduled", message, row="P21", hint=hint, began=began)


def _preempting(case: Case, scheduled: Condition) -> Verdict | None:
    """P20: pods of lower priority make room.

    WaitingForPreemption: pods with lower priority are being removed to make room for it.
    """
    nominated = case.pod.status.nominated_node_name
    if not nominated:
        return None
    message = f"Pods of lower priority are being removed from node {nominated}."
    because = (scheduled.cited(case.ref),)
    return case.told(
        State.PROGRESSING, "WaitingForPreemption", message, row="P20", because=because, began=scheduled.since
    )


def _scheduling(case: Case, scheduled: Condition) -> Verdict | None:
    """P18: the first refusal is often overtaken.

    Scheduling: it waits for the scheduler; a first refusal is often overtaken.
    """
    if not case.clock.younger(scheduled.since, case.rules.sched_grace):
        return None
    because = (scheduled.cited(case.ref),)
    message = "Waiting for the scheduler."
    return case.told(State.PROGRESSING, "Scheduling", message, row="P18", because=because, began=scheduled.since)


def _unschedulable(case: Case, scheduled: Condition) -> Verdict:
    """P19; P20 while a node is being added.

    Unschedulable: no node fits.
    WaitingForScaleUp: no node fits, and a new one is being added.
    """
    scale_ups = with_reason(case.events, _SCALE_UP)
    because: tuple[Cause, ...] = (scheduled.cited(case.ref),)
    began = scheduled.since + case.rules.sched_grace if scheduled.since is not None else None
    if scale_ups:
        asked = true_time(scale_ups[-1])
        if case.clock.younger(asked, case.rules.scaleup):
            message = f"A new node is being added: {closed(scale_ups[-1].message)}."
            because = (*because, cited(scale_ups[-1], case.ref))
            return case.told(State.PROGRESSING, "WaitingForScaleUp", message, row="P20", because=because, began=asked)
        began = max(began or 0.0, asked + case.rules.scaleup)
    message = f"No node fits: {closed(scheduled.message)}."
    return case.told(State.FAILED, "Unschedulable", message, row="P19", hint=_FIT, because=because, began=began)


def awaiting_kubelet(case: Case) -> Verdict | None:
    """P22: bound, and no container has a status.

    AwaitingKubelet: it is bound to a node whose kubelet has not touched it; DEGRADED when that lasts.
    """
    if case.pod.status.container_statuses or case.pod.status.init_container_statuses:
        return None
    since = pending_since(case)
    message = f"Bound to node {case.node_name}, waiting for its kubelet."
    if case.clock.within(since, SHORTLY):
        return case.told(State.PROGRESSING, "AwaitingKubelet", message, row="P22", began=since)
    began = since + SHORTLY + INSTANT if since is not None else None
    hint = f"Check the kubelet of node {case.node_name}."
    return case.told(State.DEGRADED, "AwaitingKubelet", message, row="P22", hint=hint, began=began)
