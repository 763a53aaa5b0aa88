"""Objects as the API server tells them, as small as they can be."""

from __future__ import annotations

from typing import Any

Manifest = dict[str, Any]

API = {
    "Deployment": "apps/v1",
    "ReplicaSet": "apps/v1",
    "StatefulSet": "apps/v1",
    "CronJob": "batch/v1",
    "Job": "batch/v1",
}
NAMESPACE = "shop"
BORN = "2026-03-02T12:00:00Z"
"""When everything was created."""


def uid_of(kind: str, name: str) -> str:
    """The UID of an object whose test gives it none."""
    return f"uid-{kind.lower()}-{name}"


def thing(
    kind: str,
    name: str,
    *,
    owner: Manifest | None = None,
    labels: dict[str, str] | None = None,
    uid: str | None = None,
    **more: Any,
) -> Manifest:
    """Any object. ``owner``: the object that controls it."""
    metadata: Manifest = {
        "name": name,
        "namespace": NAMESPACE,
        "uid": uid or uid_of(kind, name),
        "creationTimestamp": BORN,
        "resourceVersion": "1",
        "labels": labels or {},
        "ownerReferences": [_reference(owner)] if owner else [],
    }
    return {"apiVersion": API.get(kind, "v1"), "kind": kind, "metadata": metadata, **more}


def deployment(name: str, **more: Any) -> Manifest:
    """A Deployment."""
    return thing("Deployment", name, **more)


def replicaset(name: str, **more: Any) -> Manifest:
    """A ReplicaSet."""
    return thing("ReplicaSet", name, **more)


def pod(name: str, *, phase: str = "Pending", conditions: tuple[Manifest, ...] = (), **more: Any) -> Manifest:
    """A pod that no scheduler has looked at."""
    return thing("Pod", name, status={"phase": phase, "conditions": list(conditions)}, **more)


def refused(name: str, *, at: str = BORN, **more: Any) -> Manifest:
    """A pod for which the scheduler found no node."""
    condition = {
        "type": "PodScheduled",
        "status": "False",
        "reason": "Unschedulable",
        "message": "0/3 nodes are available: 3 Insufficient cpu.",
        "lastTransitionTime": at,
    }
    return pod(name, conditions=(condition,), **more)


def job(name: str, **more: Any) -> Manifest:
    """A Job."""
    return thing("Job", name, **more)


def cronjob(name: str, **more: Any) -> Manifest:
    """A CronJob, due at midnight."""
    return thing("CronJob", name, spec={"schedule": "0 0 * * *"}, **more)


def event(name: str, about: Manifest, *, reason: str = "FailedMount") -> Manifest:
    """An event about an object."""
    meta = about["metadata"]
    involved = {"kind": about["kind"], "name": meta["name"], "namespace": meta["namespace"], "uid": meta["uid"]}
    return thing(
        "Event", name, involvedObject=involved, type="Warning", reason=reason, message="Words.", lastTimestamp=BORN
    )


def node(name: str, *, ready: str = "True", heartbeat: str = BORN, **meta: Any) -> Manifest:
    """A node, as its kubelet or (``Unknown``) the node controller tells of it."""
    conditions = [
        {"type": "DiskPressure", "status": "False", "lastHeartbeatTime": heartbeat},
        {"type": "Ready", "status": ready, "lastHeartbeatTime": heartbeat, "lastTransitionTime": BORN},
    ]
    metadata = {"name": name, "uid": uid_of("Node", name), **meta}
    return {"apiVersion": "v1", "kind": "Node", "metadata": metadata, "status": {"conditions": conditions}}


def running(name: str, on: str, **more: Any) -> Manifest:
    """A pod that is ready on a node."""
    conditions = tuple({"type": kind, "status": "True"} for kind in ("Initialized", "ContainersReady", "Ready"))
    made = pod(name, phase="Running", conditions=conditions, spec={"nodeName": on}, **more)
    made["status"]["containerStatuses"] = [{"name": "app", "ready": True, "state": {"running": {"startedAt": BORN}}}]
    return made


def _reference(owner: Manifest) -> Manifest:
    meta = owner["metadata"]
    return {"kind": owner["kind"], "name": meta["name"], "uid": meta["uid"], "controller": True}
