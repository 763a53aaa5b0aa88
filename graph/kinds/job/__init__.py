"""Jobs: work that ends. Kubernetes calls a Job whose pod can never start "Running"; its pods and events tell better."""

from __future__ import annotations

from typing import Annotated

from msgspec import Struct

from graph.kinds.job.judge import judge
from graph.kinds.shared.jobs import JobView
from graph.kinds.shared.numbers import count
from graph.kinds.shared.pods import POD
from graph.kinds.shared.runs import JOB, manual
from graph.model import instant
from graph.model.kind import Kind, Related, Relation, Shape, Time, Watched, doc


class JobFields(Struct, frozen=True, gc=False, array_like=True, rename="camel"):
    """What is public of a Job."""

    scheduled_at: Annotated[Time | None, doc("The tick of the Cronjob's schedule that it was made for.")]
    manual: Annotated[bool, doc("Whether somebody started it by hand, beside the schedule.")]
    started_at: Annotated[Time | None, doc("When the job controller began with it.")]
    finished_at: Annotated[Time | None, doc("When it completed or failed; null while it has not ended.")]
    duration_ms: Annotated[int | None, doc("From its start to its end; null while it has not ended.")]
    active: Annotated[int, doc("Pods that run or are about to.")]
    succeeded: Annotated[int, doc("Pods that ended with success.")]
    failed: Annotated[int, doc("Pods that ended with an error, or were stopped because others had.")]


def project(view: JobView, related: Related, now: float) -> JobFields:
    """The public fields of a Job."""
    started, finished, status = view.started_at, view.finished_at, view.status
    return JobFields(
        _time(instant.parse(view.metadata.annotations.scheduled)),
        manual(view),
        _time(started),
        _time(finished),
        None if started is None or finished is None else count(max(0, round((finished - started) * 1000))),
        count(status.active),
        count(status.succeeded),
        count(status.failed),
    )


def _time(at: float | None) -> Time | None:
    return None if at is None else Time(instant.show(at))


def order(fields: JobFields) -> str:
    """Newest start first, before these what has not started yet."""
    return fields.started_at or "~"


def _suspension(view: JobView) -> bool:
    return view.spec.suspend


KIND = Kind(
    name=JOB,
    type_name="Job",
    plural="jobs",
    description="A Kubernetes Job: pods that are to end, once, or as one run of a Cronjob.",
    resource=Watched(api_version="batch/v1", plural="jobs", kind="Job"),
    view=JobView,
    fields=JobFields,
    project=project,
    judge=judge,
    relations=(
        Relation(name="cronjob", kind="CRONJOB", shape=Shape.OWNER, description="The Cronjob that it is a run of."),
        Relation(name="pods", kind=POD, shape=Shape.CONNECTION, description="Its pods, by name."),
    ),
    in_service=Shape.CONNECTION,
    order=order,
    edits=_suspension,
)
