"""DaemonSets: one pod on each node that they are for. Status-rules, section 6."""

from __future__ import annotations

from collections.abc import Callable

from graph.config import Rules
from graph.kinds.shared import placed, workload
from graph.kinds.shared.placed import PODS, PlacedFields, PlacedStatus, PlacedView
from graph.kinds.shared.text import plural
from graph.kinds.shared.workload import Case, Replicas, counted
from graph.model.kind import Kind, Memory, Related, Watched
from graph.model.status import State, Verdict


class DaemonSetStatus(PlacedStatus, frozen=True, gc=False, rename="camel"):
    """``status``: its counters count nodes."""

    desired_number_scheduled: int = 0
    current_number_scheduled: int = 0
    updated_number_scheduled: int = 0
    number_ready: int = 0
    number_available: int = 0
    number_misscheduled: int = 0


class DaemonSetView(PlacedView, frozen=True, gc=False, rename="camel"):
    """A DaemonSet."""

    status: DaemonSetStatus = DaemonSetStatus()

    @property
    def replicas(self) -> Replicas:
        """Its counters. A pod on a node that has become none of its own is there all the same."""
        told = self.status
        return Replicas(
            told.desired_number_scheduled,
            told.current_number_scheduled + told.number_misscheduled,
            told.updated_number_scheduled,
            told.number_ready,
            told.number_available,
        )


def project(view: DaemonSetView, related: Related, now: float) -> PlacedFields:
    """The public fields of a DaemonSet."""
    return placed.public(view.replicas, view)


def judge(view: DaemonSetView, related: Related, memory: Memory, rules: Rules, now: float) -> Verdict:
    """The verdict on a DaemonSet."""
    case = workload.case_of(view, related, memory, rules, now, words="nodes have it available")
    return workload.conclude(_ORDER, view, case)


def _refused(view: DaemonSetView, case: Case) -> Verdict | None:
    """DS08."""
    missing = view.status.current_number_scheduled < case.replicas.desired
    return placed.refused(case, missing=missing, by="daemonset-controller", row="DS08")


def _lost(view: DaemonSetView, case: Case) -> Verdict | None:
    """DS07, whatever the counters say: the controller no longer counts a node that is lost."""
    return placed.lost(case, row="DS07")


def _no_node(view: DaemonSetView, case: Case) -> Verdict | None:
    """DS04.

    NoMatchingNodes: no node matches, so that nothing has to run.
    """
    if case.replicas.desired:
        return None
    return case.told(State.HEALTHY, "NoMatchingNodes", "No node matches: nothing has to run.", row="DS04")


def _pod_failed(view: DaemonSetView, case: Case) -> Verdict | None:
    """DS03."""
    return workload.pod_failed(case, row="DS03")


def _pod_degraded(view: DaemonSetView, case: Case) -> Verdict | None:
    """DS03."""
    return workload.pod_degraded(case, case.live, row="DS03")


def _rolling_out(view: DaemonSetView, case: Case) -> Verdict | None:
    """DS02.

    RollingOut: pods are missing or of the old revision, and they show no error.
    """
    told = case.replicas
    to_update = 0 if view.by_hand else told.desired
    if told.available >= told.desired and told.updated >= to_update:
        return None
    message = f"Rolling out: {told.updated}/{told.desired} nodes updated, {counted(case)}."
    pod = workload.worst_of(case.live, State.PROGRESSING)
    return case.told(State.PROGRESSING, "RollingOut", message, row="DS02", pod=pod)


def _available(view: DaemonSetView, case: Case) -> Verdict:
    """DS01, DS05, DS06.

    Available: it is available on all its nodes.
    OnDeletePendingUpdate: it is available on all its nodes; some pods wait to be updated until somebody deletes them.
    """
    told, strays = case.replicas, view.status.number_misscheduled
    message = f"It is available on {'its only node' if told.desired == 1 else f'all {told.desired} nodes'}."
    if told.updated < told.desired:
        message = f"{message} {told.updated}/{told.desired} pods are updated: each is when somebody deletes it."
        hint = "Delete pods by hand to update them."
        return case.told(State.HEALTHY, "OnDeletePendingUpdate", message, row="DS05", hint=hint)
    if strays:
        message = f"{message} Beside them, on nodes that are none of its own: {plural(strays, 'pod')}."
    return case.told(State.HEALTHY, "Available", message, row="DS06" if strays else "DS01")


_ORDER: tuple[Callable[[DaemonSetView, Case], Verdict | None], ...] = (
    placed.being_deleted,
    placed.unobserved,
    _refused,
    _lost,
    _no_node,
    _pod_failed,
    _pod_degraded,
    _rolling_out,
    placed.attention,
    _available,
)

KIND = Kind(
    name="DAEMON_SET",
    type_name="DaemonSet",
    plural="daemonSets",
    description="A Kubernetes DaemonSet: one pod on each of its nodes.",
    resource=Watched(api_version="apps/v1", plural="daemonsets", kind="DaemonSet"),
    view=DaemonSetView,
    fields=PlacedFields,
    project=project,
    judge=judge,
    relations=(PODS,),
)
