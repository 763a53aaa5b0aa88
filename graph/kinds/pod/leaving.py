"""Rules on a pod that is being deleted: rows P01–P04, P06, P12, P65. deletionTimestamp contains the grace period."""

from __future__ import annotations

from collections.abc import Callable

from graph.kinds.pod.case import Case
from graph.kinds.pod.nodes import flipped, unreachable
from graph.kinds.shared.clock import INSTANT
from graph.kinds.shared.order import first
from graph.kinds.shared.text import closed
from graph.model import instant
from graph.model.status import State, Verdict


def being_deleted(case: Case) -> Verdict | None:
    """Once deletionTimestamp is set, one of these rows is the answer."""
    return None if case.pod.metadata.deletion_timestamp is None else first(_ORDER, case)


def _node_lost(case: Case) -> Verdict | None:
    """P04.

    NodeLost: its node stopped reporting while the pod was being deleted; its real state is not known.
    """
    if case.pod.status.reason != "NodeLost":
        return None
    message = f"Node {case.node_name} stopped reporting; the real state of the pod is not known."
    return case.told(State.UNKNOWN, "NodeLost", message, row="P04", hint="Restore or delete the node.")


def _finished(case: Case) -> Verdict | None:
    """P65.

    Terminating: it is being deleted, and it ends by itself.
    """
    if not case.finished or _overdue_since(case) is not None:
        return None
    return case.told(State.TERMINATING, "Terminating", "Finished pod is being removed.", row="P65")


def _on_lost_node(case: Case) -> Verdict | None:
    """P06."""
    return unreachable(case, flip=_evicted_by_taint(case) and flipped(case))


def _evicted_by_taint(case: Case) -> bool:
    disruption = case.holds("DisruptionTarget")
    return disruption is not None and disruption.reason == "DeletionByTaintManager"


def _overdue_since(case: Case) -> float | None:
    """When it should have been gone; None while that is ahead, or not known."""
    gone_at = _gone_at(case)
    return gone_at if gone_at is not None and case.clock.passed(gone_at + case.rules.term_slack) else None


def _gone_at(case: Case) -> float | None:
    return instant.parse(case.pod.metadata.deletion_timestamp)


def _held_by_finalizer(case: Case) -> Verdict | None:
    """P03.

    FinalizerBlockingDeletion: it should have been gone and waits for a finalizer.
    """
    gone_at, finalizers = _overdue_since(case), case.pod.metadata.finalizers
    if gone_at is None or not finalizers:
        return None
    message = f"Deletion was due at {instant.clock(gone_at)} and waits for finalizer {', '.join(finalizers)}."
    hint = "The finalizer's controller is not running or fails; look at its log before removing it by hand."
    began = gone_at + case.rules.term_slack + INSTANT
    return case.told(State.TERMINATING, "FinalizerBlockingDeletion", message, row="P03", hint=hint, began=began)


def _overdue(case: Case) -> Verdict | None:
    """P02.

    TerminationGracePeriodExceeded: it should have been gone; its kubelet has not finished.
    """
    gone_at = _overdue_since(case)
    if gone_at is None:
        return None
    due, began = instant.clock(gone_at), gone_at + case.rules.term_slack + INSTANT
    message = f"Pod should have been gone at {due}, but the kubelet of node {case.node_name} has not finished."
    hint = "Check the node, FailedKillPod and unmount events; force the deletion only if the node is really dead."
    return case.told(State.TERMINATING, "TerminationGracePeriodExceeded", message, row="P02", hint=hint, began=began)


def _preempted(case: Case) -> Verdict | None:
    """P12, of the scheduler.

    PreemptedByScheduler: the scheduler removes it for a pod with higher priority.
    """
    disruption = case.holds("DisruptionTarget")
    if disruption is None or disruption.reason != "PreemptionByScheduler":
        return None
    return case.told(
        State.TERMINATING,
        "PreemptedByScheduler",
        f"Pod was preempted for a pod with higher priority: {closed(disruption.message)}.",
        row="P12",
        hint="Raise its priorityClass or add capacity.",
        because=(disruption.cited(case.ref),),
        began=disruption.since,
    )


def _in_grace(case: Case) -> Verdict:
    """P01."""
    gone_at = _gone_at(case)
    until = "" if gone_at is None else f"; its grace period ends at {instant.clock(gone_at)}"
    message, hint = f"Pod is shutting down{until}.", "Nothing to do; it ends by itself."
    return case.told(State.TERMINATING, "Terminating", message, row="P01", hint=hint)


_ORDER: tuple[Callable[[Case], Verdict | None], ...] = (
    _node_lost,
    _finished,
    _on_lost_node,
    _held_by_finalizer,
    _overdue,
    _preempted,
    _in_grace,
)
