"""What is kept of a CronJob, and when it runs next."""

from __future__ import annotations

from msgspec import Struct

from graph.kinds.shared import cron
from graph.kinds.shared.annotations import AnnotatedMeta
from graph.kinds.shared.cron import Schedule
from graph.kinds.shared.edits import ManagedFields
from graph.model import instant
from graph.model.kind import Object


class CronjobMeta(AnnotatedMeta, frozen=True, gc=False, rename="camel"):
    """``metadata``."""

    managed_fields: tuple[ManagedFields, ...] = ()


class JobTemplateSpec(Struct, frozen=True, gc=False, rename="camel"):
    """``jobTemplate.spec``: whether Kubernetes forgets runs by itself."""

    ttl_seconds_after_finished: int | None = None


class JobTemplate(Struct, frozen=True, gc=False):
    """``jobTemplate``."""

    spec: JobTemplateSpec = JobTemplateSpec()


class CronjobSpec(Struct, frozen=True, gc=False, rename="camel"):
    """``spec``."""

    schedule: str = ""
    time_zone: str | None = None
    suspend: bool = False
    concurrency_policy: str = "Allow"
    failed_jobs_history_limit: int = 1
    job_template: JobTemplate = JobTemplate()


class ActiveRun(Struct, frozen=True, gc=False):
    """An entry of ``status.active``: a run that the controller has not seen end."""

    name: str = ""
    uid: str = ""


class CronjobStatus(Struct, frozen=True, gc=False, rename="camel"):
    """``status``; empty before the first run."""

    active: tuple[ActiveRun, ...] = ()
    last_schedule_time: str | None = None
    last_successful_time: str | None = None


class CronjobView(Object, frozen=True, gc=False, rename="camel"):
    """A CronJob."""

    metadata: CronjobMeta
    spec: CronjobSpec = CronjobSpec()
    status: CronjobStatus = CronjobStatus()

    @property
    def schedule(self) -> Schedule | None:
        """When it is due; None where the controller refuses the schedule or the time zone."""
        return cron.parse(self.spec.schedule, self.spec.time_zone)

    @property
    def last_schedule(self) -> float | None:
        """The tick, not the start, of the last run that the controller started."""
        return instant.parse(self.status.last_schedule_time)

    @property
    def last_success(self) -> float | None:
        """When a run completed last, a manual one included."""
        return instant.parse(self.status.last_successful_time)

    @property
    def created(self) -> float | None:
        """When it was created; a manifest that was never applied has no such time."""
        return instant.parse(self.metadata.creation_timestamp)

    @property
    def base(self) -> float:
        """From where ``@every`` counts, and the earliest instant after which a tick can be due; 0 where unknown."""
        return self.last_schedule or self.created or 0.0

    def next_run(self, now: float) -> float | None:
        """The next tick; None where none is to come."""
        schedule = self.schedule
        if schedule is None or self.spec.suspend or self.metadata.deletion_timestamp:
            return None
        return schedule.first(now, base=self.base)
