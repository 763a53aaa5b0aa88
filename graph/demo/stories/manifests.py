"""The objects that the stories begin with, as a team would have written them."""

from __future__ import annotations

from typing import Any

from graph.demo.objects import Object
from graph.demo.player.script import PREFIX

REGISTRY = "registry.example.com"
SMALL = {"requests": {"cpu": "25m", "memory": "64Mi"}, "limits": {"memory": "256Mi"}}


def image(path: str, version: str) -> str:
    """``shop/checkout`` → ``registry.example.com/shop/checkout:2.4.1``."""
    return f"{REGISTRY}/{path}:{version}"


def labels(name: str, service: str | None = None) -> dict[str, str]:
    """The recommended ones, and the service where it has another name."""
    return {"app.kubernetes.io/name": name} | ({"statusgraph.io/service": service} if service else {})


def container(name: str, image_: str, **fields: Any) -> Object:
    """With small requests, and a readiness probe where it has a port."""
    probe = {"httpGet": {"path": "/healthz", "port": 8080}, "periodSeconds": 5}
    return {"name": name, "image": image_, "resources": SMALL, "readinessProbe": probe, **fields}


def template(name: str, spec: Object, *, service: str | None = None, play: str | None = None) -> Object:
    """Of pods."""
    metadata: Object = {"labels": labels(name, service)}
    if play:
        metadata["annotations"] = {PREFIX + name: play}
    return {"metadata": metadata, "spec": {"terminationGracePeriodSeconds": 10, **spec}}


def workload(
    kind: str, name: str, image_: str, *, service: str | None = None, play: str | None = None, **spec: Any
) -> Object:
    """A Deployment, StatefulSet or DaemonSet of one container, which has the workload's name."""
    pods = template(name, {"containers": [container(name, image_)]}, service=service, play=play)
    return {
        "apiVersion": "apps/v1",
        "kind": kind,
        "metadata": {"name": name, "labels": labels(name, service)},
        "spec": {"selector": {"matchLabels": {"app.kubernetes.io/name": name}}, "template": pods, **spec},
    }


def cronjob(name: str, image_: str, *, schedule: str, play: str) -> Object:
    """Whose runs are not tried again."""
    pods = template(name, run({"name": name, "image": image_, "resources": SMALL}), play=play)
    return {
        "apiVersion": "batch/v1",
        "kind": "CronJob",
        "metadata": {"name": name, "labels": labels(name)},
        "spec": {
            "schedule": schedule,
            "concurrencyPolicy": "Forbid",
            "failedJobsHistoryLimit": 3,
            "jobTemplate": {"metadata": {"labels": labels(name)}, "spec": {"backoffLimit": 0, "template": pods}},
        },
    }


def run(*containers: Object) -> Object:
    """The spec of a pod that runs to its end: the containers one after another."""
    *first, last = containers
    return {"restartPolicy": "Never", **({"initContainers": first} if first else {}), "containers": [last]}
