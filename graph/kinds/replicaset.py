"""ReplicaSets: one revision of a Deployment, or on their own. The rules are status-rules, section 5."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from msgspec import Struct

from graph.config import Rules
from graph.kinds.shared import workload
from graph.kinds.shared.pods import POD
from graph.kinds.shared.revisions import RevisionView
from graph.kinds.shared.text import clean
from graph.kinds.shared.workload import Case, Replicas, counted
from graph.model.kind import Kind, Memory, Related, Relation, Shape, Watched, doc
from graph.model.status import State, Verdict


class ReplicaSetView(RevisionView, frozen=True, gc=False, rename="camel"):
    """A ReplicaSet."""

    @property
    def replicas(self) -> Replicas:
        """All its replicas are of one revision."""
        told = self.status
        return Replicas(self.spec.replicas, told.replicas, told.replicas, told.ready_replicas, told.available_replicas)


class ReplicaSetFields(Struct, frozen=True, gc=False, array_like=True, rename="camel"):
    """What is public of a ReplicaSet."""

    replicas: Annotated[Replicas, doc("Its replicas.")]
    images: Annotated[tuple[str, ...], doc("The images of its containers.")]
    revision: Annotated[int | None, doc("The revision of the Deployment that it is.")]


def project(view: ReplicaSetView, related: Related, now: float) -> ReplicaSetFields:
    """The public fields of a ReplicaSet."""
    images = tuple(clean(image) for image in view.spec.template.images)
    return ReplicaSetFields(workload.shown(view.replicas), images, view.revision)


def judge(view: ReplicaSetView, related: Related, memory: Memory, rules: Rules, now: float) -> Verdict:
    """The first rule that answers decides."""
    case = workload.case_of(view, related, memory, rules, now)
    return workload.conclude(_ORDER, view, case)


def _deleted(view: ReplicaSetView, case: Case) -> Verdict | None:
    """Before everything else."""
    return workload.being_deleted(case, noun="ReplicaSet", row="D20")


def _unobserved(view: ReplicaSetView, case: Case) -> Verdict | None:
    """R02."""
    return workload.unobserved(case, row="R02")


def _scaled_to_zero(view: ReplicaSetView, case: Case) -> Verdict | None:
    """R05, R06.

    Superseded: an old revision of a Deployment; it runs nothing.
    ScaledToZero: no replica is asked for, and none runs.
    """
    if case.replicas.desired:
        return None
    if any(owner.controller for owner in case.meta.owner_references):
        return case.told(State.HEALTHY, "Superseded", "Old revision; it runs nothing.", row="R05")
    if case.replicas.current:
        return None
    return case.told(State.SUSPENDED, "ScaledToZero", "Scaled to zero: nothing runs.", row="R06")


def _refused(view: ReplicaSetView, case: Case) -> Verdict | None:
    """R04."""
    return workload.refused(case, view.status.conditions, row="R04")


def _pod_trouble(view: ReplicaSetView, case: Case) -> Verdict | None:
    """R07; D29 for pods of which nothing is known."""
    lost = workload.worst_of(case.live, State.UNKNOWN)
    if lost is not None:
        return workload.pod_unknown(case, lost, row="D29")
    return workload.pod_failed(case, row="R07")


def _minimum_ready(view: ReplicaSetView, case: Case) -> Verdict | None:
    """R08."""
    return workload.waiting_for_minimum(case, view.spec.min_ready_seconds, row="R08")


def _too_few(view: ReplicaSetView, case: Case) -> Verdict | None:
    """R03; D30 where a pod says why.

    ScalingUp: too few replicas are available, and their pods show no error.
    """
    if case.replicas.available >= case.replicas.desired:
        return None
    found = workload.pod_degraded(case, case.live, row="D30")
    if found is not None:
        return found
    pod = workload.worst_of(case.live, State.PROGRESSING)
    return case.told(State.PROGRESSING, "ScalingUp", f"{counted(case)}.", row="R03", pod=pod)


def _too_many(view: ReplicaSetView, case: Case) -> Verdict | None:
    """As D14."""
    return workload.scaling_down(case, one_revision=True)


def _attention(view: ReplicaSetView, case: Case) -> Verdict | None:
    """As D21."""
    return workload.degraded_at_full_count(case, case.live, row="D21")


def _available(view: ReplicaSetView, case: Case) -> Verdict:
    """R01.

    Available: all replicas are available.
    """
    return case.told(State.HEALTHY, "Available", workload.all_available(case), row="R01")


_ORDER: tuple[Callable[[ReplicaSetView, Case], Verdict | None], ...] = (
    _deleted,
    _unobserved,
    _scaled_to_zero,
    _refused,
    _pod_trouble,
    _minimum_ready,
    _too_few,
    _too_many,
    _attention,
    _available,
)

KIND = Kind(
    name="REPLICA_SET",
    type_name="ReplicaSet",
    plural="replicaSets",
    description="A Kubernetes ReplicaSet: equal pods, mostly one revision of a Deployment.",
    resource=Watched(api_version="apps/v1", plural="replicasets", kind="ReplicaSet"),
    view=ReplicaSetView,
    fields=ReplicaSetFields,
    project=project,
    judge=judge,
    relations=(Relation(name="pods", kind=POD, shape=Shape.CONNECTION, description="Its pods, by name."),),
)
