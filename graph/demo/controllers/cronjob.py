"""The CronJob controller: a Job for each time of the schedule, what became of the last ones, and their removal."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from datetime import datetime
from email.utils import formatdate
from typing import Any

from graph.demo.controllers import cron, schedules
from graph.demo.controllers.children import key_of
from graph.demo.controllers.events import Recorder
from graph.demo.controllers.job.conditions import COMPLETE, finished
from graph.demo.controllers.pods import NamespaceGoing, create, owned_by
from graph.demo.controllers.retries import Retries
from graph.demo.history import Change
from graph.demo.objects import Object, controller_of, deleting, read, written
from graph.demo.problems import AlreadyExists, Forbidden
from graph.demo.resources import CRONJOBS, JOBS, Resource
from graph.demo.store import Store

SCHEDULED = "batch.kubernetes.io/cronjob-scheduled-timestamp"

Place = tuple[str, str]


class CronJobController:
    """Remembers whose schedule was changed since the last look, and whose Jobs were refused."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._recorder = Recorder(store, "cronjob-controller")
        self._retries = Retries()
        self._rescheduled: set[Place] = set()

    def keys(self, resource: Resource, change: Change) -> Iterable[Hashable]:
        """A CronJob, whether it or one of its Jobs changed."""
        metadata = change.object["metadata"]
        if resource is CRONJOBS:
            place = (metadata["namespace"], metadata["name"])
            if change.type == "MODIFIED" and change.old and _times(change.old) != _times(change.object):
                self._rescheduled.add(place)
            yield place
        elif resource is JOBS and (owner := controller_of(change.object)) and owner["kind"] == "CronJob":
            yield metadata["namespace"], owner["name"]

    def reconcile(self, key: Hashable) -> float | None:
        """One look; when the next time of the schedule is."""
        assert isinstance(key, tuple)
        job = self._store.find(CRONJOBS, *key)
        if job is None:
            self._retries.forget(key)
            return None
        if key in self._rescheduled:  # a new schedule begins with its next time, not with one that has passed
            self._rescheduled.discard(key)
            following = self._schedule(job)
            return schedules.following(job, following, self._store.clock()) if following else None
        look = _Look(self._store, self._recorder, job)
        look.remove_old()
        look.see_jobs()
        again = None if deleting(job) else self._start(look)
        look.write()
        return again

    def _schedule(self, job: Object) -> cron.Next | None:
        """None, and an event, where it cannot be read; None alone when it is suspended."""
        spec = job["spec"]
        zone = spec.get("timeZone") or ""
        try:
            cron.clock(zone)
        except cron.ScheduleError as error:
            self._recorder.tell(job, "Warning", "UnknownTimeZone", f'invalid timeZone: "{zone}": {error}')
            return None
        if spec.get("suspend"):
            return None
        try:
            return cron.parse(spec["schedule"], zone)
        except cron.ScheduleError as error:
            text = f'unparseable schedule: "{spec["schedule"]}" : {error}'
            self._recorder.tell(job, "Warning", "UnparseableSchedule", text)
            return None

    def _start(self, look: _Look) -> float | None:
        job, now = look.job, self._store.clock()
        following = self._schedule(job)
        if following is None:
            return None
        try:
            due = schedules.latest(look.current, following, now, within_deadline=True)
        except schedules.InvalidSchedule as error:
            text = f"invalid schedule: {job['spec']['schedule']} : {error}"
            self._recorder.tell(job, "Warning", "InvalidSchedule", text)
            return None
        if due.missed > schedules.MANY:
            text = "too many missed start times. Set or decrease .spec.startingDeadlineSeconds or check clock skew"
            self._recorder.tell(job, "Warning", "TooManyMissedTimes", text)
        if due.at is not None and self._wanted(look, due.at, now) and not self._run(look, due.at):
            return now + self._retries.refused(key_of(job))
        self._retries.forget(key_of(job))
        return schedules.following(look.current, following, now)

    def _wanted(self, look: _Look, at: float, now: float) -> bool:
        spec = look.job["spec"]
        deadline = spec.get("startingDeadlineSeconds")
        if deadline is not None and at + deadline < now:
            text = f"Missed scheduled time to start a job: {formatdate(at, usegmt=True).replace('GMT', 'UTC')}"
            self._recorder.tell(look.job, "Warning", "MissSchedule", text)
            return False
        if look.has_run(at):
            return False
        if spec.get("concurrencyPolicy") == "Forbid" and look.active:
            text = "Not starting job because prior execution is running and concurrency policy is Forbid"
            self._recorder.tell(look.job, "Normal", "JobAlreadyActive", text)
            return False
        return True

    def _run(self, look: _Look, at: float) -> bool:
        """False when it has to be tried again."""
        job = look.job
        if job["spec"].get("concurrencyPolicy") == "Replace":
            for one in look.active:
                look.remove(self._store.get(JOBS, one["namespace"], one["name"]))
        body = _run_of(job, at)
        try:
            run = create(self._store, JOBS, body)
        except AlreadyExists:
            return False  # within one minute there is one name; Kubernetes tries until the next minute has come
        except NamespaceGoing:
            return True
        except Forbidden as problem:
            self._recorder.tell(job, "Warning", "FailedCreate", f"Error creating job: {problem}")
            return False
        else:
            self._recorder.tell(job, "Normal", "SuccessfulCreate", f"Created job {run['metadata']['name']}")
        look.started(run, at)
        return True


