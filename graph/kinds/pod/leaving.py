"""Rules on a pod that is being deleted: rows P01–P04, P06, P12, P65. deletionTimestamp contains the grace period."""

from __future__ import annotations

from graph.kinds.pod.case import Case
from graph.kinds.pod.nodes import flipped, unreachable
from graph.kinds.shared.clock import INSTANT
from graph.kinds.shared.text import closed
from graph.model import instant
from graph.model.status import State, Verdict


def being_deleted(case: Case) -> Verdict | None:
    """The only rule here: once deletionTimestamp is set, one of these rows is the answer."""
    if case.pod.metadata.deletion_timestamp is None:
        return None
    gone_at = instant.parse(case.pod.metadata.deletion_timestamp) or 0.0
    overdue = case.clock.passed(gone_at + case.rules.term_slack)
    if case.pod.status.reason == "NodeLost":
        return _node_lost(case)
    if case.finished and not overdue:
        return case.told(State.TERMINATING, "Terminating", "Finished pod is being removed.", row="P65")
    lost = unreachable(case, flip=_evicted_by_taint(case) and flipped(case))
    if lost is not None:
        return lost
    return _overdue(case, gone_at) if overdue else _preempted(case) or _in_grace(case, gone_at)


def _evicted_by_taint(case: Case) -> bool:
    disruption = case.holds("DisruptionTarget")
    return disruption is not None and disruption.reason == "DeletionByTaintManager"


def _node_lost(case: Case) -> Verdict:
    """P04."""
    message = f"Node {case.node_name} stopped reporting; the real state of the pod is not known."
    return case.told(State.UNKNOWN, "NodeLost", message, row="P04", hint="Restore or delete the node.")


def _overdue(case: Case, gone_at: float) -> Verdict:
    """P02, P03."""
    began = gone_at + case.rules.term_slack + INSTANT
    due = instant.clock(gone_at)
    if finalizers := case.pod.metadata.finalizers:
        message = f"Deletion was due at {due} and waits for finalizer {', '.join(finalizers)}."
        hint = "The finalizer's controller is not running or fails; look at its log before removing it by hand."
        return case.told(State.TERMINATING, "FinalizerBlockingDeletion", message, row="P03", hint=hint, began=began)
    message = f"Pod should have been gone at {due}, but the kubelet of node {case.node_name} has not finished."
    hint = "Check the node, FailedKillPod and unmount events; force the deletion only if the node is really dead."
    return case.told(State.TERMINATING, "TerminationGracePeriodExceeded", message, row="P02", hint=hint, began=began)


def _preempted(case: Case) -> Verdict | None:
    """P12, of the scheduler."""
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


def _in_grace(case: Case, gone_at: float) -> Verdict:
    """P01."""
    message = f"Pod is shutting down; its grace period ends at {instant.clock(gone_at)}."
    return case.told(State.TERMINATING, "Terminating", message, row="P01", hint="Nothing to do; it ends by itself.")
