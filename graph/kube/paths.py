"""Paths of the Kubernetes API."""

from __future__ import annotations

from urllib.parse import quote

from graph.model.kind import Watched


def path_of(resource: Watched, namespace: str = "", name: str = "", subresource: str = "") -> str:
    """The path of a collection (of one namespace, or of all), of an object, or of its subresource."""
    prefix = f"/apis/{resource.api_version}" if "/" in resource.api_version else f"/api/{resource.api_version}"
    parts = [prefix, *(["namespaces", quote(namespace, safe="")] if namespace else []), resource.plural]
    parts += [quote(part, safe="") for part in (name, subresource) if part]
    return "/".join(parts)


def group_of(resource: Watched) -> str:
    """The API group, as RBAC rules name it; empty for the core group."""
    group, slash, _ = resource.api_version.partition("/")
    return group if slash else ""
