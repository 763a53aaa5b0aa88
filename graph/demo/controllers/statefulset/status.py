"""What a StatefulSet's status is to be. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from graph.demo.controllers.percent import nonzero
from graph.demo.controllers.pods import available, phase, ready
from graph.demo.controllers.revisions import History
from graph.demo.controllers.statefulset.identity import revision_of
from graph.demo.objects import Object, deleting


@dataclass(slots=True)
class Counters:
    """Of pods that are there; those of a revision do not count what is going."""

    replicas: int = 0
    ready: int = 0
    available: int = 0
    current: int = 0
    updated: int = 0


def created(pod: Object) -> bool:
    """Whether it is there, and not only planned."""
    return bool(phase(pod))


def min_ready(stateful_set: Object) -> int:
    """Seconds that a pod has to be ready before it counts as available."""
    seconds: int = stateful_set["spec"].get("minReadySeconds", 0)
    return seconds


def counters(pods: Iterable[Object], seconds: int, *, current: str, updated: str, now: float) -> Counters:
    """``current`` and ``updated``: the names of the revisions."""
    found = Counters()
    for pod in filter(created, pods):
        stays, of = not deleting(pod), revision_of(pod)
        is_ready = phase(pod) == "Running" and ready(pod)
        found.replicas += 1
        found.ready += is_ready
        found.available += is_ready and available(pod, seconds, now)
        found.current += stays and of == current
        found.updated += stays and of == updated
    return found


def status_of(stateful_set: Object, found: Counters, *, history: History, current: str) -> Object:
    """A rolling update that has come to all pods is over: the current revision is then the new one."""
    updated, size = history.latest["metadata"]["name"], stateful_set["spec"]["replicas"]
    rolling = stateful_set["spec"]["updateStrategy"]["type"] == "RollingUpdate"
    if rolling and found.updated == found.ready == found.replicas == size:
        current, found.current = updated, found.updated
    return {
        "observedGeneration": stateful_set["metadata"]["generation"],
        "replicas": found.replicas,
        **nonzero(readyReplicas=found.ready, currentReplicas=found.current, updatedReplicas=found.updated),
        "availableReplicas": found.available,
        "currentRevision": current,
        "updateRevision": updated,
        "collisionCount": history.collisions,
    }
