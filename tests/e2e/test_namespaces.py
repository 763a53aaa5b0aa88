"""An operator of some namespaces alone: it sees those, needs rights in those alone, and nothing else exists for it."""

from __future__ import annotations

import asyncio
import os
import secrets
import sys

import yaml

from tests.controlplane.kube import Kube
from tests.controlplane.plane import ControlPlane
from tests.e2e import manifests
from tests.e2e.client import query
from tests.e2e.system import System
from tests.e2e.waiting import eventually
from tests.servers import RedisServer

SERVICES = "{ services { nodes { namespace name status { state } } } }"


async def test_an_operator_of_one_namespace_needs_and_shows_no_other(
    kube: Kube, control_plane: ControlPlane, redis_server: RedisServer, namespace: str
) -> None:
    other = f"other-{secrets.token_hex(3)}"
    await kube.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": other}})
    for body in await printed(namespace):
        await kube.apply(body)
    token = await kube.token("seer", namespace=namespace)
    kubeconfig = control_plane.write_kubeconfig(f"seer-{namespace}", token=token)
    settings = {"namespaces": namespace, "lease_namespace": namespace, "actions": "off"}
    async with System(redis_server, kubeconfig, **settings) as system:
        for place in (other, namespace):
            await kube.create(manifests.deployment("web", "1.0"), namespace=place)

        async def healthy() -> bool:
            found = (await query(system.api.port, SERVICES))["services"]["nodes"]
            assert {one["namespace"] for one in found} <= {namespace}
            return [(one["name"], one["status"]["state"]) for one in found] == [("web", "HEALTHY")]

        await eventually(healthy)
        [line] = [line for line in system.operator.log().splitlines() if "missing_rule" in line]
        assert "goes on without watching" in line, "no right in a namespace is a right to its nodes"
        assert "nodes" in line
    await kube.delete("Namespace", other)


async def printed(namespace: str) -> list[dict[str, object]]:
    """What ``statusgraph rbac`` prints for one namespace."""
    settings = {"STATUSGRAPH_NAMESPACES": namespace, "STATUSGRAPH_LEASE_NAMESPACE": namespace}
    words = [sys.executable, "-m", "graph", "rbac", "--account", "seer", "--namespace", namespace]
    process = await asyncio.create_subprocess_exec(
        *words, env={**os.environ, **settings}, stdout=asyncio.subprocess.PIPE
    )
    text, _ = await process.communicate()
    assert process.returncode == 0
    return list(yaml.safe_load_all(text))
