"""A Job's status: ended pods are counted exactly once, and only then let go.

The order is Kubernetes': first the status names the pods to be counted (``uncountedTerminatedPods``) and what the Job
comes to, then the finalizers go, then the counters grow, and last, with no pod left, the Job is Complete or Failed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from graph.demo.controllers.job import indexes, policy
from graph.demo.controllers.job.conditions import COMPLETE, FAILURE_TARGET, SUCCESS_MET, TARGETS, holds, made, put
from graph.demo.controllers.job.pods import FINALIZER, failed, index, indexed, numbered, tracked
from graph.demo.controllers.pods import phase
from graph.demo.objects import Object, deleting, with_metadata
from graph.demo.resources import JOBS, PODS
from graph.demo.store import Store


@dataclass(slots=True)
class Sync:
    """One look at a Job: what was seen, and the status that comes of it."""

    job: Object
    pods: list[Object]
    status: dict[str, Any]
    active: int = 0
    ready: int = 0
    terminating: int = 0
    succeeded: int = 0
    failed: int = 0
    done: set[int] = field(default_factory=set)
    """The numbers that succeeded."""
    end: Object | None = None
    """The condition that it comes to."""

    def uncounted(self, which: str) -> list[str]:
        """UIDs that the status has promised to count: ``succeeded`` or ``failed``."""
        found: list[str] = self.status["uncountedTerminatedPods"].get(which, [])
        return found

    def fresh(self, ended: Callable[[Object], bool], which: str) -> list[Object]:
        """Ended pods that no status speaks of yet."""
        known = self.uncounted(which)
        pods = (pod for pod in self.pods if tracked(pod) and numbered(pod, self.job))
        return [pod for pod in pods if pod["metadata"]["uid"] not in known and ended(pod)]


def count(store: Store, sync: Sync, *, changed: bool, flushed: Callable[[], None]) -> Object | None:
    """Writes the status, in as many steps as it takes; the condition with which the Job ended, None if it has not."""
    held = {pod["metadata"]["uid"] for pod in sync.pods if tracked(pod)}
    changed |= _counted(sync, held)
    going = [pod for pod in sync.pods if tracked(pod) and _may_go(sync, pod)]
    for pod in going:
        changed |= _promise(sync, pod)
    changed |= _tell_indexes(sync)
    changed |= _aim(sync, store.clock())
    if changed:
        _write(store, sync)
        flushed()
    for pod in going:
        release(store, pod)
    changed = _counted(sync, held - {pod["metadata"]["uid"] for pod in going})
    ended = _end(sync)
    if changed or ended:
        _write(store, sync)
    return sync.end if ended else None


def release(store: Store, pod: Object) -> None:
    """Takes the finalizer off, whatever happened to the pod meanwhile."""
    metadata = pod["metadata"]
    fresh = store.find(PODS, metadata["namespace"], metadata["name"])
    if fresh is not None and fresh["metadata"]["uid"] == metadata["uid"] and tracked(fresh):
        rest = [one for one in fresh["metadata"]["finalizers"] if one != FINALIZER]
        store.update(PODS, with_metadata(fresh, finalizers=rest or None))


def _may_go(sync: Sync, pod: Object) -> bool:
    over = deleting(sync.job) or sync.end is not None
    return over or phase(pod) == "Succeeded" or failed(pod, sync.job)


def _promise(sync: Sync, pod: Object) -> bool:
    """Names a pod as one to be counted; with numbers, a success needs no more than its number."""
    if phase(pod) == "Succeeded":
        if not indexed(sync.job):
            return _name(sync, "succeeded", pod)
        number = index(pod)
        if number is None or not numbered(pod, sync.job) or number in sync.done:
            return False
        sync.done.add(number)
        return True
    # A Job that ends counts what still ran as failed, unless it ends well.
    cut_off = sync.end is not None and sync.end["type"] != SUCCESS_MET
    if not (failed(pod, sync.job) or cut_off) or not numbered(pod, sync.job) or not policy.counts(sync.job, pod):
        return False
    return _name(sync, "failed", pod)


def _name(sync: Sync, which: str, pod: Object) -> bool:
    uid, known = pod["metadata"]["uid"], sync.uncounted(which)
    if uid in known:
        return False
    sync.status["uncountedTerminatedPods"] = {**sync.status["uncountedTerminatedPods"], which: [*known, uid]}
    return True


def _counted(sync: Sync, held: set[str]) -> bool:
    """Moves the promised pods that are let go into the counters."""
    changed = False
    for which in ("succeeded", "failed"):
        known = sync.uncounted(which)
        rest = [uid for uid in known if uid in held]
        if len(rest) != len(known):
            changed = True
            sync.status[which] = sync.status.get(which, 0) + len(known) - len(rest)
            others = {name: uids for name, uids in sync.status["uncountedTerminatedPods"].items() if name != which}
            sync.status["uncountedTerminatedPods"] = others | ({which: rest} if rest else {})
    return changed


def _tell_indexes(sync: Sync) -> bool:
    if not indexed(sync.job):
        return False
    text = indexes.written(sync.done)
    changed = bool(text != sync.status.get("completedIndexes", ""))
    sync.status |= {"succeeded": len(sync.done), "completedIndexes": text}
    return changed


def _aim(sync: Sync, now: float) -> bool:
    """Says what it comes to while the last pods are still going; from then on the end is the final word for it."""
    if sync.end is None or sync.end["type"] not in TARGETS:
        return False
    aim, reason, message = (sync.end[name] for name in ("type", "reason", "message"))
    said = aim == SUCCESS_MET and holds({"status": sync.status}, SUCCESS_MET) is not None
    if not said:
        sync.status["conditions"] = [*sync.status.get("conditions", ()), sync.end]
    sync.end = made(TARGETS[aim], reason, message, now=now)
    return aim == FAILURE_TARGET or not said


def _end(sync: Sync) -> bool:
    if sync.end is None or sync.terminating or any(sync.status["uncountedTerminatedPods"].values()):
        return False
    put(sync.status, sync.end)
    if sync.end["type"] == COMPLETE:
        sync.status["completionTime"] = sync.end["lastTransitionTime"]
    return True


def _write(store: Store, sync: Sync) -> None:
    """Counters of zero and what is empty are left out, as Go's JSON does; the three with pointers are not."""
    status = {name: value for name, value in sync.status.items() if value not in (0, "", None, [])}
    for name in ("ready", "terminating", "uncountedTerminatedPods"):
        status[name] = sync.status[name]
    store.update(JOBS, {**sync.job, "metadata": _plain(sync.job), "status": status}, status=True)


def _plain(job: Object) -> Object:
    """Without the version: between two writes of one look nobody else writes."""
    return {name: value for name, value in job["metadata"].items() if name != "resourceVersion"}
