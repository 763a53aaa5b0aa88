"""The node controller: a node whose kubelet is silent becomes Unknown, is tainted, and its pods are no longer ready."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from typing import Any

from graph.demo.controllers.events import Recorder
from graph.demo.controllers.placed import Placed
from graph.demo.controllers.status import condition_of, with_condition
from graph.demo.history import Change
from graph.demo.objects import Object, labels_of, read, with_metadata, written
from graph.demo.resources import LEASES, NODES, PODS, Resource
from graph.demo.store import Store

LEASE_NAMESPACE = "kube-node-lease"
STARTUP_GRACE = 60.0
"""Seconds that a node has to say anything at all."""
CONDITIONS = ("Ready", "MemoryPressure", "DiskPressure", "PIDPressure")
NOT_READY, UNREACHABLE = "node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"
UNSCHEDULABLE = "node.kubernetes.io/unschedulable"
TAINTS = {
    ("Ready", "False"): NOT_READY,
    ("Ready", "Unknown"): UNREACHABLE,
    ("MemoryPressure", "True"): "node.kubernetes.io/memory-pressure",
    ("DiskPressure", "True"): "node.kubernetes.io/disk-pressure",
    ("NetworkUnavailable", "True"): "node.kubernetes.io/network-unavailable",
    ("PIDPressure", "True"): "node.kubernetes.io/pid-pressure",
}
OWN = {*TAINTS.values(), UNSCHEDULABLE}
BETA = {"kubernetes.io/os": "beta.kubernetes.io/os", "kubernetes.io/arch": "beta.kubernetes.io/arch"}


class NodeController:
    """``grace``: seconds of silence. Remembers when each node was last heard of, and how."""

    def __init__(self, store: Store, placed: Placed, *, grace: float) -> None:
        self._store = store
        self._placed = placed
        self._grace = grace
        self._recorder = Recorder(store, "node-controller")
        self._heard: dict[str, tuple[object, float]] = {}
        self._registered: dict[str, Object] = {}

    def keys(self, resource: Resource, change: Change) -> Iterable[Hashable]:
        """A node, whether it or its Lease changed."""
        metadata = change.object["metadata"]
        if resource is NODES or (resource is LEASES and metadata["namespace"] == LEASE_NAMESPACE):
            yield metadata["name"]

    def reconcile(self, key: Hashable) -> float | None:
        """One look; when the grace is over if nothing is heard."""
        name = str(key)
        node = self._store.find(NODES, "", name)
        if node is None:
            self._forget(name)
            return None
        self._register(node)
        node, silent_at = self._heard_of(node)
        self._taint(node)
        return silent_at

    def _register(self, node: Object) -> None:
        """The event of a new node, and the labels that have an older name."""
        name = node["metadata"]["name"]
        if name not in self._registered:
            self._registered[name] = node
            self._event(node, "RegisteredNode", f"Node {name} event: Registered Node {name} in Controller")
        labels = labels_of(node)
        older = {old: labels[new] for new, old in BETA.items() if new in labels}
        if older.items() - labels.items():
            self._store.update(NODES, with_metadata(node, labels={**labels, **older}, resourceVersion=None))

    def _forget(self, name: str) -> None:
        self._heard.pop(name, None)
        if gone := self._registered.pop(name, None):
            self._event(gone, "RemovingNode", f"Node {name} event: Removing Node {name} from Controller")

    def _heard_of(self, node: Object) -> tuple[Object, float]:
        """The node as it is now, and when its silence becomes too long."""
        now, name = self._store.clock(), node["metadata"]["name"]
        ready = condition_of(node, "Ready")
        lease = self._store.find(LEASES, LEASE_NAMESPACE, name)
        sign = (ready and ready.get("lastHeartbeatTime"), lease and lease["spec"].get("renewTime"))
        known = self._heard.get(name)
        if known is None or known[0] != sign:
            born = read(node["metadata"]["creationTimestamp"])
            known = self._heard[name] = (sign, born if sign == (None, None) else now)
        until = known[1] + (STARTUP_GRACE if ready is None else self._grace)
        if now < until:
            return self._store.get(NODES, "", name), until
        self._write_off(self._store.get(NODES, "", name), now)
        if ready and ready["status"] == "True":  # a kubelet that says itself that it is not has pods that may be
            self._tell(node)
        return self._store.get(NODES, "", name), now + self._grace

    def _write_off(self, node: Object, now: float) -> None:
        conditions = [_unknown(one, now) for one in node.get("status", {}).get("conditions") or ()]
        missing = [type_ for type_ in CONDITIONS if condition_of(node, type_) is None]
        conditions += [_never(type_, node, now) for type_ in missing]
        self._store.update(NODES, {**node, "status": {**node.get("status", {}), "conditions": conditions}}, status=True)

    def _taint(self, node: Object) -> None:
        """NoSchedule for each condition that is wrong; NoExecute for a node that is not ready."""
        conditions = node.get("status", {}).get("conditions") or ()
        keys = [TAINTS[of] for one in conditions if (of := (one["type"], one["status"])) in TAINTS]
        wanted = {*keys, *([UNSCHEDULABLE] if node["spec"].get("unschedulable") else [])}
        node = self._retaint(node, "NoSchedule", wanted)
        self._retaint(node, "NoExecute", {key for key in keys if key in (NOT_READY, UNREACHABLE)})

    def _retaint(self, node: Object, effect: str, wanted: set[str]) -> Object:
        old = node["spec"].get("taints") or []
        stays = [one for one in old if one["effect"] != effect or one["key"] not in OWN or one["key"] in wanted]
        missing = wanted - {one["key"] for one in stays if one["effect"] == effect}
        added = written(self._store.clock())
        new = [{"key": key, "effect": effect, "timeAdded": added} for key in sorted(missing)]
        if not new and len(stays) == len(old):
            return node
        spec = {name: value for name, value in node["spec"].items() if name != "taints"}
        taints = {"taints": [*stays, *new]} if stays or new else {}
        return self._store.update(NODES, with_metadata({**node, "spec": {**spec, **taints}}, resourceVersion=None))

    def _tell(self, node: Object) -> None:
        """Its pods are no longer ready, whatever their kubelet said last."""
        name = node["metadata"]["name"]
        self._event(node, "NodeNotReady", f"Node {name} status is now: NodeNotReady")
        for pod in self._placed.on(name):
            self._unready(pod)

    def _unready(self, pod: Object) -> None:
        old = condition_of(pod, "Ready")
        if old is None or old["status"] == "False":
            return
        told: dict[str, Any] = {word: old[word] for word in ("reason", "message") if word in old}
        status = with_condition(pod, "Ready", now=self._store.clock(), status="False", **told)
        self._store.update(PODS, {**pod, "status": status}, status=True)
        self._recorder.tell(pod, "Warning", "NodeNotReady", "Node is not ready")

    def _event(self, node: Object, reason: str, message: str) -> None:
        self._recorder.tell(node, "Normal", reason, message)


def _unknown(condition: Object, now: float) -> Object:
    if condition["type"] not in CONDITIONS or condition["status"] == "Unknown":
        return condition
    told: dict[str, Any] = {"reason": "NodeStatusUnknown", "message": "Kubelet stopped posting node status."}
    return {**condition, "status": "Unknown", "lastTransitionTime": written(now), **told}


def _never(type_: str, node: Object, now: float) -> Object:
    return {
        "type": type_,
        "status": "Unknown",
        "lastHeartbeatTime": node["metadata"]["creationTimestamp"],
        "lastTransitionTime": written(now),
        "reason": "NodeStatusNeverUpdated",
        "message": "Kubelet never posted node status.",
    }
