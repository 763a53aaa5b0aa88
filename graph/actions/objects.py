"""Objects of the Kubernetes API as plain JSON, whole: an action keeps and sends back what a view leaves out.

What is read here goes back to the API server and nowhere else; of an object, its names alone reach Redis and the logs.
"""

from __future__ import annotations

from typing import Any, Protocol

import msgspec

from graph.errors import MalformedObject, NotFound
from graph.kube.paths import path_of
from graph.model.kind import Watched

Object = dict[str, Any]

CRONJOBS = Watched("batch/v1", "cronjobs", "CronJob")
JOBS = Watched("batch/v1", "jobs", "Job")
DEPLOYMENTS = Watched("apps/v1", "deployments", "Deployment")
REVISIONS = Watched("apps/v1", "controllerrevisions", "ControllerRevision", selector="statusgraph.io/kept=cronjob")

MERGE = "application/merge-patch+json"
STRATEGIC = "application/strategic-merge-patch+json"


class Api(Protocol):
    """The API server. Raises ClusterRefused for a 4xx, ClusterUnreachable for what may pass."""

    async def request(
        self, method: str, path: str, *, body: Any = None, content_type: str = "application/json"
    ) -> bytes: ...


class Objects:
    """The objects of one namespace: an action touches no other. Every call may raise ClusterError, MalformedObject."""

    def __init__(self, api: Api, namespace: str) -> None:
        self._api = api
        self._namespace = namespace

    async def find(self, resource: Watched, name: str, *, subresource: str = "") -> Object | None:
        """The object, None where there is none."""
        try:
            return _decoded(await self._api.request("GET", path_of(resource, self._namespace, name, subresource)))
        except NotFound:
            return None

    async def create(self, resource: Watched, body: Object) -> None:
        """Raises Conflict where one of its name exists."""
        await self._api.request("POST", path_of(resource, self._namespace), body=body)

    async def patch(
        self, resource: Watched, name: str, change: Object, *, content_type: str, subresource: str = ""
    ) -> None:
        """Changes what ``change`` names."""
        path = path_of(resource, self._namespace, name, subresource)
        await self._api.request("PATCH", path, body=change, content_type=content_type)

    async def delete(self, resource: Watched, name: str, *, uid: str) -> bool:
        """False when it was gone already. Raises Conflict where another object has the name now."""
        body = {"preconditions": {"uid": uid}, "propagationPolicy": "Background"}
        try:
            await self._api.request("DELETE", path_of(resource, self._namespace, name), body=body)
        except NotFound:
            return False
        return True


def annotations_of(it: Object) -> dict[str, str]:
    """Its annotations; the API leaves out what is empty."""
    return it["metadata"].get("annotations") or {}


def labels_of(it: Object) -> dict[str, str]:
    """Its labels."""
    return it["metadata"].get("labels") or {}


def _decoded(raw: bytes) -> Object:
    try:
        return msgspec.json.decode(raw, type=Object)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise MalformedObject(f"the API server sent something unreadable: {error}") from error
