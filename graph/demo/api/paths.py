"""A path of the API → the resource, object and subresource that it names."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import unquote

from graph.demo.problems import NotFound
from graph.demo.resources import NAMESPACES, RESOURCES, Resource

MISSING = "the server could not find the requested resource"

_VERSIONS = {(one.group, one.version) for one in RESOURCES}
_RESOURCES = {(one.group, one.version, one.plural): one for one in RESOURCES}


class NoPath(NotFound):
    """It leads nowhere at all: an API server says so in plain text."""


@dataclass(frozen=True, slots=True)
class Target:
    """What a request is about. ``namespace`` is empty for all of them; ``name`` is for a collection."""

    resource: Resource
    namespace: str = ""
    name: str = ""
    subresource: str = ""


def target(path: str) -> Target:
    """Raises NotFound for what is no path of a resource, NoPath where there are none."""
    parts = [unquote(part) for part in path.strip("/").split("/")]
    group, version, rest = ("", *_two(parts[1:])) if parts[0] == "api" else _three(parts)
    if (group, version) not in _VERSIONS:
        raise NoPath(path)
    if rest[:1] == ["namespaces"] and not group and (len(rest) < 3 or rest[2] in ("status", "finalize")):
        return _target(NAMESPACES, "", rest[1:])
    namespace = ""
    if rest[:1] == ["namespaces"] and len(rest) > 2:
        namespace, rest = rest[1], rest[2:]
    resource = _RESOURCES.get((group, version, rest[0] if rest else ""))
    if resource is None or (namespace and not resource.namespaced):
        raise NotFound(MISSING)
    return _target(resource, namespace, rest[1:])


def _two(parts: list[str]) -> tuple[str, list[str]]:
    return (parts[0], parts[1:]) if parts else ("", [])


def _three(parts: list[str]) -> tuple[str, str, list[str]]:
    if parts[0] != "apis" or len(parts) < 3 or not parts[1]:
        raise NoPath("/".join(parts))
    return parts[1], parts[2], parts[3:]


def _target(resource: Resource, namespace: str, rest: list[str]) -> Target:
    if len(rest) > 2 or (rest and resource.namespaced and not namespace) or "" in rest:
        raise NotFound(MISSING)
    return Target(resource, namespace, *rest)
