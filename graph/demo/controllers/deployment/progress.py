"""What a Deployment's status is to be, from the ReplicaSets that it has. Pure."""

from __future__ import annotations

from graph.demo.controllers.deployment import conditions
from graph.demo.controllers.deployment.conditions import AVAILABLE, COMPLETE, FAILURE, PROGRESSING, TIMED_OUT, UPDATED
from graph.demo.controllers.deployment.sizes import counted, unavailable, wanted
from graph.demo.controllers.percent import nonzero
from graph.demo.objects import Object


def status_of(deployment: Object, sets: list[Object], new: Object | None, *, size: int, now: float) -> Object:
    """Counters and availability, as the ReplicaSets have them; the other conditions stay.

    ``size``: how many pods the ReplicaSets are to have.
    """
    available = counted(sets, "availableReplicas")
    before = deployment.get("status", {})
    status: Object = {
        "observedGeneration": deployment["metadata"]["generation"],
        **nonzero(
            replicas=counted(sets, "replicas"),
            updatedReplicas=counted([new] if new else (), "replicas"),
            readyReplicas=counted(sets, "readyReplicas"),
            availableReplicas=available,
            unavailableReplicas=max(size - available, 0),
        ),
        **{name: before[name] for name in ("conditions", "collisionCount") if name in before},
    }
    if available >= wanted(deployment) - unavailable(deployment):
        told = ("True", "MinimumReplicasAvailable", "Deployment has minimum availability.")
    else:
        told = ("False", "MinimumReplicasUnavailable", "Deployment does not have minimum availability.")
    return conditions.put(status, conditions.made(AVAILABLE, *told, now=now))


def with_progress(deployment: Object, status: Object, *, sets: list[Object], new: Object | None, now: float) -> Object:
    """The status of a rollout, with what it tells of progress and failures."""
    name = f'ReplicaSet "{new["metadata"]["name"]}"' if new else f'Deployment "{deployment["metadata"]["name"]}"'
    if conditions.deadline(deployment) is None:
        status = conditions.without(status, PROGRESSING)
    elif not _was_complete(deployment, status):
        status = _progressing(deployment, status, name=name, now=now)
    if failure := conditions.from_replica_sets([*([new] if new else ()), *sets]):
        return conditions.put(status, failure)
    return conditions.without(status, FAILURE)


def _was_complete(deployment: Object, status: Object) -> bool:
    condition = conditions.found(deployment.get("status", {}), PROGRESSING)
    done = condition is not None and condition["reason"] == COMPLETE
    return done and status.get("replicas", 0) == status.get("updatedReplicas", 0)


def _progressing(deployment: Object, status: Object, *, name: str, now: float) -> Object:
    if conditions.complete(deployment, status):
        message = f"{name} has successfully progressed."
        return conditions.put(status, conditions.made(PROGRESSING, "True", COMPLETE, message, now=now))
    if conditions.progressed(deployment.get("status", {}), status):
        condition = conditions.made(PROGRESSING, "True", UPDATED, f"{name} is progressing.", now=now)
        return conditions.replaced(status, condition)  # its time of update says when progress was last seen
    if conditions.timed_out(deployment, status, now):
        message = f"{name} has timed out progressing."
        return conditions.put(status, conditions.made(PROGRESSING, "False", TIMED_OUT, message, now=now))
    return status
