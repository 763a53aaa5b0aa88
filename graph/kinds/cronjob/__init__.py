"""Cronjobs: whether a schedule is kept, and how its runs end. The object tells little: most rows rest on ticks."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Struct

from graph.kinds.cronjob.judge import judge
from graph.kinds.cronjob.view import CronjobView
from graph.kinds.shared.runs import JOB
from graph.kinds.shared.text import clean
from graph.model import instant
from graph.model.kind import Kind, Related, Relation, Shape, Time, Watched, doc


class CronjobFields(Struct, frozen=True, gc=False, array_like=True, rename="camel"):
    """What is public of a CronJob."""

    schedule: Annotated[str, doc("When it is due, in the dialect of the CronJob controller (robfig/cron v3).")]
    time_zone: Annotated[str | None, doc("On whose clock; null: the controller's, mostly UTC.")]
    suspended: Annotated[bool, doc("Whether it is told to start nothing.")]
    concurrency_policy: Annotated[str, doc("What happens when the last run is still active: Allow, Forbid or Replace.")]
    next_run_at: Annotated[Time | None, doc("The next tick; null while suspended or stopped, or when none is to come.")]
    last_scheduled_at: Annotated[Time | None, doc("The tick of the last run that was started.")]
    last_succeeded_at: Annotated[Time | None, doc("When a run completed last, a manual one included.")]


def project(view: CronjobView, related: Related, now: float) -> CronjobFields:
    """The public fields of a CronJob."""
    spec = view.spec
    return CronjobFields(
        clean(spec.schedule),
        clean(spec.time_zone) or None,
        spec.suspend,
        clean(spec.concurrency_policy),
        None if related.stopped else _time(view.next_run(now)),
        _time(view.last_schedule),
        _time(view.last_success),
    )


def _time(at: float | None) -> Time | None:
    return None if at is None else Time(instant.show(at))


def _unfinished(run: Any) -> bool:
    return run.finished_at is None


def _timing(view: CronjobView) -> tuple[str, str | None, bool]:
    return view.spec.schedule, view.spec.time_zone, view.spec.suspend


KIND = Kind(
    name="CRONJOB",
    type_name="Cronjob",
    plural="cronjobs",
    description="A Kubernetes CronJob: it starts a Job at each tick of its schedule.",
    resource=Watched(api_version="batch/v1", plural="cronjobs", kind="CronJob"),
    view=CronjobView,
    fields=CronjobFields,
    project=project,
    judge=judge,
    relations=(
        Relation(
            name="activeJobs",
            kind=JOB,
            shape=Shape.LIST,
            description="Its runs that have not ended.",
            where=_unfinished,
        ),
        Relation(
            name="jobs",
            kind=JOB,
            shape=Shape.CONNECTION,
            description="Its runs that Kubernetes still keeps, newest first.",
        ),
    ),
    edits=_timing,
    kept=Watched("apps/v1", "controllerrevisions", "ControllerRevision", selector="statusgraph.io/kept=cronjob"),
)
