"""As much OpenAPI as kubectl needs before it writes: that the server checks the fields of an object itself.

There are no schemas in it; kubectl knows the built-in kinds, and ``explain`` has nothing to say.
"""

from __future__ import annotations

from graph.demo.api.discovery import group_versions
from graph.demo.objects import Object
from graph.demo.problems import NotFound
from graph.demo.resources import RESOURCES, Resource

_INFO = {"title": "Kubernetes", "version": "v1.34.4+demo"}
_PARAMETERS = [
    {"name": name, "in": "query", "schema": {"type": "string", "uniqueItems": True}}
    for name in ("dryRun", "fieldManager", "fieldValidation")
]


def index() -> Object:
    """/openapi/v3"""
    names = [f"apis/{group}/{version}" if group else f"api/{version}" for group, version in group_versions()]
    return {"paths": {name: {"serverRelativeURL": f"/openapi/v3/{name}?hash=demo"} for name in names}}


def document(group: str, version: str) -> Object:
    """/openapi/v3/apis/{group}/{version}; raises NotFound."""
    if (group, version) not in group_versions():
        raise NotFound("the server could not find the requested resource")
    mine = [one for one in RESOURCES if (one.group, one.version) == (group, version)]
    return {"openapi": "3.0.0", "info": _INFO, "paths": _paths(mine, _PARAMETERS), "components": {"schemas": {}}}


def document_2() -> Object:
    """/openapi/v2"""
    return {"swagger": "2.0", "info": _INFO, "paths": {}, "definitions": {}}


def _paths(resources: list[Resource], parameters: list[Object]) -> Object:
    return {_path(one): {"patch": _operation(one, parameters)} for one in resources}


def _path(resource: Resource) -> str:
    root = f"/apis/{resource.group}/{resource.version}" if resource.group else f"/api/{resource.version}"
    return f"{root}{'/namespaces/{namespace}' if resource.namespaced else ''}/{resource.plural}/{{name}}"


def _operation(resource: Resource, parameters: list[Object]) -> Object:
    return {
        "operationId": f"patch{resource.kind}",
        "parameters": parameters,
        "responses": {"200": {"description": "OK"}},
        "x-kubernetes-action": "patch",
        "x-kubernetes-group-version-kind": {
            "group": resource.group,
            "version": resource.version,
            "kind": resource.kind,
        },
    }
