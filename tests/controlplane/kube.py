"""`Kube`: the tests' administrator: plain JSON objects in and out, and waiting by watch instead of sleeping."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from graph.demo.player.api import MERGE_PATCH, Api, ApiError, UnreachableError

from . import kubeconfig

Object = dict[str, Any]
Condition = Callable[[Object], object]

APPLY_PATCH = "application/apply-patch+yaml"
RETRY_SECONDS = 0.2
STARTING_OR_EXPIRED = frozenset({410, 429, 500, 503, 504})


@dataclass(frozen=True, slots=True)
class Kind:
    """Where a kind is found in the API."""

    api_version: str
    plural: str
    namespaced: bool = True

    def path(self, namespace: str | None, name: str | None = None) -> str:
        root = f"/api/{self.api_version}" if "/" not in self.api_version else f"/apis/{self.api_version}"
        scope = f"/namespaces/{namespace or 'default'}" if self.namespaced else ""
        return f"{root}{scope}/{self.plural}" + (f"/{name}" if name else "")


KINDS = {
    "ConfigMap": Kind("v1", "configmaps"),
    "Event": Kind("v1", "events"),
    "Namespace": Kind("v1", "namespaces", namespaced=False),
    "Node": Kind("v1", "nodes", namespaced=False),
    "Pod": Kind("v1", "pods"),
    "ResourceQuota": Kind("v1", "resourcequotas"),
    "Secret": Kind("v1", "secrets"),
    "Service": Kind("v1", "services"),
    "ServiceAccount": Kind("v1", "serviceaccounts"),
    "DaemonSet": Kind("apps/v1", "daemonsets"),
    "Deployment": Kind("apps/v1", "deployments"),
    "ReplicaSet": Kind("apps/v1", "replicasets"),
    "StatefulSet": Kind("apps/v1", "statefulsets"),
    "CronJob": Kind("batch/v1", "cronjobs"),
    "Job": Kind("batch/v1", "jobs"),
    "Lease": Kind("coordination.k8s.io/v1", "leases"),
    "PodDisruptionBudget": Kind("policy/v1", "poddisruptionbudgets"),
    "ClusterRole": Kind("rbac.authorization.k8s.io/v1", "clusterroles", namespaced=False),
    "ClusterRoleBinding": Kind("rbac.authorization.k8s.io/v1", "clusterrolebindings", namespaced=False),
    "Role": Kind("rbac.authorization.k8s.io/v1", "roles"),
    "RoleBinding": Kind("rbac.authorization.k8s.io/v1", "rolebindings"),
    "CustomResourceDefinition": Kind("apiextensions.k8s.io/v1", "customresourcedefinitions", namespaced=False),
}


class Kube:
    """One user's access to the API server. A kind that `KINDS` lacks is given as a `Kind`."""

    def __init__(self, api: Api) -> None:
        self.api = api

    @classmethod
    def from_kubeconfig(cls, path: Path) -> Self:
        return cls(kubeconfig.api_of(path))

    async def __aenter__(self) -> Self:
        await self.api.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.api.__aexit__(kind, error, trace)

    async def create(self, body: Object, *, namespace: str | None = None) -> Object:
        path = _kind(body["kind"]).path(namespace or body["metadata"].get("namespace"))
        return await self.api.request("POST", path, body=body)

    async def apply(self, *bodies: Object, namespace: str | None = None) -> list[Object]:
        """Server-side apply, in order; the fields are the tests' from then on."""
        return [await self._apply(body, namespace) for body in bodies]

    async def _apply(self, body: Object, namespace: str | None) -> Object:
        metadata = body["metadata"]
        path = _kind(body["kind"]).path(namespace or metadata.get("namespace"), metadata["name"])
        params = {"fieldManager": "tests", "force": "true"}
        return await self.api.request("PATCH", path, body=body, params=params, content_type=APPLY_PATCH)

    async def get(self, kind: str | Kind, name: str, *, namespace: str | None = None) -> Object:
        return await self.api.request("GET", _kind(kind).path(namespace, name))

    async def find(self, kind: str | Kind, name: str, *, namespace: str | None = None) -> Object | None:
        """As `get`, None when there is none."""
        try:
            return await self.get(kind, name, namespace=namespace)
        except ApiError as error:
            if error.status != 404:
                raise
            return None

    async def list(
        self, kind: str | Kind, *, namespace: str | None = None, labels: str = "", fields: str = ""
    ) -> list[Object]:
        answer = await self.api.request("GET", _kind(kind).path(namespace), params=_selectors(labels, fields))
        return [_with_kind(kind, item) for item in answer.get("items") or []]

    async def patch(
        self, kind: str | Kind, name: str, change: Object, *, namespace: str | None = None, subresource: str = ""
    ) -> Object:
        """A JSON merge patch: None removes a field."""
        path = _kind(kind).path(namespace, name) + (f"/{subresource}" if subresource else "")
        return await self.api.request("PATCH", path, body=change, content_type=MERGE_PATCH)

    async def delete(
        self, kind: str | Kind, name: str, *, namespace: str | None = None, grace: int | None = None
    ) -> None:
        """Asks for the deletion and does not wait for it; dependents follow in the background."""
        body: Object = {"propagationPolicy": "Background"}
        if grace is not None:
            body["gracePeriodSeconds"] = grace
        await self.api.request("DELETE", _kind(kind).path(namespace, name), body=body)

    async def wait(
        self, kind: str | Kind, name: str, until: Condition, *, namespace: str | None = None, timeout: float = 30.0
    ) -> Object:
        """The object as it was when the condition first held."""
        return await self.wait_any(kind, until, namespace=namespace, fields=f"metadata.name={name}", timeout=timeout)

    async def wait_any(
        self,
        kind: str | Kind,
        until: Condition,
        *,
        namespace: str | None = None,
        labels: str = "",
        fields: str = "",
        timeout: float = 30.0,
    ) -> Object:
        """The first object of a selection for which the condition holds."""
        last: Object | None = None
        try:
            changes = self._changes(kind, namespace, _selectors(labels, fields))
            async with asyncio.timeout(timeout), aclosing(changes):
                async for type_, last in changes:
                    if type_ != "DELETED" and until(last):
                        return last
        except TimeoutError as error:
            seen = json.dumps(last.get("status") if last else None, indent=1)
            raise AssertionError(f"{kind} {fields or labels}: not so after {timeout:g} s; last: {seen}") from error
        raise AssertionError("the watch ended")  # it never does by itself

    async def wait_gone(
        self, kind: str | Kind, name: str, *, namespace: str | None = None, timeout: float = 30.0
    ) -> None:
        try:
            changes = self._changes(kind, namespace, _selectors("", f"metadata.name={name}"), tell_empty=True)
            async with asyncio.timeout(timeout), aclosing(changes):
                async for type_, _ in changes:
                    if type_ in ("DELETED", "EMPTY"):
                        return
        except TimeoutError as error:
            raise AssertionError(f"{kind} {name} is still there after {timeout:g} s") from error

    async def token(self, service_account: str, *, namespace: str, seconds: int = 3600) -> str:
        """A bearer token of the service account, from the TokenRequest API."""
        path = f"{KINDS['ServiceAccount'].path(namespace, service_account)}/token"
        spec = {"audiences": ["https://kubernetes.default.svc"], "expirationSeconds": seconds}
        body = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": spec}
        answer = await self.api.request("POST", path, body=body)
        return str(answer["status"]["token"])

    async def _changes(
        self, kind: str | Kind, namespace: str | None, params: Mapping[str, str], *, tell_empty: bool = False
    ) -> AsyncGenerator[tuple[str, Object], None]:
        """What is there, then what changes; begins anew when the API server was away."""
        path = _kind(kind).path(namespace)
        while True:
            try:
                answer = await self.api.request("GET", path, params=params)
                items = answer.get("items") or []
                for item in items:
                    yield "ADDED", _with_kind(kind, item)
                if tell_empty and not items:
                    yield "EMPTY", {}
                version = str(answer["metadata"]["resourceVersion"])
                async with aclosing(self.api.watch(path, params={**params, "resourceVersion": version})) as watch:
                    async for change in watch:
                        yield change
            except UnreachableError:
                await asyncio.sleep(RETRY_SECONDS)
            except ApiError as error:
                if error.status not in STARTING_OR_EXPIRED:
                    raise
                await asyncio.sleep(RETRY_SECONDS)


def _kind(kind: str | Kind) -> Kind:
    return kind if isinstance(kind, Kind) else KINDS[kind]


def _with_kind(kind: str | Kind, item: Object) -> Object:
    """Items of a list carry neither; a test should not care where an object came from."""
    return {"apiVersion": _kind(kind).api_version, **({"kind": kind} if isinstance(kind, str) else {}), **item}


def _selectors(labels: str, fields: str) -> dict[str, str]:
    chosen = {"labelSelector": labels, "fieldSelector": fields}
    return {name: value for name, value in chosen.items() if value}


def condition(obj: Object, type_: str) -> Object:
    """The condition of that type, empty when the object has none."""
    conditions = obj.get("status", {}).get("conditions") or ()
    return next((one for one in conditions if one["type"] == type_), {})
