"""A real ServiceAccount with what ``statusgraph rbac`` prints: it is enough; and each rule that is missing is named.

The tests share one running system. A watch that is open is not ended when its right is taken away: the server ends it
after at most 4 seconds here.
"""

from __future__ import annotations

import asyncio
import copy
import json
import os
import secrets
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest
import yaml

from tests.controlplane.kube import Kind, Kube, Object
from tests.controlplane.plane import ControlPlane
from tests.e2e import manifests
from tests.e2e.actions import act, id_of, log_of
from tests.e2e.agreement import disagreements
from tests.e2e.client import Ledger, query
from tests.e2e.system import System
from tests.e2e.waiting import eventually
from tests.servers import RedisServer

REVIEWS = Kind("authorization.k8s.io/v1", "subjectaccessreviews", namespaced=False)
FRESHNESS = "{ clusters { freshness { state } } }"


@dataclass
class Guarded:
    """A system that may do what was granted, and what it was granted."""

    kube: Kube
    system: System
    namespace: str
    granted: list[Object]
    account: str

    @property
    def port(self) -> int:
        """Of the api."""
        return self.system.api.port

    def logged(self, event: str) -> list[Object]:
        """The lines of the operator's own log that tell it."""
        return [line for line in self.lines() if line["event"] == event]

    async def has_logged(self, event: str, resource: str | None = None, *, times: int = 1) -> bool:
        """Whether it is told by now, of that resource where one is named."""
        return sum(resource in (None, line.get("resource")) for line in self.logged(event)) >= times

    def lines(self) -> list[Object]:
        """All of them; the last one may not be whole yet."""
        return [json.loads(line) for line in self.system.operator.log().rpartition("\n")[0].splitlines()]

    @asynccontextmanager
    async def without(self, resource: str, *verbs: str) -> AsyncIterator[None]:
        """Takes verbs on a resource away, all of them where none are named, and gives them back."""
        await self.kube.apply(*_without(self.granted, resource, verbs))
        try:
            await eventually(lambda: self._forbidden(resource, verbs))
            yield
        finally:
            await self.kube.apply(*self.granted)

    async def _forbidden(self, resource: str, verbs: tuple[str, ...]) -> bool:
        """Whether the API server knows it yet: its authorizer learns of a changed role by a watch of its own."""
        rules = [rule for role in self.granted for rule in role.get("rules", ()) if resource in rule["resources"]]
        group, verb = rules[-1]["apiGroups"][0], verbs[0] if verbs else rules[-1]["verbs"][0]
        what = {"namespace": self.namespace, "verb": verb, "group": group, "resource": resource}
        spec: Object = {"user": self.account, "resourceAttributes": what}
        body: Object = {"apiVersion": REVIEWS.api_version, "kind": "SubjectAccessReview", "spec": spec}
        answer = await self.kube.api.request("POST", REVIEWS.path(None), body=body)
        return not answer["status"]["allowed"]

    async def until_ready(self) -> None:
        """Until ``/readyz`` says so, and the graph is fresh."""
        assert await self.said(lambda said: said == "ok")
        await self.until_freshness("LIVE")

    async def said(self, condition: Callable[[str], bool]) -> str:
        """What ``/readyz`` says once the condition holds for it."""
        said: list[str] = []

        async def holds() -> bool:
            said.append(await self.system.operator.readiness())
            return condition(said[-1])

        await eventually(holds)
        return said[-1]

    async def until_freshness(self, state: str) -> None:
        """As the api tells it."""

        async def holds() -> bool:
            clusters = (await query(self.port, FRESHNESS))["clusters"]
            return bool(clusters == [{"freshness": {"state": state}}])

        await eventually(holds)


def _without(granted: list[Object], resource: str, verbs: tuple[str, ...]) -> list[Object]:
    roles = [copy.deepcopy(one) for one in granted if one["kind"] in ("ClusterRole", "Role")]
    for role in roles:
        named = [rule for rule in role["rules"] if resource in rule["resources"]]
        for rule in named:
            rule["resources"].remove(resource)
            left = [verb for verb in rule["verbs"] if verbs and verb not in verbs]
            role["rules"].append({**rule, "resources": [resource], "verbs": left})
        role["rules"] = [rule for rule in role["rules"] if rule["resources"] and rule["verbs"]]
    return roles