class _Look:
    """A CronJob with its Jobs, and the status that comes of them; written once, at the end."""

    def __init__(self, store: Store, recorder: Recorder, job: Object) -> None:
        self.job = job
        self._store = store
        self._recorder = recorder
        self._jobs = list(store.owned(job["metadata"]["uid"], JOBS))
        self._status: dict[str, Any] = {**job.get("status", {})}

    @property
    def active(self) -> list[Object]:
        """References of the status, to Jobs that have not ended."""
        found: list[Object] = self._status.get("active", [])
        return found

    @property
    def current(self) -> Object:
        """The CronJob with the status as it will be."""
        return {**self.job, "status": self._status}

    def is_active(self, uid: str) -> bool:
        """Whether the status names it."""
        return any(one["uid"] == uid for one in self.active)

    def has_run(self, at: float) -> bool:
        """Whether that time of the schedule is done."""
        last = self._status.get("lastScheduleTime")
        name = _name(self.job, at)
        return any(one["name"] == name for one in self.active) or (last is not None and read(last) == at)

    def remove_old(self) -> None:
        """Of those that ended, as many are kept as the two limits say."""
        spec = self.job["spec"]
        ended = [(job, end["type"]) for job in self._jobs if (end := finished(job)) and not deleting(job)]
        good = [job for job, type_ in ended if type_ == COMPLETE]
        bad = [job for job, type_ in ended if type_ != COMPLETE]
        for jobs, limit in ((good, "successfulJobsHistoryLimit"), (bad, "failedJobsHistoryLimit")):
            if limit in spec:
                oldest = sorted(jobs, key=_started)
                for job in oldest[: max(0, len(jobs) - spec[limit])]:
                    self.remove(job)

    def remove(self, job: Object) -> None:
        """Deletes a Job and forgets it."""
        metadata = job["metadata"]
        self._store.delete(JOBS, metadata["namespace"], metadata["name"])
        self._forget(metadata["uid"])
        self._recorder.tell(self.job, "Normal", "SuccessfulDelete", f"Deleted job {metadata['name']}")

    def see_jobs(self) -> None:
        """What ended is no longer active; what is gone neither."""
        for job in self._jobs:
            self._see(job["metadata"], finished(job), job.get("status", {}).get("completionTime"))
        present = {job["metadata"]["uid"] for job in self._jobs}
        for one in [one for one in self.active if one["uid"] not in present]:
            self._recorder.tell(self.job, "Normal", "MissingJob", f"Active job went missing: {one['name']}")
            self._forget(one["uid"])

    def started(self, run: Object, at: float) -> None:
        """A new Job."""
        metadata = run["metadata"]
        names = {name: metadata[name] for name in ("namespace", "name", "uid", "resourceVersion")}
        reference = {"kind": "Job", "apiVersion": JOBS.api_version, **names}
        self._status |= {"active": [*self.active, reference], "lastScheduleTime": written(at)}

    def write(self) -> None:
        """What changes nothing is not written."""
        if self._status != self.job.get("status", {}):
            self._store.update(CRONJOBS, self.current, status=True)

    def _see(self, metadata: Object, end: Object | None, completed: str | None) -> None:
        active = self.is_active(metadata["uid"])
        if end is None:
            if not active:
                text = f"Saw a job that the controller did not create or forgot: {metadata['name']}"
                self._recorder.tell(self.job, "Warning", "UnexpectedJob", text)
            return
        if active:
            self._forget(metadata["uid"])
            text = f"Saw completed job: {metadata['name']}, condition: {end['type']}"
            self._recorder.tell(self.job, "Normal", "SawCompletedJob", text)
        if end["type"] == COMPLETE and completed and completed > self._status.get("lastSuccessfulTime", ""):
            self._status["lastSuccessfulTime"] = completed

    def _forget(self, uid: str) -> None:
        rest = [one for one in self.active if one["uid"] != uid]
        self._status = {name: value for name, value in self._status.items() if name != "active"}
        if rest:
            self._status["active"] = rest


def _run_of(job: Object, at: float) -> Object:
    metadata, template = job["metadata"], job["spec"]["jobTemplate"]
    given = template.get("metadata", {})
    scheduled = datetime.fromtimestamp(at, cron.clock(job["spec"].get("timeZone") or "")).isoformat()
    own = {
        "name": _name(job, at),
        "namespace": metadata["namespace"],
        "annotations": {**given.get("annotations", {}), SCHEDULED: scheduled.replace("+00:00", "Z")},
        "ownerReferences": [owned_by(job)],
    }
    labels = {"labels": given["labels"]} if given.get("labels") else {}
    return {"metadata": {**own, **labels}, "spec": template["spec"]}


def _name(job: Object, at: float) -> str:
    return f"{job['metadata']['name']}-{int(at) // 60}"


def _started(job: Object) -> tuple[bool, str, str]:
    """By their start; those that never started come last."""
    start = job.get("status", {}).get("startTime", "")
    return not start, start, job["metadata"]["name"]


def _times(job: Object) -> tuple[str, str | None]:
    return job["spec"]["schedule"], job["spec"].get("timeZone")
