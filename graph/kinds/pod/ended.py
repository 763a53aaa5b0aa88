"""Rules on a pod whose phase says that it ended: rows P05, P07–P16, P43, P50."""

from __future__ import annotations

from collections.abc import Callable

from graph.kinds.pod.case import Case
from graph.kinds.pod.containers import Trouble, finished_at, gave_up, termination
from graph.kinds.shared.hints import kubectl
from graph.kinds.shared.order import first
from graph.kinds.shared.text import closed
from graph.model.status import State, Verdict

_LOST = "ContainerStatusUnknown"
_REASONS: dict[str, tuple[str, str, str, str]] = {
    # status.reason → our reason, row, message, hint
    "Evicted": (
        "Evicted",
        "P10",
        "Pod was evicted: {said}.",
        "Set requests near real usage; free memory or disk on the node.",
    ),
    "Preempting": (
        "Preempting",
        "P12",
        "Pod was preempted for a pod with higher priority: {said}.",
        "Raise its priorityClass or add capacity.",
    ),
    "Terminated": (
        "NodeShutdown",
        "P13",
        "Pod was stopped because node {node} shut down.",
        "Its controller has already replaced it; the record can be deleted.",
    ),
    "DeadlineExceeded": (
        "DeadlineExceeded",
        "P14",
        "Pod ran longer than activeDeadlineSeconds {deadline}.",
        "Raise the deadline or make the task faster.",
    ),
}
_REASONS["Shutdown"] = _REASONS["Terminated"]
_REJECTED = (
    "P15",
    "The kubelet rejected the pod: {said}.",
    "Its controller creates another; fix requests, labels or affinity.",
)


def phase_unknown(case: Case) -> Verdict | None:
    """P05.

    PhaseUnknown: its kubelet no longer reports it.
    """
    if case.pod.status.phase != "Unknown":
        return None
    message, hint = "The kubelet no longer reports this pod.", f"Check node {case.node_name}."
    return case.told(State.UNKNOWN, "PhaseUnknown", message, row="P05", hint=hint)


def succeeded(case: Case) -> Verdict | None:
    """P07, P50: how sidecars ended afterwards does not matter.

    Completed: its containers ended with success.
    """
    if case.pod.status.phase != "Succeeded":
        return None
    return case.told(State.HEALTHY, "Completed", "Pod finished successfully.", row="P07", began=_ended_at(case))


def failed(case: Case) -> Verdict | None:
    """P08–P16, P43: the pod's own reason comes first, since states of containers hide an eviction."""
    return first(_FAILED, case) if case.pod.status.phase == "Failed" else None


def _by_reason(case: Case) -> Verdict | None:
    """P10–P15.

    Evicted: it was removed from its node, mostly for lack of memory or disk there.
    Preempting: the kubelet removed it for a pod with higher priority.
    NodeShutdown: its node shut down, or would not take it while it did.
    DeadlineExceeded: it ran longer than its activeDeadlineSeconds.
    …: the kubelet rejected it; the word is the kubelet's own, such as OutOfcpu or NodeAffinity.
    """
    status = case.pod.status
    if not status.reason:
        return None
    reason, row, message, hint = _REASONS.get(status.reason, (status.reason, *_REJECTED))
    if row == "P10" and status.container_statuses:
        row = "P11"
    said = closed(status.message)
    message = message.format(said=said, node=case.node_name, deadline=case.pod.spec.active_deadline_seconds)
    because = case.own(status.reason, status.message or message, at=_ended_at(case))
    return case.told(State.FAILED, reason, message, row=row, hint=hint, because=because, began=_ended_at(case))


def _disrupted(case: Case) -> Verdict | None:
    """P16: something took the pod away.

    …: something took it away; the word is that of its condition DisruptionTarget, such as DeletionByPodGC.
    """
    disruption = case.holds("DisruptionTarget")
    if disruption is None:
        return None
    lost = any(one.status.state.terminated and one.status.state.terminated.reason == _LOST for one in case.regular())
    reason = _LOST if lost else disruption.reason or "DisruptionTarget"
    return case.told(
        State.FAILED,
        reason,
        f"Pod was taken away, its outcome is not known: {closed(disruption.message, otherwise=reason)}.",
        row="P16",
        hint="Check that a replacement runs.",
        because=(disruption.cited(case.ref),),
        began=disruption.since,
    )


def _init_failed(case: Case) -> Verdict | None:
    """P43.

    InitContainerFailed: an init container ended with an error, nobody restarts it, and the pod was given up.
    """
    for one in case.inits():
        problem = None if one.spec.sidecar else gave_up(one)
        if problem is not None:
            message = f"{problem.message[:-1]}; the pod was given up."
            return _because_of(case, problem, reason="InitContainerFailed", message=message, row="P43")
    return None


def _container_failed(case: Case) -> Verdict | None:
    """P08, P09: the first container that ended with an error."""
    problem = next((found for one in case.regular() if (found := gave_up(one)) is not None), None)
    if problem is None:
        return None
    return _because_of(case, problem, reason=problem.reason, message=problem.message, row=problem.row)


def _outcome_lost(case: Case) -> Verdict | None:
    """P16: a kubelet came back and no longer knew the first container that ended with an error.

    ContainerStatusUnknown: its node lost track of a container; how that ended is not known.
    """
    one = next((one for one in case.regular() if gave_up(one) is not None), None)
    ended = one.status.state.terminated if one is not None else None
    if one is None or ended is None or ended.reason != _LOST:
        return None
    message = f"Node {case.node_name} lost track of {one.name}; its outcome is not known."
    because = (termination(one, ended),)
    return case.told(State.FAILED, _LOST, message, row="P16", hint="Check that a replacement runs.", because=because)


def _without_cause(case: Case) -> Verdict:
    """P08, with nothing that tells why."""
    hint = f"See {kubectl(case.ref, f'describe pod {case.ref.name}')}."
    return case.told(State.FAILED, "ContainerFailed", "Pod has failed; no container tells why.", row="P08", hint=hint)


def _because_of(case: Case, problem: Trouble, *, reason: str, message: str, row: str) -> Verdict:
    return case.told(
        State.FAILED, reason, message, row=row, hint=problem.hint, because=problem.because, began=problem.began
    )


def _ended_at(case: Case) -> float | None:
    """When the last of its containers ended; else when it stopped being ready."""
    ends = [finished_at(status.state.terminated) for status in case.pod.status.container_statuses]
    known = [end for end in ends if end is not None]
    ready = case.condition("Ready")
    return max(known) if known else ready.since if ready else None


_FAILED: tuple[Callable[[Case], Verdict | None], ...] = (
    _by_reason,
    _disrupted,
    _init_failed,
    _outcome_lost,
    _container_failed,
    _without_cause,
)