async def _printed(namespace: str) -> list[Object]:
    """What the command line prints for these settings."""
    environment = {**os.environ, "STATUSGRAPH_ACTIONS": "on"}
    command = (sys.executable, "-m", "graph", "rbac", "--account", "watcher", "--namespace", namespace)
    process = await asyncio.create_subprocess_exec(*command, env=environment, stdout=asyncio.subprocess.PIPE)
    output, _ = await process.communicate()
    assert process.returncode == 0
    return list(yaml.safe_load_all(output))


@pytest.fixture(scope="module")
async def guarded(kube: Kube, control_plane: ControlPlane, redis_program: str) -> AsyncIterator[Guarded]:
    """A system whose operator is that ServiceAccount."""
    redis, namespace = RedisServer(redis_program), f"guarded-{secrets.token_hex(4)}"
    redis.start()
    await kube.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}})
    granted = await _printed(namespace)
    await kube.apply(*granted)
    token = await kube.token("watcher", namespace=namespace)
    kubeconfig = control_plane.write_kubeconfig(f"watcher-{namespace}", token=token)
    settings = {"watch_timeout": "2", "lease_namespace": namespace, "log_format": "json"}
    try:
        async with System(redis, kubeconfig, **settings) as system:
            account = f"system:serviceaccount:{namespace}:watcher"
            yield Guarded(kube, system, namespace, granted, account)
    finally:
        for one in granted:
            if one["kind"].startswith("Cluster"):
                await kube.delete(one["kind"], one["metadata"]["name"])
        await kube.delete("Namespace", namespace)
        redis.close()


async def test_what_is_printed_is_enough(guarded: Guarded) -> None:
    namespace, port = guarded.namespace, guarded.port
    async with Ledger(port, namespaces=[namespace]) as heard:
        await guarded.kube.create(manifests.deployment("web", "1.0"), namespace=namespace)
        await guarded.kube.create(manifests.cronjob("yearly", "0 0 1 1 *", "exit after=200ms"), namespace=namespace)
        await heard.until(lambda: heard.of("Deployment", "web")[-1:] == ["HEALTHY/Available"])
        await heard.until(lambda: bool(heard.of("CronJob", "yearly")))
    web = await id_of(port, "deployments", namespace, "web")
    yearly = await id_of(port, "cronjobs", namespace, "yearly")
    done = [
        await act(port, "triggerCronjob", yearly),
        await act(port, "stopCronjob", yearly),
        await act(port, "startCronjob", yearly),
        await act(port, "restartDeployment", web),
        await act(port, "scaleDeployment", web, replicas=2),
    ]
    assert [(action["state"], action["error"]) for action in done] == [("SUCCEEDED", None)] * 5
    assert await disagreements(guarded.kube, port, [namespace]) == []
    assert guarded.logged("cannot watch") == []


@pytest.mark.parametrize("resource", ["pods", "events"])
async def test_a_watch_that_is_forbidden_names_the_rule_and_heals(guarded: Guarded, resource: str) -> None:
    before = len(guarded.logged("cannot watch"))
    async with guarded.without(resource):
        said = await guarded.said(lambda said: said != "ok")
        [line] = guarded.logged("cannot watch")[before:]
        assert (line["level"], line["resource"]) == ("warning", resource)
        assert line["missing_rule"] == f'apiGroups: [""], resources: ["{resource}"], verbs: ["list", "watch"]'
        forbidden = f'{resource} is forbidden: User "{guarded.account}" cannot watch resource "{resource}"'
        assert line["problem"].startswith(forbidden)
        assert said == f"cannot watch {resource}: {line['problem']}"
        await guarded.kube.create(manifests.pod(f"unseen-{resource}", "ok"), namespace=guarded.namespace)
        await guarded.until_freshness("STALE")
    await guarded.until_ready()
    assert await disagreements(guarded.kube, guarded.port, [guarded.namespace]) == []
    assert len(guarded.logged("cannot watch")) == before + 1, "one line, however often it was tried"
    assert guarded.logged("watching again")[-1]["resource"] == resource


