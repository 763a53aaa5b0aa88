"""The demo tells the truth of Jobs, schedules and of pods that fit nowhere: what the real control plane tells of the
same objects, it tells too, in the same order."""

from __future__ import annotations

import asyncio
import re
import secrets
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from tests.controlplane.demo import DemoPlane
from tests.controlplane.fixtures import NODES, SPEED, on_demo
from tests.controlplane.kube import Kube, Object, condition
from tests.e2e import manifests

GENERATED = re.compile(r"-[bcdfghjklmnpqrstvwxz2456789]{5}\b|(?<=-)\d{8}\b")
FAIL_ON_42 = {"rules": [{"action": "FailJob", "onExitCodes": {"operator": "In", "values": [42]}}]}

JOBS: dict[str, tuple[str, Object]] = {
    "succeeds": ("exit after=200ms", {}),
    "fails": ("exit exit=3 after=200ms", {"backoffLimit": 0}),
    "overdue": ("ok", {"activeDeadlineSeconds": 2}),
    "indexed": ("exit after=200ms", {"completions": 3, "parallelism": 3, "completionMode": "Indexed"}),
    "several": ("exit after=200ms", {"completions": 3, "parallelism": 3}),
    "fatal": ("exit exit=42 after=200ms", {"podFailurePolicy": FAIL_ON_42}),
    "restarts": ("crash exit=1 after=100ms", {"backoffLimit": 1}),
}


def job(name: str) -> Object:
    play, spec = JOBS[name]
    policy = "OnFailure" if name == "restarts" else "Never"
    pod = {"restartPolicy": policy, "containers": [{"name": "app", "image": f"{manifests.IMAGE}:1.0"}]}
    template = {"metadata": {"annotations": {f"{manifests.PLAY}app": play}}, "spec": pod}
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": name},
        "spec": {"template": template, **spec},
    }


def ended(job: Object) -> bool:
    return any(condition(job, type_) for type_ in ("Complete", "Failed"))


def comparable(value: Any) -> Any:
    """Without what differs from run to run: times, and generated names."""
    if isinstance(value, dict):
        times = ("lastProbeTime", "lastTransitionTime", "startTime", "completionTime")
        return {key: "a time" if key in times else comparable(one) for key, one in value.items()}
    if isinstance(value, list):
        return [comparable(one) for one in value]
    return GENERATED.sub("-…", value) if isinstance(value, str) else value


async def told(kube: Kube, namespace: str, name: str) -> list[tuple[str, str]]:
    """(reason, message) of the events of an object, without their order where they are of one second."""
    events = await kube.list("Event", namespace=namespace, fields=f"involvedObject.name={name}")
    return sorted({(event["reason"], GENERATED.sub("-…", event["message"])) for event in events})


@pytest.fixture(scope="module")
async def clusters(kube: Kube) -> AsyncIterator[tuple[Kube, Kube]]:
    """The real one and the demo's."""
    if on_demo():
        pytest.skip("CLUSTER=demo: compares the two")
    async with DemoPlane(nodes=NODES, speed=SPEED) as demo, Kube.from_kubeconfig(demo.kubeconfig) as played:
        yield kube, played


async def in_both(clusters: tuple[Kube, Kube], run: Callable[[Kube, str], Any]) -> list[str]:
    """What ``run`` finds in a fresh namespace of each."""

    async def one(of: Kube) -> str:
        namespace = f"truth-{secrets.token_hex(3)}"
        await of.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}})
        try:
            return GENERATED.sub("-…", repr(await run(of, namespace))).replace(namespace, "NAMESPACE")
        finally:
            await of.delete("Namespace", namespace)

    return list(await asyncio.gather(*map(one, clusters)))


@pytest.mark.parametrize("name", JOBS)
async def test_a_job_comes_to_the_same_end(name: str, clusters: tuple[Kube, Kube]) -> None:
    async def run(of: Kube, namespace: str) -> Any:
        await of.create(job(name), namespace=namespace)
        last = await of.wait("Job", name, ended, namespace=namespace)
        await of.wait_any("Event", _of(last), namespace=namespace)
        return comparable(dict(sorted(last["status"].items()))), sorted(last["spec"]), await told(of, namespace, name)

    real, played = await in_both(clusters, run)
    assert played == real


async def test_a_schedule_tells_the_same_of_its_runs(clusters: tuple[Kube, Kube]) -> None:
    async def run(of: Kube, namespace: str) -> Any:
        await of.create(manifests.cronjob("report", "@every 3s", "exit after=100ms"), namespace=namespace)
        last = await of.wait(
            "CronJob", "report", lambda it: "lastSuccessfulTime" in it.get("status", {}), namespace=namespace
        )
        return sorted(last["status"]), sorted(last["spec"]), await told(of, namespace, "report")

    real, played = await in_both(clusters, run)
    assert played == real


async def test_a_pod_that_fits_nowhere_is_told_why_in_the_same_words(clusters: tuple[Kube, Kube]) -> None:
    async def run(of: Kube, namespace: str) -> Any:
        await of.create(manifests.pod("golden", "ok", nodeSelector={"disk": "golden"}), namespace=namespace)
        last = await of.wait("Pod", "golden", lambda it: condition(it, "PodScheduled"), namespace=namespace)
        return comparable(condition(last, "PodScheduled")), await told(of, namespace, "golden")

    real, played = await in_both(clusters, run)
    assert played == real


def _of(job: Object) -> Callable[[Object], bool]:
    """The event of its end, which comes after the status."""
    reason = condition(job, "Failed").get("reason", "Completed")
    name = job["metadata"]["name"]
    return lambda event: event["involvedObject"]["name"] == name and event["reason"] == reason
