"""CronJobs and Deployments for tests of actions. Their environment holds a secret: it must turn up nowhere."""

from __future__ import annotations

from typing import Any

Object = dict[str, Any]

SECRET = "correct-horse-battery-staple"
IMAGE = "registry.example/app:1.0"


def pod_spec(**more: Any) -> Object:
    environment = [{"name": "PASSWORD", "value": SECRET}]
    return {"containers": [{"name": "app", "image": IMAGE, "env": environment}], **more}


def cronjob(name: str, **metadata: Any) -> Object:
    """Due once a year."""
    template = {
        "metadata": {"labels": {"app": name}, "annotations": {"team": "billing"}},
        "spec": {"backoffLimit": 2, "template": {"spec": pod_spec(restartPolicy="Never")}},
    }
    return {
        "apiVersion": "batch/v1",
        "kind": "CronJob",
        "metadata": {"name": name, "labels": {"app": name}, "annotations": {"note": "kept"}, **metadata},
        "spec": {"schedule": "0 0 1 1 *", "timeZone": "Etc/UTC", "jobTemplate": template},
    }


def deployment(name: str, *, replicas: int = 1, **spec: Any) -> Object:
    labels = {"app": name}
    template = {"metadata": {"labels": labels}, "spec": pod_spec()}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name},
        "spec": {"replicas": replicas, "selector": {"matchLabels": labels}, "template": template, **spec},
    }
