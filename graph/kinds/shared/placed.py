"""What StatefulSet and DaemonSet have in common: each pod has a place of its own, an ordinal or a node.

While a pod holds its place no other comes there, so whoever is not replaced counts, be it being deleted. Neither kind
has conditions: that a pod is refused is told by an event alone.
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Struct

from graph.kinds.shared import workload
from graph.kinds.shared.edits import EditedMeta
from graph.kinds.shared.events import cited
from graph.kinds.shared.pods import POD, REFUSED, finished, refusal
from graph.kinds.shared.text import clean, closed
from graph.kinds.shared.workload import Case, Replicas, Template, counted
from graph.model.kind import Object, Relation, Shape, doc
from graph.model.status import State, Verdict

PODS = Relation(name="pods", kind=POD, shape=Shape.CONNECTION, description="Its pods, by name.")


class RollingUpdate(Struct, frozen=True, gc=False):
    """``updateStrategy.rollingUpdate``."""

    partition: int = 0


class UpdateStrategy(Struct, frozen=True, gc=False, rename="camel"):
    """``updateStrategy``."""

    type: str = "RollingUpdate"
    rolling_update: RollingUpdate = RollingUpdate()


class PlacedSpec(Struct, frozen=True, gc=False, rename="camel"):
    """``spec``."""

    template: Template = Template()
    update_strategy: UpdateStrategy = UpdateStrategy()


class PlacedStatus(Struct, frozen=True, gc=False, rename="camel"):
    """``status``; counters of zero are left out by the API."""

    observed_generation: int = 0


class PlacedView(Object, frozen=True, gc=False, rename="camel"):
    """A StatefulSet or a DaemonSet."""

    metadata: EditedMeta
    spec: PlacedSpec = PlacedSpec()
    status: PlacedStatus = PlacedStatus()

    @property
    def observed_generation(self) -> int:
        """0 before its controller saw it."""
        return self.status.observed_generation

    @property
    def by_hand(self) -> bool:
        """Whether pods are updated only when somebody deletes them."""
        return self.spec.update_strategy.type == "OnDelete"


class PlacedFields(Struct, frozen=True, gc=False, array_like=True, rename="camel"):
    """What is public of a StatefulSet or a DaemonSet."""

    replicas: Annotated[Replicas, doc("Its replicas.")]
    images: Annotated[tuple[str, ...], doc("The images of its containers.")]


def public(replicas: Replicas, view: PlacedView) -> PlacedFields:
    """The public fields."""
    return PlacedFields(workload.shown(replicas), tuple(clean(image) for image in view.spec.template.images))


def being_deleted(view: PlacedView, case: Case) -> Verdict | None:
    """As D20."""
    return workload.being_deleted(case, noun=case.ref.kind, row="D20")


def unobserved(view: PlacedView, case: Case) -> Verdict | None:
    """As D02, D26."""
    return workload.unobserved(case, row="D02" if case.observed else "D26")


def refused(case: Case, *, missing: bool, by: str, row: str) -> Verdict | None:
    """S07, DS08: pods are missing, and an event of their controller says why.

    FailedCreate: the API server refuses its pods: quota, admission, service account.
    """
    event = refusal(case.events, case.pods, by=by) if missing else None
    if event is None:
        return None
    return case.told(
        case.outage(),
        "FailedCreate",
        f"{counted(case)}; pods cannot be created: {closed(event.message)}.",
        row=row,
        hint=REFUSED,
        because=(cited(event, case.ref),),
    )


def lost(case: Case, *, row: str) -> Verdict | None:
    """S08, DS07: nobody knows how a pod is, and none is known to have failed."""
    pod = workload.worst_of([pod for pod in case.pods if not finished(pod)], State.UNKNOWN)
    return None if pod is None else workload.pod_unknown(case, pod, row=row)


def attention(view: PlacedView, case: Case) -> Verdict | None:
    """As D21."""
    return workload.degraded_at_full_count(case, case.live, row="D21")
