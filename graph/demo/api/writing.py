"""Writes: create, replace, patch and delete, with what an API server does before it keeps an object."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from graph.demo.api.answers import object_of, success
from graph.demo.api.paths import Target
from graph.demo.api.schema import shaped
from graph.demo.defaults import defaulted
from graph.demo.objects import Object, deleting, with_metadata
from graph.demo.patches import json_patched, merged, strategic, withdrawn
from graph.demo.problems import BadRequest, Forbidden, Invalid, NotFound, UnsupportedMediaType
from graph.demo.resources import CLAIMS, EVENTS, JOBS, NAMESPACES, NODES, PODS, SERVICE_ACCOUNTS, SERVICES, Resource
from graph.demo.store import Store
from graph.demo.validation import check, invalid

APPLY = "application/apply-patch+yaml"
MERGE = "application/merge-patch+json"
STRATEGIC = "application/strategic-merge-patch+json"
JSON_PATCH = "application/json-patch+json"

Admit = Callable[[Store, Object, Resource], None]

APPLIED = 10_000
"""Objects of which is known what was applied to them, by whom."""

_ANSWERED_WITH_OBJECT = (PODS, SERVICES, CLAIMS, SERVICE_ACCOUNTS, NAMESPACES)
_KEEPS_STATUS = (NODES, EVENTS)


class Writes:
    """The writes of one store. ``query`` is the request's: dryRun, propagationPolicy and so on.

    ``admit`` refuses a new object, by Forbidden.
    """

    def __init__(self, store: Store, admit: Admit) -> None:
        self._store = store
        self._admit = admit
        self._applied: dict[tuple[str, str], Object] = {}

    def create(self, target: Target, body: Any, query: Mapping[str, str]) -> Object:
        """As stored."""
        resource = target.resource
        obj = _addressed(target, _shaped(resource, body, query))
        metadata = obj["metadata"]
        if not metadata.get("name") and not metadata.get("generateName"):
            raise invalid(resource, "", ["metadata.name: Required value: name or generateName is required"])
        if "resourceVersion" in metadata:
            raise BadRequest("resourceVersion should not be set on objects to be created")
        if resource.namespaced:
            self._require_namespace(target, metadata.get("name") or metadata["generateName"])
        if resource.status and resource not in _KEEPS_STATUS:
            obj = {name: value for name, value in obj.items() if name != "status"}
        obj = defaulted(resource, with_metadata(obj, uid=None, managedFields=None, deletionTimestamp=None))
        check(resource, obj, old=None)
        self._admit(self._store, obj, resource)
        return self._store.create(resource, obj, dry=_dry(query))

    def replace(self, target: Target, body: Any, query: Mapping[str, str]) -> Object:
        """As stored; an object that is not there is not made."""
        status = target.subresource == "status"
        obj = _addressed(target, _statused(body) if status else _shaped(target.resource, body, query))
        if obj["metadata"].setdefault("name", target.name) != target.name:
            given = obj["metadata"]["name"]
            raise BadRequest(f"the name of the object ({given}) does not match the name on the URL ({target.name})")
        return self._update(target, obj, query)

    def patch(self, target: Target, body: Any, content_type: str, query: Mapping[str, str]) -> tuple[Object, bool]:
        """As stored, and whether it was made by this: an apply does."""
        patched = _patch(body, content_type)
        old = self._store.find(target.resource, target.namespace, target.name)
        if old is None and content_type == APPLY and not target.subresource:
            metadata = {**(body.get("metadata") or {}), "name": target.name}
            return self._noted(self.create(target, {**body, "metadata": metadata}, query), body, query), True
        old = self._store.get(target.resource, target.namespace, target.name)
        if content_type != APPLY:
            return self.replace(target, patched(old), query), False
        before = self._applied.get((old["metadata"]["uid"], query.get("fieldManager", "")), {})
        obj = patched(_strategic(old, withdrawn(before, body)))
        return self._noted(self.replace(target, obj, query), body, query), False

    def _noted(self, obj: Object, body: Object, query: Mapping[str, str]) -> Object:
        """What a manager has applied, so that the next time what it leaves out goes."""
        if not _dry(query):
            key = (obj["metadata"]["uid"], query.get("fieldManager", ""))
            self._applied.pop(key, None)
            self._applied[key] = body
            if len(self._applied) > APPLIED:
                del self._applied[next(iter(self._applied))]
        return obj

    def delete(self, target: Target, body: Any, query: Mapping[str, str]) -> Object:
        """The object while it is going, or a Status."""
        options = {**query, **(object_of(body) if body is not None else {})}
        wanted = options.get("preconditions") or {}
        grace = options.get("gracePeriodSeconds")
        gone = self._store.delete(
            target.resource,
            target.namespace,
            target.name,
            uid=wanted.get("uid"),
            version=wanted.get("resourceVersion"),
            grace=None if grace is None else _seconds(grace),
            propagation=_propagation(target.resource, options),
            dry=_dry(query) or bool(options.get("dryRun")),
        )
        if target.resource in _ANSWERED_WITH_OBJECT or deleting(gone):
            return gone
        return success(target, gone["metadata"]["uid"])

    def _update(self, target: Target, obj: Object, query: Mapping[str, str]) -> Object:
        resource, old = target.resource, self._store.get(target.resource, target.namespace, target.name)
        if target.subresource == "status":
            return self._store.update(resource, obj, status=True, dry=_dry(query))
        if target.subresource != "finalize":
            obj = defaulted(resource, obj)
            check(resource, obj, old=old)
        return self._store.update(resource, obj, dry=_dry(query))

    def _require_namespace(self, target: Target, name: str) -> None:
        namespace = self._store.find(NAMESPACES, "", target.namespace)
        if namespace is None:
            raise NotFound(f'namespaces "{target.namespace}" not found', name=target.namespace, kind="namespaces")
        if deleting(namespace):
            words = f"unable to create new content in namespace {target.namespace} because it is being terminated"
            raise Forbidden(f'{_plural(target.resource)} "{name}" is forbidden: {words}')


def _shaped(resource: Resource, body: Any, query: Mapping[str, str]) -> Object:
    if not isinstance(body, dict):
        raise BadRequest("the body of the request must be a JSON object")
    return shaped(resource.kind, body, strict=query.get("fieldValidation") == "Strict")


def _statused(body: Any) -> Object:
    """What writes a status is not looked at closely: it is what changes most."""
    if not isinstance(body, dict) or not isinstance(body.get("status", {}), dict):
        raise BadRequest("the body of the request must be an object with a status")
    return body


def _addressed(target: Target, obj: Object) -> Object:
    """The object with what its address says of it. Raises BadRequest when it says something else itself."""
    resource, metadata = target.resource, obj.get("metadata", {})
    version, kind = obj.get("apiVersion", resource.api_version), obj.get("kind", resource.kind)
    if version != resource.api_version:
        raise BadRequest(
            f"the API version in the data ({version}) does not match the expected API version ({resource.api_version})"
        )
    if kind != resource.kind:
        raise BadRequest(f'{kind} in version "{resource.version}" cannot be handled as a {resource.kind}')
    if not isinstance(metadata, dict):
        raise BadRequest("metadata must be an object")
    if not resource.namespaced:
        return {**obj, "metadata": {name: value for name, value in metadata.items() if name != "namespace"}}
    if metadata.get("namespace", target.namespace) != target.namespace:
        raise BadRequest("the namespace of the provided object does not match the namespace sent on the request")
    return {**obj, "metadata": {**metadata, "namespace": target.namespace}}


def _patch(body: Any, content_type: str) -> Callable[[Object], Object]:
    if content_type == JSON_PATCH:
        return lambda old: _json_patched(old, body)
    if not isinstance(body, dict):
        raise BadRequest("the body of the patch must be a JSON object")
    if content_type == MERGE:
        return lambda old: dict(merged(old, body))
    if content_type in (STRATEGIC, APPLY):
        return lambda old: _strategic(old, body)
    offered = ", ".join((JSON_PATCH, MERGE, STRATEGIC, APPLY))
    raise UnsupportedMediaType(
        f"the body of the request was in an unknown format - accepted media types include: {offered}"
    )


def _strategic(old: Object, patch: Object) -> Object:
    try:
        return strategic(old, patch)
    except (TypeError, ValueError, AttributeError, KeyError) as error:  # directives of another shape
        raise BadRequest(f"the patch cannot be applied: {error}") from error


def _json_patched(old: Object, operations: Any) -> Object:
    try:
        return dict(json_patched(old, operations))
    except LookupError as error:
        raise Invalid(f"the server rejected our request due to an error in our request: {error}") from error


def _propagation(resource: Resource, options: Mapping[str, Any]) -> str:
    if policy := options.get("propagationPolicy"):
        return str(policy)
    orphans = options.get("orphanDependents")
    if orphans is not None:
        return "Orphan" if str(orphans).lower() == "true" else "Background"
    return "Orphan" if resource is JOBS else "Background"  # batch/v1 keeps the pods of a Job, for old clients


def _seconds(text: Any) -> int:
    try:
        return max(0, int(text))
    except (TypeError, ValueError) as error:
        raise BadRequest(f"gracePeriodSeconds: {error}") from error


def _dry(query: Mapping[str, str]) -> bool:
    return query.get("dryRun") == "All"


def _plural(resource: Resource) -> str:
    return f"{resource.plural}.{resource.group}" if resource.group else resource.plural
