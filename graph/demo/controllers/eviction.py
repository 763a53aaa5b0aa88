"""Pods that may not stay: those on a node with a NoExecute taint that they do not tolerate (any longer), and those on
a node that no longer exists."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from contextlib import suppress
from typing import Any

from graph.demo.controllers.events import Recorder
from graph.demo.controllers.fitting import tolerated
from graph.demo.controllers.placed import Placed
from graph.demo.controllers.pods import ended
from graph.demo.controllers.status import with_condition
from graph.demo.history import Change
from graph.demo.objects import Object, deleting
from graph.demo.problems import NotFound
from graph.demo.resources import NODES, PODS, Resource
from graph.demo.store import Store

Place = tuple[str, str]

QUARANTINE = 40.0
"""Seconds that a node may be missing before its pods are removed."""
COLLECTION = 20.0
"""Seconds between two looks for pods that nobody removes."""


class TaintEviction:
    """Remembers since when each pod bears with its node's taints."""

    def __init__(self, store: Store, placed: Placed) -> None:
        self._store = store
        self._placed = placed
        self._recorder = Recorder(store, "taint-eviction-controller")
        self._since: dict[Place, float] = {}

    def keys(self, resource: Resource, change: Change) -> Iterable[Hashable]:
        """A pod that was given a node; all of a node whose taints changed."""
        if resource is PODS:
            old, new = change.old, change.object
            if change.type == "DELETED" or old is None or _bearing(old) != _bearing(new):
                yield _place(new)
        elif resource is NODES and _taints(change.object) != _taints(change.old):
            yield from map(_place, list(self._placed.on(change.object["metadata"]["name"])))

    def reconcile(self, key: Hashable) -> float | None:
        """Evicts a pod whose time is over; else when it will be."""
        assert isinstance(key, tuple)
        pod = self._store.find(PODS, *key)
        if pod is None or deleting(pod):
            self._since.pop(key, None)
            return None
        node = self._store.find(NODES, "", pod["spec"].get("nodeName", ""))
        until = self._until(pod, key, _taints(node))
        if until is None:
            if self._since.pop(key, None) is not None:
                self._tell(pod, f"Cancelling deletion of Pod {'/'.join(key)}")
            return None
        if until > self._store.clock():
            return until
        self._evict(pod)
        return None

    def _until(self, pod: Object, key: Place, taints: list[Object]) -> float | None:
        """None: it may stay."""
        if not taints:
            return None
        now = self._store.clock()
        bearing = [tolerated(pod, taint) for taint in taints]
        if not all(bearing):
            return now
        limits = [one["tolerationSeconds"] for some in bearing for one in some if "tolerationSeconds" in one]
        if not limits:
            return None
        return self._since.setdefault(key, now) + float(max(0, min(limits)))

    def _evict(self, pod: Object) -> None:
        place = _place(pod)
        self._since.pop(place, None)
        self._tell(pod, f"Marking for deletion Pod {'/'.join(place)}")
        message = "Taint manager: deleting due to NoExecute taint"
        now = self._store.clock()
        status = with_condition(pod, "DisruptionTarget", now=now, reason="DeletionByTaintManager", message=message)
        self._store.update(PODS, {**pod, "status": status}, status=True)
        self._store.delete(PODS, *place, uid=pod["metadata"]["uid"])

    def _tell(self, pod: Object, message: str) -> None:
        self._recorder.tell(pod, "Normal", "TaintManagerEviction", message)


class PodGarbage:
    """Removes by force the pods of a node that is gone, and what was deleted before it had a node."""

    def __init__(self, store: Store, placed: Placed) -> None:
        self._store = store
        self._placed = placed
        self._missing: dict[str, float] = {}

    def keys(self, resource: Resource, change: Change) -> Iterable[Hashable]:
        """A node, whether it went or a pod names it; a pod without one that is going."""
        if resource is NODES and change.type != "MODIFIED":
            yield change.object["metadata"]["name"]
        elif resource is PODS and change.type != "DELETED":
            node = change.object["spec"].get("nodeName")
            if node is None and deleting(change.object):
                yield _place(change.object)
            elif node is not None and change.old is not None and not change.old["spec"].get("nodeName"):
                yield node

    def reconcile(self, key: Hashable) -> float | None:
        """Nothing is removed at first sight."""
        if isinstance(key, tuple):
            pod = self._store.find(PODS, *key)
            return self._later(key, [pod] if pod and not pod["spec"].get("nodeName") else [], COLLECTION)
        node = str(key)
        pods = [] if self._store.find(NODES, "", node) else list(self._placed.on(node))
        return self._later(node, pods, QUARANTINE, reason="DeletionByPodGC", message="PodGC: node no longer exists")

    def _later(self, key: Hashable, pods: list[Object], wait: float, **told: Any) -> float | None:
        name, now = str(key), self._store.clock()
        if not pods:
            self._missing.pop(name, None)
            return None
        due = self._missing.setdefault(name, now + wait)
        if now < due:
            return due
        del self._missing[name]
        for pod in pods:
            self._remove(pod, told)
        return None

    def _remove(self, pod: Object, told: dict[str, Any]) -> None:
        if not ended(pod):
            status = pod.get("status", {})
            if told:
                status = with_condition(pod, "DisruptionTarget", now=self._store.clock(), **told)
            self._store.update(PODS, {**pod, "status": {**status, "phase": "Failed"}}, status=True)
        with suppress(NotFound):
            self._store.delete(PODS, *_place(pod), uid=pod["metadata"]["uid"], grace=0)


def _taints(node: Object | None) -> list[Object]:
    """Those that do not only bar new pods."""
    return [one for one in (node or {"spec": {}})["spec"].get("taints") or () if one["effect"] == "NoExecute"]


def _bearing(pod: Object) -> tuple[object, object]:
    return pod["spec"].get("nodeName"), pod["spec"].get("tolerations")


def _place(pod: Object) -> Place:
    return pod["metadata"]["namespace"], pod["metadata"]["name"]
