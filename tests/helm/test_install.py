"""The chart on a real API server: accepted, admitted under the restricted Pod Security Standard, and enough to work.

Nobody runs the pods' containers here: the player says that they are well. The operator and the api are started by hand
with what their pods would have had: the environment of the Deployment and the token of the ServiceAccount.
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from tests.controlplane.kube import Kube, Object
from tests.controlplane.plane import ControlPlane
from tests.e2e import manifests
from tests.e2e.actions import act, ask
from tests.e2e.client import query
from tests.e2e.system import Process
from tests.e2e.waiting import eventually
from tests.helm.derived import CHART
from tests.helm.program import RELEASE, Helm, HelmFailed, container
from tests.servers import RedisServer, free_port

RESTRICTED = {f"pod-security.kubernetes.io/{mode}": "restricted" for mode in ("enforce", "warn", "audit")}
SERVICES = "{ services { nodes { namespace name status { state } deployments { name } } } }"
DEPLOYMENTS = "query ($filter: ResourceFilter) { deployments(filter: $filter) { nodes { id name } } }"


@dataclass(frozen=True)
class Site:
    """A namespace that a release is installed in, and its helm."""

    kube: Kube
    plane: ControlPlane
    helm: Helm
    namespace: str
    home: Path

    async def install(self, *values: str) -> str:
        """Returns the notes when every pod is ready."""
        return await asyncio.to_thread(
            self.helm, "upgrade", "--install", RELEASE, str(CHART), "--wait", "--timeout", "60s", *values
        )

    async def environment(self, component: str) -> dict[str, str]:
        """What a pod of that Deployment would see."""
        deployment = await self.kube.get("Deployment", f"{RELEASE}-{component}", namespace=self.namespace)
        given = {one["name"]: await self._value(one) for one in container(deployment)["env"]}
        ours = ("STATUSGRAPH_", "REDIS_URL", "KUBECONFIG")
        return {name: value for name, value in os.environ.items() if not name.startswith(ours)} | given

    async def _value(self, variable: Object) -> str:
        if "value" in variable:
            return str(variable["value"])
        chosen = variable["valueFrom"]["secretKeyRef"]
        secret = await self.kube.get("Secret", chosen["name"], namespace=self.namespace)
        return base64.b64decode(secret["data"][chosen["key"]]).decode()

    async def kubeconfig(self, component: str) -> Path:
        """Of the ServiceAccount of that Deployment's pods."""
        deployment = await self.kube.get("Deployment", f"{RELEASE}-{component}", namespace=self.namespace)
        account = deployment["spec"]["template"]["spec"]["serviceAccountName"]
        token = await self.kube.token(account, namespace=self.namespace)
        return self.plane.write_kubeconfig(f"{component}-{self.namespace}", token=token)

    @asynccontextmanager
    async def running(self, component: str, **more: str) -> AsyncIterator[Process]:
        """As its pod would run it, ready; only the ports are this machine's, and the api has no token."""
        ports = {"OPERATOR": free_port(), "API": free_port()}
        environment = await self.environment(component)
        environment |= {f"STATUSGRAPH_{half}_LISTEN": f"127.0.0.1:{port}" for half, port in ports.items()}
        if component != "api":
            environment["KUBECONFIG"] = str(await self.kubeconfig(component))
        port = ports["OPERATOR" if component == "operator" else "API"]
        process = Process(component, port, environment | more, self.home)
        try:
            await process.start()
            yield process
        finally:
            await process.stop()

    async def not_made(self) -> list[str]:
        """What controllers say about pods that were refused."""
        events = await self.kube.list("Event", namespace=self.namespace, fields="reason=FailedCreate")
        return [event["message"] for event in events]


@pytest.fixture
async def site(kube: Kube, control_plane: ControlPlane, helm: Helm, tmp_path: Path) -> AsyncIterator[Site]:
    """A namespace that admits restricted pods only; the release is taken away afterwards."""
    name = f"chart-{secrets.token_hex(4)}"
    metadata = {"name": name, "labels": RESTRICTED}
    await kube.create({"apiVersion": "v1", "kind": "Namespace", "metadata": metadata})
    options = ("--kubeconfig", str(control_plane.kubeconfig), "--namespace", name)
    site = Site(kube, control_plane, replace(helm, options=options), name, tmp_path)
    yield site
    await asyncio.to_thread(site.helm, "uninstall", RELEASE, "--ignore-not-found")
    await kube.delete("Namespace", name)


def _external(redis: RedisServer) -> tuple[str, ...]:
    return ("--set", f"redis.url={redis.url},redis.bundled.enabled=false")