async def test_nodes_that_are_forbidden_are_done_without_until_they_are_allowed(guarded: Guarded) -> None:
    async with guarded.without("nodes"):
        await eventually(lambda: guarded.has_logged("goes on without watching"))
        name = "on-its-own-word"
        async with Ledger(guarded.port, namespaces=[guarded.namespace]) as heard:
            await guarded.kube.create(manifests.pod(name, "ok"), namespace=guarded.namespace)
            await heard.until(lambda: heard.of("Pod", name)[-1:] == ["HEALTHY/Running"])
        await guarded.system.operator.stop()
        await guarded.system.operator.start()
        # Readiness is no sign that it was refused again: before it leads it is ready, as any standby.
        await eventually(lambda: guarded.has_logged("goes on without watching", times=2))
        await guarded.until_ready()
    # Meanwhile it may have come to try again every 30 s.
    await eventually(lambda: guarded.has_logged("watching again", "nodes"), within=60)
    told = [(line["resource"], line["level"]) for line in guarded.logged("goes on without watching")]
    assert told == [("nodes", "info")] * 2, "one line for each start without the right"
    assert await disagreements(guarded.kube, guarded.port, [guarded.namespace]) == []


async def test_a_lease_that_is_forbidden_names_the_rule_and_heals(guarded: Guarded) -> None:
    async with guarded.without("leases"):
        said = await guarded.said(lambda said: said != "ok")
        [line] = guarded.logged("the Lease cannot be held, trying again")
        rule = 'apiGroups: ["coordination.k8s.io"], resources: ["leases"], verbs: ["get", "create", "update"]'
        assert line["missing_rule"] == rule
        assert f'User "{guarded.account}" cannot' in line["problem"]
        assert said.startswith("the Lease cannot be held: Forbidden: leases.coordination.k8s.io")
        assert len(guarded.logged("the lead is lost: the Lease could not be renewed in time")) == 1
    await guarded.until_ready()
    assert await disagreements(guarded.kube, guarded.port, [guarded.namespace]) == []


async def test_an_action_that_is_forbidden_tells_the_api_servers_words_and_leaves_nothing_behind(
    guarded: Guarded,
) -> None:
    namespace, port = guarded.namespace, guarded.port
    yearly = await id_of(port, "cronjobs", namespace, "yearly")
    async with guarded.without("cronjobs", "delete"):
        failed = await act(port, "stopCronjob", yearly)
    words = (
        f'cronjobs.batch "yearly" is forbidden: User "{guarded.account}" cannot delete resource "cronjobs" '
        f'in API group "batch" in the namespace "{namespace}"'
    )
    assert (failed["state"], failed["error"]) == ("FAILED", words)
    last = (await log_of(port, failed))[-1]
    message = f"Could not delete CronJob {namespace}/yearly."
    assert (last["level"], last["step"], last["message"], last["error"]) == ("ERROR", "delete", message, words)
    assert await disagreements(guarded.kube, port, [namespace]) == [], "no kept manifest is left behind"
    assert (await act(port, "stopCronjob", yearly))["state"] == "SUCCEEDED"


async def test_an_operator_that_starts_without_a_right_says_so_and_goes_on_once_it_has_it(guarded: Guarded) -> None:
    operator, before = guarded.system.operator, len(guarded.logged("cannot watch"))
    async with guarded.without("replicasets"):
        await operator.stop()
        await operator.start(ready=False)
        said = await guarded.said(lambda said: said.startswith("not loaded yet: replicasets.apps; "))
        [line] = guarded.logged("cannot watch")[before:]
        assert line["missing_rule"] == 'apiGroups: ["apps"], resources: ["replicasets"], verbs: ["list", "watch"]'
        assert said.endswith(f"cannot watch replicasets.apps: {line['problem']}")
    await guarded.until_ready()
    assert await disagreements(guarded.kube, guarded.port, [guarded.namespace]) == []


async def test_nothing_crashed(guarded: Guarded) -> None:
    assert {line["level"] for line in guarded.lines()} == {"info", "warning"}, "every line is one of ours"
