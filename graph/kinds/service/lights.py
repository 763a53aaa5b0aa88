"""The lights of a service (status-rules, section 10): one status for each part that applies."""

from __future__ import annotations

from typing import Annotated

from msgspec import Struct

from graph.kinds.service.tree import SERVING, Tree, shown_pods, worst_workload
from graph.kinds.shared.pods import worst
from graph.kinds.shared.runs import active
from graph.model import instant
from graph.model.kind import Child, doc
from graph.model.status import SEVERITY, State, Status

_CRONJOB = "CRONJOB"
_HOW_RUNS_ENDED = frozenset({"C05", "C06", "C07", "C12", "C13", "C20", "C24"})
"""Rows of a Cronjob that speak of its runs; its light tells the schedule alone."""


class ServiceParts(Struct, frozen=True, gc=False, array_like=True, rename="camel"):
    """The lights of a service; null: that light is not shown."""

    build: Annotated[Status | None, doc("The latest build.")]
    deployment: Annotated[Status | None, doc("The worst of what runs permanently.")]
    pods: Annotated[
        Status | None, doc("The worst pod of it; of a Cronjob while a run is active or the last one failed.")
    ]
    cronjob: Annotated[Status | None, doc("The schedule alone: deployed, suspended, missed; never how runs ended.")]
    job: Annotated[Status | None, doc("The newest run, while one is active or a failed one is kept.")]


def lights(tree: Tree) -> ServiceParts:
    """The lights of a service."""
    return ServiceParts(
        _status(tree.build),
        _status(worst_workload(tree.of(SERVING))),
        _status(_worst_pod(shown_pods(tree))),
        _cronjob(tree),
        _job(tree),
    )


def _worst_pod(pods: list[Child]) -> Child | None:
    return worst(pods) or min(pods, key=lambda pod: (SEVERITY[pod.verdict.state], pod.ref.name), default=None)


def _cronjob(tree: Tree) -> Status | None:
    cronjobs = tree.of((_CRONJOB,))
    on_schedule = [one for one in cronjobs if one.verdict.row in _HOW_RUNS_ENDED]
    light = worst_workload(one for one in cronjobs if one.verdict.row not in _HOW_RUNS_ENDED)
    if on_schedule and (light is None or light.verdict.state in (State.HEALTHY, State.SUSPENDED, State.TERMINATING)):
        return _scheduled(on_schedule[0])
    return _status(light)


def _scheduled(child: Child) -> Status:
    message = "Deployed and scheduled; how its runs ended is told by the job."
    return Status(State.HEALTHY, "Scheduled", message, None, _since(child, None))


def _job(tree: Tree) -> Status | None:
    shown = any(active(job.view) or job.verdict.state is State.FAILED for job in tree.jobs)
    return _status(tree.newest_job) if shown else None


def _status(child: Child | None) -> Status | None:
    if child is None:
        return None
    told = child.verdict
    return Status(told.state, told.reason, told.message, told.hint, _since(child, told.began), told.because)


def _since(child: Child, began: float | None) -> str:
    """A light is no status of its own: without the cluster's own time it counts from the object's creation."""
    created = child.view.metadata.creation_timestamp
    return instant.show(began) if began is not None else instant.normal(created) or instant.show(0)
