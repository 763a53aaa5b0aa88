"""Requests to an API server and the objects in them, for the tests of this folder."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

Object = dict[str, Any]

MERGE = "application/merge-patch+json"
STRATEGIC = "application/strategic-merge-patch+json"
JSON_PATCH = "application/json-patch+json"
APPLY = "application/apply-patch+yaml"
SERVER_SIDE = {"fieldManager": "tests", "force": "true"}
TABLE = {"Accept": "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"}

CORE, APPS, BATCH = "/api/v1/namespaces/$", "/apis/apps/v1/namespaces/$", "/apis/batch/v1/namespaces/$"


POLICY, LEASES = "/apis/policy/v1/namespaces/$", "/apis/coordination.k8s.io/v1/namespaces/$"


@dataclass(frozen=True, slots=True)
class Step:
    """One request. ``$`` in a path is the namespace. ``bodies``: whether the answers' bodies are compared too."""

    method: str
    path: str
    body: Any = None
    kind: str = "application/json"
    params: dict[str, str] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    bodies: bool = True
    words: bool = True
    """Whether the message of a refusal is compared, not only its reason."""


def pod(name: str, **spec: Any) -> Object:
    """One that no scheduler cares for."""
    container = {"name": "main", "image": "example/app:1"}
    usual = {"schedulerName": "nobody", "containers": [container]}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": {**usual, **spec}}


def config_map(name: str, **more: Any) -> Object:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": {"a": "1"}, **more}


def workload(kind: str, name: str, **spec: Any) -> Object:
    """Without pods."""
    template = {
        "metadata": {"labels": {"app": name}},
        "spec": {"containers": [{"name": "main", "image": "example/app"}]},
    }
    usual = {"replicas": 0, "selector": {"matchLabels": {"app": name}}, "template": template}
    return {"apiVersion": "apps/v1", "kind": kind, "metadata": {"name": name}, "spec": {**usual, **spec}}


def runs(**more: Any) -> Object:
    """The spec of a Job."""
    container = {"name": "main", "image": "example/job:1"}
    return {"template": {"spec": {"restartPolicy": "Never", "containers": [container]}}, **more}


def job(name: str, **spec: Any) -> Object:
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": name}, "spec": runs(suspend=True, **spec)}


def cronjob(name: str, **spec: Any) -> Object:
    usual = {"schedule": "0 0 1 1 *", "suspend": True, "jobTemplate": {"spec": runs()}}
    return {"apiVersion": "batch/v1", "kind": "CronJob", "metadata": {"name": name}, "spec": {**usual, **spec}}


def get(path: str, **params: str) -> Step:
    return Step("GET", path, params=params)


def post(path: str, body: Any, **params: str) -> Step:
    return Step("POST", path, body, params=params)


def patch(path: str, body: Any, kind: str = MERGE, **params: str) -> Step:
    return Step("PATCH", path, body, kind, params)


def delete(path: str, body: Any = None, **params: str) -> Step:
    return Step("DELETE", path, body, params=params)


MAPS = f"{CORE}/configmaps"
PODS = f"{CORE}/pods"
DEPLOYMENTS = f"{APPS}/deployments"
ONE = f"{DEPLOYMENTS}/one"

TWO_VARIABLES = {"name": "main", "env": [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}]}


def containers(*items: Object, **more: Any) -> Object:
    """A patch of a workload's containers."""
    return {"spec": {"template": {"spec": {"containers": list(items), **more}}}}
