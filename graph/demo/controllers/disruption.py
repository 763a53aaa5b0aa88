"""The status of PodDisruptionBudgets: how many of their pods are healthy, and how many could be spared now."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from math import ceil

from graph.demo.controllers.events import Recorder
from graph.demo.controllers.status import condition_of
from graph.demo.history import Change
from graph.demo.objects import Object, controller_of, deleting, labels_of, written
from graph.demo.resources import DEPLOYMENTS, DISRUPTION_BUDGETS, PODS, REPLICA_SETS, STATEFUL_SETS, Resource
from graph.demo.selectors import matches
from graph.demo.store import Store

ALLOWED = "DisruptionAllowed"
SCALED = {resource.kind: resource for resource in (DEPLOYMENTS, REPLICA_SETS, STATEFUL_SETS)}


class DisruptionController:
    """No eviction is reckoned with before its pod is on its way out."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._recorder = Recorder(store, "controllermanager")

    def keys(self, resource: Resource, change: Change) -> Iterable[Hashable]:
        """A budget, whether it or one of its pods changed."""
        metadata = change.object["metadata"]
        if resource is DISRUPTION_BUDGETS:
            yield metadata["namespace"], metadata["name"]
        elif resource is PODS:
            for budget in self._store.list(DISRUPTION_BUDGETS, metadata["namespace"]):
                if matches(budget["spec"].get("selector"), labels_of(change.object)):
                    yield metadata["namespace"], budget["metadata"]["name"]

    def reconcile(self, key: Hashable) -> float | None:
        """One look."""
        assert isinstance(key, tuple)
        budget = self._store.find(DISRUPTION_BUDGETS, *key)
        if budget is None:
            return None
        spec = budget["spec"]
        pods = [pod for pod in self._store.list(PODS, key[0]) if matches(spec.get("selector"), labels_of(pod))]
        if not pods:
            self._recorder.tell(budget, "Normal", "NoPods", "No matching pods found")
        expected, desired = self._wanted(spec, pods)
        healthy = sum(map(_healthy, pods))
        spare = max(0, healthy - desired) if expected else 0
        counted = {"currentHealthy": healthy, "desiredHealthy": desired, "expectedPods": expected}
        self._write(budget, {**counted, "disruptionsAllowed": spare})
        return None

    def _wanted(self, spec: Object, pods: list[Object]) -> tuple[int, int]:
        """How many pods there should be, and how many of them healthy."""
        least = spec.get("minAvailable")
        if isinstance(least, int):
            return len(pods), least
        expected = self._scale(pods)
        if least is not None:
            return expected, _share(least, expected)
        return expected, max(0, expected - _share(spec.get("maxUnavailable", 0), expected))

    def _scale(self, pods: list[Object]) -> int:
        """The replicas of the pods' topmost controllers; a pod without one counts by itself."""
        scales: dict[str, int] = {}
        for pod in pods:
            top = self._top(pod)
            scales[top["metadata"]["uid"]] = top["spec"].get("replicas", 1) if top is not pod else 1
        return sum(scales.values())

    def _top(self, obj: Object) -> Object:
        owner = controller_of(obj)
        resource = SCALED.get(owner["kind"]) if owner else None
        above = self._store.find(resource, obj["metadata"]["namespace"], owner["name"]) if owner and resource else None
        return self._top(above) if above else obj

    def _write(self, budget: Object, counted: Object) -> None:
        generation = budget["metadata"].get("generation", 1)
        old = condition_of(budget, ALLOWED)
        allowed = counted["disruptionsAllowed"] > 0
        same = old is not None and (old["status"] == "True") == allowed
        condition = {
            "type": ALLOWED,
            "status": str(allowed),
            "reason": "SufficientPods" if allowed else "InsufficientPods",
            "message": "",
            "observedGeneration": generation,
            "lastTransitionTime": old["lastTransitionTime"] if old and same else written(self._store.clock()),
        }
        status = {**counted, "observedGeneration": generation, "conditions": [condition]}
        self._store.update(DISRUPTION_BUDGETS, {**budget, "status": status}, status=True)


def _healthy(pod: Object) -> bool:
    ready = condition_of(pod, "Ready")
    return not deleting(pod) and ready is not None and ready["status"] == "True"


def _share(wanted: int | str, of: int) -> int:
    """``30%`` of it, rounded up; a number as it is."""
    return ceil(int(wanted.rstrip("%")) * of / 100) if isinstance(wanted, str) else wanted
