"""The conditions of a Deployment: how one is made and set, and what its status says of a rollout. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from graph.demo.controllers.deployment.sizes import wanted
from graph.demo.objects import Object, read, written

PROGRESSING, AVAILABLE, FAILURE = "Progressing", "Available", "ReplicaFailure"
FOUND, CREATED, UPDATED = "FoundNewReplicaSet", "NewReplicaSetCreated", "ReplicaSetUpdated"
COMPLETE, TIMED_OUT, REFUSED = "NewReplicaSetAvailable", "ProgressDeadlineExceeded", "ReplicaSetCreateError"
PAUSED, RESUMED = "DeploymentPaused", "DeploymentResumed"
_FOREVER = 2**31 - 1


def made(type_: str, status: str, reason: str, message: str, *, now: float) -> Object:
    """A condition that begins now."""
    at = written(now)
    times = {"lastUpdateTime": at, "lastTransitionTime": at}
    return {"type": type_, "status": status, **times, "reason": reason, "message": message}


def found(status: Object, type_: str) -> Object | None:
    """None when the status does not say."""
    return next((one for one in status.get("conditions", ()) if one["type"] == type_), None)


def put(status: Object, condition: Object) -> Object:
    """The status with a condition, unless the same is there for the same reason; its time of transition moves only
    when it turns."""
    old = found(status, condition["type"])
    if old and (old["status"], old["reason"]) == (condition["status"], condition["reason"]):
        return status
    return replaced(status, condition)


def replaced(status: Object, condition: Object) -> Object:
    """The status with a condition, as the last of them."""
    old = found(status, condition["type"])
    if old and old["status"] == condition["status"]:
        condition = {**condition, "lastTransitionTime": old["lastTransitionTime"]}
    return {**status, "conditions": [*_others(status, condition["type"]), condition]}


def without(status: Object, type_: str) -> Object:
    """The status without a condition."""
    others = _others(status, type_)
    kept = {name: value for name, value in status.items() if name != "conditions"}
    return {**kept, "conditions": others} if others else kept


def from_replica_sets(sets: Iterable[Object]) -> Object | None:
    """The first failure that one of the ReplicaSets tells."""
    for one in sets:
        if condition := found(one.get("status", {}), FAILURE):
            at = condition["lastTransitionTime"]
            return {**condition, "lastUpdateTime": at, "lastTransitionTime": at}
    return None


def deadline(deployment: Object) -> int | None:
    """Seconds without progress after which a rollout counts as stuck; None for never."""
    seconds: int | None = deployment["spec"].get("progressDeadlineSeconds")
    return None if seconds == _FOREVER else seconds


def complete(deployment: Object, status: Object) -> bool:
    """All that is wanted is updated and available, and nothing old is left."""
    counters = (status.get(name, 0) for name in ("updatedReplicas", "replicas", "availableReplicas"))
    seen = status.get("observedGeneration", 0) >= deployment["metadata"]["generation"]
    return seen and all(count == wanted(deployment) for count in counters)


def progressed(old: Object, new: Object) -> bool:
    """More pods are updated, ready or available than before, or fewer are old."""
    more = ("updatedReplicas", "readyReplicas", "availableReplicas")
    return _outdated(new) < _outdated(old) or any(new.get(name, 0) > old.get(name, 0) for name in more)


def timed_out(deployment: Object, status: Object, now: float) -> bool:
    """Whether the deadline has passed since the last progress, and nothing was achieved before."""
    condition, seconds = found(status, PROGRESSING), deadline(deployment)
    if condition is None or seconds is None or condition["reason"] == COMPLETE:
        return False
    return condition["reason"] == TIMED_OUT or read(condition["lastUpdateTime"]) + seconds < now


def next_check(deployment: Object, status: Object) -> float | None:
    """When the deadline will have passed, if nothing happens before."""
    condition, seconds = found(status, PROGRESSING), deadline(deployment)
    if condition is None or seconds is None or condition["reason"] in (COMPLETE, TIMED_OUT):
        return None
    return None if complete(deployment, status) else read(condition["lastUpdateTime"]) + seconds + 1.0


def _outdated(status: Object) -> int:
    count: int = status.get("replicas", 0) - status.get("updatedReplicas", 0)
    return count


def _others(status: Object, type_: str) -> list[Object]:
    return [one for one in status.get("conditions", ()) if one["type"] != type_]
