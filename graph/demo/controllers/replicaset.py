"""The ReplicaSet controller: as many pods as wanted, those first to go that are least far, and a status that counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable
from functools import cmp_to_key
from math import log2

from graph.demo.controllers.children import Children, key_of
from graph.demo.controllers.events import Recorder
from graph.demo.controllers.percent import nonzero
from graph.demo.controllers.pods import (
    NamespaceGoing,
    active,
    available,
    create_pod,
    next_available,
    phase,
    ready,
    ready_since,
)
from graph.demo.controllers.retries import Retries
from graph.demo.history import Change
from graph.demo.objects import Object, annotations_of, controller_of, deleting, labels_of, read, written
from graph.demo.problems import Problem
from graph.demo.resources import PODS, REPLICA_SETS, Resource
from graph.demo.store import Store

AT_ONCE = 500
"""The most pods that one look makes or removes."""
COST = "controller.kubernetes.io/pod-deletion-cost"
FAILURE = "ReplicaFailure"
_FAR = {"Pending": 0, "Unknown": 1, "Running": 2}


class ReplicaSetController:
    """Remembers nothing but how often pods were refused."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._recorder = Recorder(store, "replicaset-controller")
        self._pods = Children(store, REPLICA_SETS, PODS)
        self._retries = Retries()

    def keys(self, resource: Resource, change: Change) -> Iterable[Hashable]:
        """A ReplicaSet, whether it or one of its pods changed."""
        if resource is REPLICA_SETS:
            return (key_of(change.object),)
        return self._pods.keys(change) if resource is PODS else ()

    def reconcile(self, key: Hashable) -> float | None:
        """One look; when the next is due."""
        assert isinstance(key, tuple)
        replica_set = self._store.find(REPLICA_SETS, *key)
        if replica_set is None:
            self._retries.forget(key)
            return None
        pods = self._pods.claim(replica_set, only=active)
        problem = None if deleting(replica_set) else self._bring(replica_set, pods)
        now = self._store.clock()
        self._store.update(REPLICA_SETS, _counted(replica_set, pods, problem, now), status=True)
        if problem is not None:
            return now + self._retries.refused(key)
        self._retries.forget(key)
        return next_available(pods, replica_set["spec"].get("minReadySeconds", 0), now)

    def _bring(self, replica_set: Object, pods: list[Object]) -> Problem | None:
        """Closer to the wanted number; what it was refused."""
        lacking = replica_set["spec"]["replicas"] - len(pods)
        if lacking < 0:
            self._remove(replica_set, self._first_to_go(replica_set, pods)[: min(-lacking, AT_ONCE)])
        for _ in range(min(lacking, AT_ONCE)):
            try:
                pod = create_pod(self._store, replica_set, replica_set["spec"]["template"])
            except NamespaceGoing:
                return None
            except Problem as problem:
                self._recorder.tell(replica_set, "Warning", "FailedCreate", f"Error creating: {problem}")
                return problem
            self._recorder.tell(replica_set, "Normal", "SuccessfulCreate", f"Created pod: {pod['metadata']['name']}")
        return None

    def _remove(self, replica_set: Object, pods: list[Object]) -> None:
        for pod in pods:
            self._store.delete(PODS, *key_of(pod))
            self._recorder.tell(replica_set, "Normal", "SuccessfulDelete", f"Deleted pod: {pod['metadata']['name']}")

    def _first_to_go(self, replica_set: Object, pods: list[Object]) -> list[Object]:
        crowded = Counter(pod["spec"].get("nodeName") for pod in self._related(replica_set) if active(pod))
        now = self._store.clock()

        def order(one: Object, other: Object) -> int:
            return _before(one, other, crowded, now)

        return sorted(pods, key=cmp_to_key(order))

    def _related(self, replica_set: Object) -> Iterable[Object]:
        """The pods of all ReplicaSets of its owner: who shares a node with many of them goes earlier."""
        owner = controller_of(replica_set)
        sets = self._store.owned(owner["uid"], REPLICA_SETS) if owner else (replica_set,)
        return (pod for one in sets for pod in self._store.owned(one["metadata"]["uid"], PODS))


def _counted(replica_set: Object, pods: list[Object], problem: Problem | None, now: float) -> Object:
    """With the status that tells of the pods as they were before this look changed them."""
    spec = replica_set["spec"]
    labels = ((spec["template"].get("metadata") or {}).get("labels") or {}).items()
    status: Object = {
        "replicas": len(pods),
        **nonzero(
            fullyLabeledReplicas=sum(labels <= labels_of(pod).items() for pod in pods),
            readyReplicas=sum(map(ready, pods)),
            availableReplicas=sum(available(pod, spec.get("minReadySeconds", 0), now) for pod in pods),
            observedGeneration=replica_set["metadata"]["generation"],
        ),
    }
    conditions = _conditions(replica_set, problem, lacking=spec["replicas"] - len(pods), now=now)
    return {**replica_set, "status": {**status, **({"conditions": conditions} if conditions else {})}}


def _conditions(replica_set: Object, problem: Problem | None, *, lacking: int, now: float) -> list[Object]:
    """The first refusal stands until there is none."""
    conditions: list[Object] = replica_set.get("status", {}).get("conditions", [])
    if problem is None:
        return [one for one in conditions if one["type"] != FAILURE]
    if any(one["type"] == FAILURE for one in conditions):
        return conditions
    condition = {
        "type": FAILURE,
        "status": "True",
        "lastTransitionTime": written(now),
        "reason": "FailedCreate" if lacking > 0 else "FailedDelete",
        "message": str(problem),
    }
    return [*conditions, condition]


def _before(one: Object, other: Object, crowded: Counter[str], now: float) -> int:
    """Negative when ``one`` goes before ``other``; Kubernetes' order."""
    ranks = [(*_stage(pod), _cost(pod), -crowded[pod["spec"].get("nodeName")]) for pod in (one, other)]
    if ranks[0] != ranks[1]:
        return -1 if ranks[0] < ranks[1] else 1
    if turn := _younger(one, other, ready_since(one), ready_since(other), now):
        return turn
    if _restarts(one) != _restarts(other):
        return -1 if _restarts(one) > _restarts(other) else 1
    born, others = (read(pod["metadata"]["creationTimestamp"]) for pod in (one, other))
    return _younger(one, other, born, others, now)


def _stage(pod: Object) -> tuple[bool, int, bool]:
    return bool(pod["spec"].get("nodeName")), _FAR.get(phase(pod), 0), ready(pod)


def _cost(pod: Object) -> int:
    text = annotations_of(pod).get(COST, "0")
    return int(text) if text.removeprefix("-").isdecimal() else 0


def _restarts(pod: Object) -> int:
    return max((one["restartCount"] for one in pod.get("status", {}).get("containerStatuses", ())), default=0)


def _younger(one: Object, other: Object, since: float | None, others: float | None, now: float) -> int:
    """By the order of magnitude of the age; within one by UID, which is as good as by lot."""
    if since is None or others is None or since == others:
        return 0
    ages = [int(log2((now - at) * 1e9)) if now > at else -1 for at in (since, others)]
    if ages[0] != ages[1]:
        return ages[0] - ages[1]
    return -1 if one["metadata"]["uid"] < other["metadata"]["uid"] else 1
