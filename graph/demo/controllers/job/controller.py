"""Brings a Job's pods to what is wanted: makes them, removes them, and decides when the Job is over."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from typing import Any

from graph.demo.controllers.events import Recorder
from graph.demo.controllers.job import counting, indexes, policy
from graph.demo.controllers.job.backoff import Backoff
from graph.demo.controllers.job.conditions import (
    COMPLETE,
    FAILED,
    FAILURE_TARGET,
    SUCCESS_MET,
    finished,
    holds,
    made,
    put,
)
from graph.demo.controllers.job.counting import Sync
from graph.demo.controllers.job.making import Makes
from graph.demo.controllers.job.pods import failed, indexed
from graph.demo.controllers.pods import active, phase, ready, terminating
from graph.demo.history import Change
from graph.demo.objects import Object, controller_of, deleting, read, written
from graph.demo.resources import JOBS, PODS, Resource
from graph.demo.store import Store

Key = tuple[str, str, str]
"""(namespace, name, UID) of a Job, whether or not it is still there."""


BATCH = 1.0
"""Seconds in which changes of pods, and of the status, are gathered before the Job is looked at."""


class JobController:
    """Remembers the back-offs, and which Jobs may be looked at when."""

    def __init__(self, store: Store, *, batch: float = BATCH) -> None:
        self._store = store
        self._batch = batch
        self._gathered: dict[Hashable, float] = {}
        self._recorder = Recorder(store, "job-controller")
        self._makes = Makes(store, self._recorder)
        self._backoffs: dict[str, Backoff] = {}

    def keys(self, resource: Resource, change: Change) -> Iterable[Hashable]:
        """A Job, whether it or one of its pods changed."""
        metadata = change.object["metadata"]
        if resource is JOBS:
            edited = change.old is None or _generation(change.old) != _generation(change.object)
            yield self._due(
                (metadata["namespace"], metadata["name"], metadata["uid"]), urgent=edited or change.type == "DELETED"
            )
        elif resource is PODS:
            for owner in filter(None, map(controller_of, filter(None, (change.object, change.old)))):
                if owner["kind"] == "Job":
                    yield self._due((metadata["namespace"], owner["name"], owner["uid"]), urgent=False)

    def reconcile(self, key: Hashable) -> float | None:
        """One look; when the next is due."""
        if self._gathered.get(key, 0.0) > self._store.clock():
            return self._gathered[key]
        self._gathered.pop(key, None)
        namespace, name, uid = self._key(key)
        job = self._store.find(JOBS, namespace, name)
        pods = list(self._store.owned(uid, PODS))
        if job is None or job["metadata"]["uid"] != uid or finished(job):
            self._backoffs.pop(uid, None)
            for pod in pods:
                counting.release(self._store, pod)
            return None
        return self._sync(job, pods)

    def _due(self, key: Key, *, urgent: bool) -> Key:
        if urgent:
            self._gathered[key] = 0.0
        else:
            self._gathered.setdefault(key, self._store.clock() + self._batch)
        return key

    @staticmethod
    def _key(key: Hashable) -> Key:
        assert isinstance(key, tuple)
        return key[0], key[1], key[2]

    def _sync(self, job: Object, pods: list[Object]) -> float | None:
        now, uid = self._store.clock(), job["metadata"]["uid"]
        sync = _seen(job, pods)
        if not _suspended(job):
            sync.status.setdefault("startTime", written(now))
        backoff = _reckon(sync, self._backoffs.get(uid, Backoff()))
        sync.end = self._end(sync, now)
        again, resumed = self._steer(sync, backoff, now)
        news = {"active": sync.active, "ready": sync.ready, "terminating": sync.terminating}
        told = {"active": 0, **job.get("status", {})}
        changed = resumed or any(told.get(name) != value for name, value in news.items())
        sync.status |= news

        def flushed() -> None:
            self._backoffs[uid] = backoff

        if ended := counting.count(self._store, sync, changed=changed, flushed=flushed):
            self._tell_end(sync, ended)
        return again

    def _steer(self, sync: Sync, backoff: Backoff, now: float) -> tuple[float | None, bool]:
        """Makes and removes pods; when to look again, and whether the Job was suspended or resumed."""
        job = sync.job
        if sync.end is not None:
            self._makes.remove(sync, [pod for pod in sync.pods if active(pod)], let_go=False)
            return None, False
        again = _deadline(sync)
        if not deleting(job):
            again = _sooner(again, self._makes.bring(sync, backoff))
        if _complete(sync):
            sync.end = made(SUCCESS_MET, "CompletionsReached", "Reached expected number of succeeded pods", now=now)
            return again, False
        return again, not deleting(job) and self._tell_suspension(sync, now)

    def _end(self, sync: Sync, now: float) -> Object | None:
        """What was decided before stands; then failures come before successes."""
        job, spec = sync.job, sync.job["spec"]
        if met := holds(job, SUCCESS_MET):
            return met
        if target := holds(job, FAILURE_TARGET):
            return made(FAILED, target["reason"], target["message"], now=now)
        if message := policy.fatal(job, sync.pods):
            return made(FAILURE_TARGET, "PodFailurePolicy", message, now=now)
        if sync.failed > spec["backoffLimit"] or _restarted_too_often(job, sync.pods):
            return made(FAILURE_TARGET, "BackoffLimitExceeded", "Job has reached the specified backoff limit", now=now)
        deadline = _deadline(sync)
        if deadline is not None and now >= deadline:
            message = "Job was active longer than specified deadline"
            return made(FAILURE_TARGET, "DeadlineExceeded", message, now=now)
        if indexed(job) and (message := policy.enough(job, sync.done | indexes.of(sync.pods))):
            return made(SUCCESS_MET, "SuccessPolicy", message, now=now)
        return None

    def _tell_suspension(self, sync: Sync, now: float) -> bool:
        if _suspended(sync.job):
            changed = put(sync.status, made("Suspended", "JobSuspended", "Job suspended", now=now))
            if changed:
                self._recorder.tell(sync.job, "Normal", "Suspended", "Job suspended")
            return changed
        changed = put(sync.status, made("Suspended", "JobResumed", "Job resumed", now=now, status="False"))
        if changed:
            self._recorder.tell(sync.job, "Normal", "Resumed", "Job resumed")
            sync.status["startTime"] = written(now)  # the deadline counts anew
        return changed

    def _tell_end(self, sync: Sync, ended: Object) -> None:
        if ended["type"] != COMPLETE:
            self._recorder.tell(sync.job, "Warning", ended["reason"], ended["message"])
            return
        if sync.status.get("succeeded", 0) > sync.job["spec"].get("completions", float("inf")):
            message = "Too many succeeded pods running after completion count reached"
            self._recorder.tell(sync.job, "Warning", "TooManySucceededPods", message)
        self._recorder.tell(sync.job, "Normal", "Completed", "Job completed")


def _seen(job: Object, pods: list[Object]) -> Sync:
    status: dict[str, Any] = {**job.get("status", {})}
    status.setdefault("uncountedTerminatedPods", {})
    running = [pod for pod in pods if active(pod)]
    sync = Sync(job, pods, status, active=len(running), ready=sum(map(ready, running)))
    sync.terminating = sum(map(terminating, pods))
    return sync


def _reckon(sync: Sync, backoff: Backoff) -> Backoff:
    """Counts the pods that ended, with those that no status speaks of yet; the back-off that comes of them."""
    job, status = sync.job, sync.status
    succeeded = sync.fresh(lambda pod: phase(pod) == "Succeeded", "succeeded")
    lost = sync.fresh(lambda pod: failed(pod, job), "failed")
    counting_ones = [pod for pod in lost if policy.counts(job, pod)]
    sync.succeeded = status.get("succeeded", 0) + len(succeeded) + len(sync.uncounted("succeeded"))
    sync.failed = status.get("failed", 0) + len(counting_ones) + len(sync.uncounted("failed"))
    if indexed(job):
        counted = indexes.parse(status.get("completedIndexes", ""))
        sync.done = {number for number in counted if number < job["spec"]["completions"]}
        sync.succeeded = len(sync.done | indexes.of(succeeded))
    return backoff.after(succeeded, lost)


def _generation(job: Object) -> int:
    return int(job["metadata"]["generation"])


def _suspended(job: Object) -> bool:
    return bool(job["spec"].get("suspend"))


def _deadline(sync: Sync) -> float | None:
    seconds = sync.job["spec"].get("activeDeadlineSeconds")
    if seconds is None or _suspended(sync.job):
        return None
    return read(sync.status["startTime"]) + float(seconds)


def _complete(sync: Sync) -> bool:
    """Without a number of completions one success is enough, once the other pods have ended."""
    wanted = sync.job["spec"].get("completions")
    return sync.active == 0 and (sync.succeeded > 0 if wanted is None else sync.succeeded >= wanted)


def _restarted_too_often(job: Object, pods: list[Object]) -> bool:
    spec = job["spec"]
    if spec["template"]["spec"].get("restartPolicy") != "OnFailure":
        return False
    statuses = (
        one
        for pod in pods
        if phase(pod) in ("Running", "Pending")
        for which in ("initContainerStatuses", "containerStatuses")
        for one in pod["status"].get(which, ())
    )
    restarts = sum(one["restartCount"] for one in statuses)
    return bool(restarts >= max(spec["backoffLimit"], 1))


def _sooner(one: float | None, other: float | None) -> float | None:
    return min((at for at in (one, other) if at is not None), default=None)
