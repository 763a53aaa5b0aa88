"""StatefulSets: pods with an ordinal. Status-rules, section 6: no condition and no deadline ever tells of trouble."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import structs

from graph.config import Rules
from graph.kinds.shared import placed, workload
from graph.kinds.shared.placed import PODS, PlacedFields, PlacedSpec, PlacedStatus, PlacedView
from graph.kinds.shared.pods import HELD, overdue
from graph.kinds.shared.workload import Case, Replicas, counted, words_of
from graph.model.kind import Kind, Memory, Related, Watched
from graph.model.status import State, Verdict


class StatefulSetSpec(PlacedSpec, frozen=True, gc=False, rename="camel"):
    """``spec``."""

    replicas: int = 1


class StatefulSetStatus(PlacedStatus, frozen=True, gc=False, rename="camel"):
    """``status``."""

    replicas: int = 0
    updated_replicas: int = 0
    ready_replicas: int = 0
    available_replicas: int = 0
    current_revision: str = ""
    update_revision: str = ""


class StatefulSetView(PlacedView, frozen=True, gc=False, rename="camel"):
    """A StatefulSet."""

    spec: StatefulSetSpec = StatefulSetSpec()
    status: StatefulSetStatus = StatefulSetStatus()

    @property
    def replicas(self) -> Replicas:
        """Its counters."""
        told = self.status
        return Replicas(
            self.spec.replicas, told.replicas, told.updated_replicas, told.ready_replicas, told.available_replicas
        )

    @property
    def partition(self) -> int:
        """Pods below this ordinal stay on the old revision."""
        return 0 if self.by_hand else self.spec.update_strategy.rolling_update.partition

    @property
    def to_update(self) -> int:
        """How many pods the controller itself brings to the new revision."""
        return 0 if self.by_hand else max(self.spec.replicas - self.partition, 0)

    @property
    def in_rollout(self) -> bool:
        """Whether the controller has a rollout to finish; with OnDelete it never has, and never says that one ended."""
        return not self.by_hand and self.status.current_revision != self.status.update_revision


def project(view: StatefulSetView, related: Related, now: float) -> PlacedFields:
    """The public fields of a StatefulSet."""
    return placed.public(view.replicas, view)


def judge(view: StatefulSetView, related: Related, memory: Memory, rules: Rules, now: float) -> Verdict:
    """What others call available is ready here."""
    ready = structs.replace(view.replicas, available=view.status.ready_replicas)
    case = workload.case_of(view, related, memory, rules, now, counted=ready, words="replicas are ready")
    return workload.conclude(_ORDER, view, case)


def _scaled_to_zero(view: StatefulSetView, case: Case) -> Verdict | None:
    """S06, whatever the last pods do; as D14 while some still serve.

    ScaledToZero: no replica is asked for.
    """
    if case.replicas.desired:
        return None
    leaving = workload.scaling_down(case, one_revision=True) if case.replicas.ready else None
    return leaving or case.told(State.SUSPENDED, "ScaledToZero", "Scaled to zero: nothing runs.", row="S06")


def _refused(view: StatefulSetView, case: Case) -> Verdict | None:
    """S07."""
    missing = case.replicas.current < case.replicas.desired
    return placed.refused(case, missing=missing, by="statefulset-controller", row="S07")


def _pod_failed(view: StatefulSetView, case: Case) -> Verdict | None:
    """S03, S05: nothing ever times out, and the pods after it wait.

    RolloutBlocked: a pod has failed in the middle of a rollout, and those after it wait for ever.
    """
    pod = workload.worst_of(case.live, State.FAILED)
    if pod is None or not case.available or not view.in_rollout:
        return workload.pod_failed(case, row="S05" if view.by_hand else "S03")
    message = f"{counted(case)}, and the rollout is blocked: {words_of(pod)}"
    hint = "Fix the revision and delete the broken pod by hand: the controller waits for it even then."
    began = pod.verdict.began
    return case.told(State.DEGRADED, "RolloutBlocked", message, row="S03", hint=hint, began=began, pod=pod)


def _stuck(view: StatefulSetView, case: Case) -> Verdict | None:
    """S08: a pod that does not go keeps its ordinal.

    StuckTerminatingPods: a pod that does not terminate holds its ordinal, so that it cannot be replaced.
    """
    pod = next((pod for pod in case.pods if overdue(pod, case.clock, slack=case.rules.term_slack)), None)
    if pod is None:
        return None
    message = f"{counted(case)}; pod {pod.ref.name} cannot be replaced while it is terminating: {pod.verdict.message}"
    began = pod.verdict.began
    return case.told(case.outage(), "StuckTerminatingPods", message, row="S08", hint=HELD, began=began, pod=pod)


def _lost(view: StatefulSetView, case: Case) -> Verdict | None:
    """S08."""
    return placed.lost(case, row="S08")


def _scaling_down(view: StatefulSetView, case: Case) -> Verdict | None:
    """As D14."""
    return workload.scaling_down(case, one_revision=case.replicas.updated >= view.to_update)


def _pod_degraded(view: StatefulSetView, case: Case) -> Verdict | None:
    """As D30."""
    return workload.pod_degraded(case, case.live, row="D30")


def _rolling_out(view: StatefulSetView, case: Case) -> Verdict | None:
    """S02.

    RollingOut: replicas are missing or of the old revision, and its pods show no error.
    """
    told = case.replicas
    if told.ready >= told.desired and told.updated >= view.to_update:
        return None
    message = f"{counted(case)}."
    if told.updated < view.to_update:
        message = f"Rolling out from the highest ordinal: {told.updated}/{view.to_update} updated, {message}"
    pod = workload.worst_of(case.live, State.PROGRESSING)
    return case.told(State.PROGRESSING, "RollingOut", message, row="S02", pod=pod)


def _available(view: StatefulSetView, case: Case) -> Verdict:
    """S01, S04, S05.

    Available: all replicas are ready.
    OnDeletePendingUpdate: all replicas are ready; some wait to be updated until somebody deletes them.
    PartitionRolloutComplete: all replicas are ready, and as many are of the new revision as the partition asks for.
    """
    told, well = case.replicas, workload.all_available(case)
    if view.by_hand and told.updated < told.desired:
        message = f"{well} {told.updated}/{told.desired} are updated: each is when somebody deletes it."
        hint = "Delete pods by hand to update them."
        return case.told(State.HEALTHY, "OnDeletePendingUpdate", message, row="S05", hint=hint)
    if view.partition > 0:
        message = f"{well} Staged rollout: {told.updated}/{told.desired} are of the new revision, as asked."
        return case.told(State.HEALTHY, "PartitionRolloutComplete", message, row="S04")
    return case.told(State.HEALTHY, "Available", well, row="S01")


_ORDER: tuple[Callable[[StatefulSetView, Case], Verdict | None], ...] = (
    placed.being_deleted,
    placed.unobserved,
    _scaled_to_zero,
    _refused,
    _pod_failed,
    _stuck,
    _lost,
    _scaling_down,
    _pod_degraded,
    _rolling_out,
    placed.attention,
    _available,
)

KIND = Kind(
    name="STATEFUL_SET",
    type_name="StatefulSet",
    plural="statefulSets",
    description="A Kubernetes StatefulSet: pods with a name of their own.",
    resource=Watched(api_version="apps/v1", plural="statefulsets", kind="StatefulSet"),
    view=StatefulSetView,
    fields=PlacedFields,
    project=project,
    judge=judge,
    relations=(PODS,),
)