async def test_what_is_installed_watches_the_whole_cluster_and_cannot_act(
    site: Site, redis_server: RedisServer
) -> None:
    notes = await site.install(*_external(redis_server))
    assert "port-forward service/statusgraph 8000:80" in notes
    assert "--set actions.enabled=true" in notes
    assert await site.not_made() == []
    pods = await site.kube.list("Pod", namespace=site.namespace)
    assert [pod["status"]["phase"] for pod in pods] == ["Running"] * 4

    async with site.running("operator") as operator, site.running("api") as api:

        async def sees_itself() -> bool:
            found = (await query(api.port, SERVICES))["services"]["nodes"]
            own = [one for one in found if one["namespace"] == site.namespace]
            names = [sorted(each["name"] for each in one["deployments"]) for one in own]
            return names == [["statusgraph-api", "statusgraph-operator"]] and own[0]["status"]["state"] == "HEALTHY"

        await eventually(sees_itself)
        assert await operator.readiness() == "ok"
        assert _missing(operator) == []
        deployment = await _found(api, site.namespace, "statusgraph-api")
        refused = await ask(api.port, "restartDeployment", deployment)
        assert (refused["__typename"], refused.get("code")) == ("ForbiddenError", "ACTIONS_DISABLED")

    more = {"STATUSGRAPH_ACTIONS": "on"}
    async with site.running("operator", **more), site.running("api", **more) as api:
        failed = await act(api.port, "restartDeployment", deployment)
        assert failed["state"] == "FAILED", "a setting gives no rights"
        assert f"system:serviceaccount:{site.namespace}:statusgraph-operator" in failed["error"]


async def test_an_upgrade_switches_actions_on_and_an_uninstallation_leaves_no_right(
    site: Site, redis_server: RedisServer
) -> None:
    values = (*_external(redis_server), "--set", "mode=serve")
    await site.install(*values)
    notes = await site.install(*values, "--set", "actions.enabled=true")
    assert "Actions are on" in notes
    async with site.running("serve") as both:
        deployment = await _found(both, site.namespace, "statusgraph-serve")
        done = await act(both.port, "restartDeployment", deployment)
        assert (done["state"], done["error"]) == ("SUCCEEDED", None)
    name = f"{site.namespace}:statusgraph-operator"
    assert await site.kube.find("ClusterRole", name)
    await asyncio.to_thread(site.helm, "uninstall", RELEASE, "--wait")
    assert await site.kube.find("ClusterRole", name) is None
    assert await site.kube.find("ClusterRoleBinding", name) is None
    assert await site.kube.find("Secret", "statusgraph-redis", namespace=site.namespace) is None


async def test_what_is_installed_for_one_namespace_watches_and_changes_that_alone(
    site: Site, redis_server: RedisServer, namespace: str
) -> None:
    await site.install(*_external(redis_server), "--set", f"namespaces={{{namespace}}},actions.enabled=true")
    assert await site.kube.find("ClusterRole", f"{site.namespace}:statusgraph-operator") is None
    async with site.running("operator") as operator, site.running("api") as api:
        await site.kube.create(manifests.deployment("web", "1.0"), namespace=namespace)
        web = await _found(api, namespace, "web")
        done = await act(api.port, "scaleDeployment", web, replicas=2)
        assert (done["state"], done["error"]) == ("SUCCEEDED", None)
        seen = (await query(api.port, SERVICES))["services"]["nodes"]
        assert {one["namespace"] for one in seen} == {namespace}
        assert await operator.readiness() == "ok"
        assert _missing(operator) == ["nodes"], "they belong to no namespace"


async def test_the_bundled_redis_is_admitted_and_keeps_its_password(site: Site) -> None:
    values = ("--set", "mode=serve,serve.replicas=1,redis.bundled.persistence.enabled=false")
    await site.install(*values)
    first = await site.environment("serve")
    await site.install(*values, "--set", "settings.log_level=debug")
    assert await site.not_made() == []
    again = await site.environment("serve")
    assert again["STATUSGRAPH_LOG_LEVEL"] == "debug"
    assert again["REDIS_URL"] == first["REDIS_URL"]
    pods = {pod["metadata"]["name"]: pod for pod in await site.kube.list("Pod", namespace=site.namespace)}
    assert pods["statusgraph-redis-0"]["status"]["phase"] == "Running"


async def test_a_namespace_that_is_not_there_is_told_by_the_api_server(site: Site) -> None:
    with pytest.raises(HelmFailed, match='namespaces "chart-missing" not found'):
        await site.install("--set", "namespaces={chart-missing}")


def _missing(operator: Process) -> list[str]:
    """The resources that it has no right to watch, by its own log."""
    lines = [json.loads(line) for line in operator.log().rpartition("\n")[0].splitlines()]
    return [line["resource"] for line in lines if "missing_rule" in line]


async def _found(api: Process, namespace: str, name: str) -> str:
    """The id of a Deployment, once it is there."""
    ids: list[str] = []

    async def is_there() -> bool:
        nodes = (await query(api.port, DEPLOYMENTS, {"filter": {"namespaces": [namespace]}}))["deployments"]["nodes"]
        ids.extend(node["id"] for node in nodes if node["name"] == name)
        return bool(ids)

    await eventually(is_there)
    return ids[0]
