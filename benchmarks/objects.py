"""Objects of an invented cluster as the API server tells them: a pod, and what every object has.

They carry what real ones do, managedFields, env and volumes included: most of a watch line's bytes are never looked
at, but have to be read.
"""

from __future__ import annotations

from typing import Any
from uuid import NAMESPACE_URL, uuid5

Object = dict[str, Any]

CREATED = "2026-11-20T09:00:00Z"
NAMESPACE = "shop"
NODE = "node-1"


def pod(
    name: str, *, healthy: bool = True, owner: Object | None = None, labels: dict[str, str] | None = None
) -> Object:
    """A pod that runs and is ready, or whose container crashes again and again."""
    return {
        "kind": "Pod",
        "apiVersion": "v1",
        "metadata": {**meta("Pod", name, owner), "labels": labels or {}, "managedFields": managed("Pod")},
        "spec": pod_spec(),
        "status": pod_status(healthy=healthy),
    }


def pod_spec() -> Object:
    """Of every pod: one container with what containers have, bound to a node."""
    probe = {"httpGet": {"path": "/healthz", "port": 8080}, "periodSeconds": 10, "failureThreshold": 3}
    mount = {"name": "api-access", "readOnly": True, "mountPath": "/var/run/secrets/kubernetes.io/serviceaccount"}
    app = {
        "name": "app",
        "image": "registry.example/shop/app:1.27.3",
        "ports": [{"name": "http", "containerPort": 8080, "protocol": "TCP"}],
        "env": [{"name": f"SETTING_{number}", "value": f"value-of-{number}"} for number in range(8)],
        "resources": {"limits": {"memory": "512Mi"}, "requests": {"cpu": "100m", "memory": "256Mi"}},
        "volumeMounts": [mount],
        "livenessProbe": probe,
        "readinessProbe": probe,
        "imagePullPolicy": "IfNotPresent",
    }
    return {
        "nodeName": NODE,
        "containers": [app],
        "volumes": [{"name": "api-access", "emptyDir": {}}],
        "restartPolicy": "Always",
        "terminationGracePeriodSeconds": 30,
        "dnsPolicy": "ClusterFirst",
        "serviceAccountName": "default",
        "schedulerName": "default-scheduler",
        "tolerations": [{"key": "node.kubernetes.io/not-ready", "operator": "Exists", "effect": "NoExecute"}],
    }


def pod_status(*, healthy: bool, ended: str = "2026-11-22T11:58:00Z") -> Object:
    """Running and ready; or waiting for the next restart after the container ended at ``ended``."""
    since = CREATED if healthy else ended
    container: Object = {
        "name": "app",
        "image": "registry.example/shop/app:1.27.3",
        "imageID": "registry.example/shop/app@sha256:" + "5e" * 32,
        "containerID": "containerd://" + "a7" * 32,
        "ready": healthy,
        "started": healthy,
        "restartCount": 0 if healthy else 7,
        "state": {"running": {"startedAt": CREATED}},
    }
    if not healthy:
        waiting = "back-off 5m0s restarting failed container=app pod=app"
        container["state"] = {"waiting": {"reason": "CrashLoopBackOff", "message": waiting}}
        last = {"exitCode": 1, "reason": "Error", "startedAt": ended, "finishedAt": ended}
        container["lastState"] = {"terminated": last}
    unready = {} if healthy else {"reason": "ContainersNotReady", "message": "containers with unready status: [app]"}
    return {
        "phase": "Running",
        "hostIP": "10.0.0.1",
        "podIP": "10.1.2.3",
        "podIPs": [{"ip": "10.1.2.3"}],
        "startTime": CREATED,
        "qosClass": "Burstable",
        "conditions": [
            condition("PodReadyToStartContainers", CREATED),
            condition("Initialized", CREATED),
            {**condition("Ready", since, holds=healthy), **unready},
            {**condition("ContainersReady", since, holds=healthy), **unready},
            condition("PodScheduled", CREATED),
        ],
        "containerStatuses": [container],
    }


def meta(kind: str, name: str, owner: Object | None) -> Object:
    told: Object = {
        "name": name,
        "namespace": NAMESPACE,
        "uid": str(uuid5(NAMESPACE_URL, f"{kind}/{name}")),
        "resourceVersion": "184467",
        "creationTimestamp": CREATED,
    }
    if owner is not None:
        above = {"apiVersion": owner["apiVersion"], "kind": owner["kind"], "controller": True}
        told["ownerReferences"] = [{**above, **{word: owner["metadata"][word] for word in ("name", "uid")}}]
    return told


def condition(type_: str, since: str, *, holds: bool = True) -> Object:
    return {
        "type": type_,
        "status": "True" if holds else "False",
        "lastProbeTime": None,
        "lastTransitionTime": since,
        "lastUpdateTime": since,
    }


def managed(kind: str) -> list[Object]:
    """As much of it as a real object has: a third of its bytes."""
    fields: Object = {
        f"f:{name}": {".": {}, "f:value": {}} for name in ("image", "env", "ports", "resources", "volumes")
    }
    spec = {"f:spec": {"f:containers": {'k:{"name":"app"}': fields}, "f:restartPolicy": {}, "f:dnsPolicy": {}}}
    status: Object = {
        "f:status": {
            "f:conditions": {f'k:{{"type":"{name}"}}': {".": {}, "f:status": {}} for name in ("Ready", "Initialized")},
            "f:containerStatuses": {},
            "f:phase": {},
        }
    }
    of = {"operation": "Update", "apiVersion": "v1", "time": CREATED, "fieldsType": "FieldsV1"}
    manager = "kube-controller-manager" if kind == "Pod" else "kubectl"
    return [
        {**of, "manager": manager, "fieldsV1": spec},
        {**of, "manager": "kubelet", "subresource": "status", "fieldsV1": status},
    ]
