"""Manifests as a developer would write them. ``play`` tells the kubelet player what the container ``app`` does."""

from __future__ import annotations

from typing import Any

Object = dict[str, Any]

IMAGE = "registry.example/app"
PLAY = "play.statusgraph.io/"


def pod(name: str, play: str, **spec: Any) -> Object:
    """A bare pod: its service has its name."""
    return {"apiVersion": "v1", "kind": "Pod", "metadata": _meta(name, play), "spec": _pod_spec("1.0", **spec)}


def deployment(name: str, tag: str, *, replicas: int = 1) -> Object:
    """A Deployment of the service of its name; its pods are ready a second after they started."""
    made = _owner("Deployment", name, tag)
    made["spec"]["replicas"] = replicas
    return made


def statefulset(name: str, tag: str, *, replicas: int = 1, node: str | None = None) -> Object:
    """A StatefulSet of the service of its name; ``node``: its pods go there."""
    made = _owner("StatefulSet", name, tag)
    made["spec"] |= {"replicas": replicas, "serviceName": name}
    if node is not None:
        made["spec"]["template"]["spec"]["nodeSelector"] = {"kubernetes.io/hostname": node}
    return made


def daemonset(name: str, tag: str) -> Object:
    """A DaemonSet of the service of its name."""
    return _owner("DaemonSet", name, tag)


def cronjob(name: str, schedule: str, play: str) -> Object:
    """A CronJob whose runs are not tried again."""
    template = {"metadata": {"annotations": {f"{PLAY}app": play}}, "spec": _pod_spec("1.0", restartPolicy="Never")}
    spec = {"schedule": schedule, "jobTemplate": {"spec": {"backoffLimit": 0, "template": template}}}
    return {"apiVersion": "batch/v1", "kind": "CronJob", "metadata": {"name": name}, "spec": spec}


def build(service: str, number: int, **steps: str) -> Object:
    """A build of a service: what each step plays; all but the last one are init containers."""
    containers = [{"name": step, "image": f"{IMAGE}-{step}:1.0"} for step in steps]
    spec = {"restartPolicy": "Never", "initContainers": containers[:-1], "containers": containers[-1:]}
    plays = {f"{PLAY}{step}": play for step, play in steps.items()}
    metadata = {
        "name": f"{service}-build-{number}",
        "labels": {"statusgraph.io/build-of": service},
        "annotations": {"statusgraph.io/build-number": str(number), "statusgraph.io/commit": f"c0ffee{number}"},
    }
    template = {"metadata": {"annotations": plays}, "spec": spec}
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": metadata,
        "spec": {"backoffLimit": 0, "template": template},
    }


def no_jobs() -> Object:
    """A quota that refuses every new Job of its namespace."""
    return _quota("no-jobs", "count/jobs.batch")


def no_pods() -> Object:
    """A quota that refuses every new pod of its namespace."""
    return _quota("no-pods", "pods")


def _quota(name: str, none_of: str) -> Object:
    spec = {"hard": {none_of: "0"}}
    return {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": name}, "spec": spec}


def image(tag: str) -> Object:
    """A merge patch that gives a controller of pods of ours another image."""
    return {"spec": {"template": {"spec": _probed(tag)}}}


def _owner(kind: str, name: str, tag: str) -> Object:
    """A controller of pods."""
    labels = {"app": name}
    template = {"metadata": {"labels": labels}, "spec": _probed(tag)}
    body = {"selector": {"matchLabels": labels}, "template": template}
    return {"apiVersion": "apps/v1", "kind": kind, "metadata": {"name": name, "labels": labels}, "spec": body}


def _meta(name: str, play: str) -> Object:
    return {"name": name, "annotations": {f"{PLAY}app": play}}


def _probed(tag: str) -> Object:
    """The player's nodes are ten times as fast as real ones: the first probe comes after one second."""
    probe = {"httpGet": {"port": 8080}, "initialDelaySeconds": 9}
    spec = _pod_spec(tag)
    spec["containers"][0]["readinessProbe"] = probe
    return spec


def _pod_spec(tag: str, **more: Any) -> Object:
    return {"containers": [{"name": "app", "image": f"{IMAGE}:{tag}"}], **more}
