"""What is offered: discovery, generated from the table of resources, and the version."""

from __future__ import annotations

from collections.abc import Iterator

from graph.demo.objects import Object
from graph.demo.problems import NotFound
from graph.demo.resources import (
    CRONJOBS,
    DAEMON_SETS,
    DEPLOYMENTS,
    JOBS,
    PODS,
    REPLICA_SETS,
    RESOURCES,
    SERVICE_ACCOUNTS,
    SERVICES,
    STATEFUL_SETS,
    Resource,
)

VERSION = {
    "major": "1",
    "minor": "34",
    "gitVersion": "v1.34.4+demo",
    "gitCommit": "",
    "gitTreeState": "clean",
    "buildDate": "2026-01-01T00:00:00Z",
    "goVersion": "none",
    "compiler": "none",
    "platform": "linux/amd64",
}
AGGREGATED = "apidiscovery.k8s.io"
VERBS = ("create", "delete", "deletecollection", "get", "list", "patch", "update", "watch")
_ALL = (PODS, SERVICES, DAEMON_SETS, DEPLOYMENTS, REPLICA_SETS, STATEFUL_SETS, JOBS, CRONJOBS)

Sub = tuple[str, str, str, str, tuple[str, ...]]
"""A subresource: its name, the group, version and kind of its objects, and its verbs."""


def versions() -> Object:
    """/api"""
    return {"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": []}


def groups() -> Object:
    """/apis"""
    return {"kind": "APIGroupList", "apiVersion": "v1", "groups": [_group(name) for name in _group_names()]}


def group(name: str) -> Object:
    """/apis/{group}; raises NotFound."""
    if name not in _group_names():
        raise NotFound("the server could not find the requested resource")
    return {"kind": "APIGroup", "apiVersion": "v1", **_group(name)}


def resources(name: str, version: str) -> Object:
    """/api/v1 and /apis/{group}/{version}; raises NotFound."""
    mine = [one for one in RESOURCES if (one.group, one.version) == (name, version)]
    if not mine:
        raise NotFound("the server could not find the requested resource")
    listed = [entry for resource in mine for entry in _entries(resource)]
    head = {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": mine[0].api_version}
    return {**head, "resources": listed}


def aggregated(*, core: bool) -> Object:
    """/api or /apis in one answer."""
    items = [_aggregated(name) for name in ([""] if core else _group_names())]
    return {"kind": "APIGroupDiscoveryList", "apiVersion": f"{AGGREGATED}/v2", "metadata": {}, "items": items}


def group_versions() -> list[tuple[str, str]]:
    """Every (group, version)."""
    return list(dict.fromkeys((one.group, one.version) for one in RESOURCES))


def subresources(resource: Resource) -> Iterator[Sub]:
    """What there is below an object of the resource."""
    group, version = resource.group, resource.version
    if resource.status:
        yield "status", group, version, resource.kind, ("get", "patch", "update")
    if resource.scale:
        yield "scale", "autoscaling", "v1", "Scale", ("get", "patch", "update")
    if resource is PODS:
        yield "binding", "", "v1", "Binding", ("create",)
        yield "eviction", "policy", "v1", "Eviction", ("create",)
        yield "log", "", "v1", "Pod", ("get",)
    if resource is SERVICE_ACCOUNTS:
        yield "token", "authentication.k8s.io", "v1", "TokenRequest", ("create",)


def _group_names() -> list[str]:
    return list(dict.fromkeys(one.group for one in RESOURCES if one.group))


def _group(name: str) -> Object:
    mine = [version for group, version in group_versions() if group == name]
    offered = [{"groupVersion": f"{name}/{version}", "version": version} for version in mine]
    return {"name": name, "versions": offered, "preferredVersion": offered[0]}


def _entries(resource: Resource) -> Iterator[Object]:
    entry: Object = {
        "name": resource.plural,
        "singularName": resource.kind.lower(),
        "namespaced": resource.namespaced,
        "kind": resource.kind,
        "verbs": list(VERBS),
    }
    yield {
        **entry,
        **({"shortNames": list(resource.short)} if resource.short else {}),
        **({"categories": ["all"]} if resource in _ALL else {}),
    }
    for name, group, version, kind, verbs in subresources(resource):
        foreign = {} if (group, version) == (resource.group, resource.version) else {"group": group, "version": version}
        below = {"name": f"{resource.plural}/{name}", "singularName": "", "kind": kind, "verbs": list(verbs)}
        yield {**below, "namespaced": resource.namespaced, **foreign}


def _aggregated(name: str) -> Object:
    mine = [one for one in RESOURCES if one.group == name]
    found = dict.fromkeys(one.version for one in mine)
    offered = [
        {"version": version, "resources": [_discovered(one) for one in mine if one.version == version]}
        for version in found
    ]
    return {
        "metadata": {"name": name} if name else {},
        "versions": [{**one, "freshness": "Current"} for one in offered],
    }


def _discovered(resource: Resource) -> Object:
    below = [
        {"subresource": name, "responseKind": _kind(group, version, kind), "verbs": list(verbs)}
        for name, group, version, kind, verbs in subresources(resource)
    ]
    return {
        "resource": resource.plural,
        "responseKind": _kind(resource.group, resource.version, resource.kind),
        "scope": "Namespaced" if resource.namespaced else "Cluster",
        "singularResource": resource.kind.lower(),
        "verbs": list(VERBS),
        **({"shortNames": list(resource.short)} if resource.short else {}),
        **({"categories": ["all"]} if resource in _ALL else {}),
        **({"subresources": below} if below else {}),
    }


def _kind(group: str, version: str, kind: str) -> Object:
    return {"group": group, "version": version, "kind": kind}
