"""The control plane for tests itself: real controllers, a scheduler and RBAC, and pods as a kubelet reports them."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path
from typing import Any

import pytest

from graph.demo.player import ApiError
from tests.controlplane.fixtures import Cluster
from tests.controlplane.kube import Kube, condition
from tests.controlplane.plane import ControlPlane
from tests.controlplane.process import ComponentFailedError

Object = dict[str, Any]

IMAGE = "registry.example/app"


def pod_spec(tag: str, **more: Any) -> Object:
    return {"containers": [{"name": "app", "image": f"{IMAGE}:{tag}"}], **more}


def pod(name: str, tag: str, *, play: str | None = None, **spec: Any) -> Object:
    annotations = {"play.statusgraph.io/app": play} if play else {}
    metadata = {"name": name, "annotations": annotations}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": pod_spec(tag, **spec)}


def job(name: str, tag: str, *, play: str | None = None, **spec: Any) -> Object:
    annotations = {"play.statusgraph.io/app": play} if play else {}
    template = {"metadata": {"annotations": annotations}, "spec": pod_spec(tag, restartPolicy="Never")}
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": name}, "spec": {"template": template, **spec}}


def deployment(name: str, tag: str, *, replicas: int = 1) -> Object:
    labels = {"app": name}
    spec = {
        "replicas": replicas,
        "selector": {"matchLabels": labels},
        "template": {"metadata": {"labels": labels}, "spec": pod_spec(tag)},
    }
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name}, "spec": spec}


def app(pod: Object) -> Object:
    statuses = pod.get("status", {}).get("containerStatuses") or [{"state": {}}]
    status: Object = statuses[0]
    return status


def waits_as(reason: str) -> Any:
    return lambda pod: app(pod)["state"].get("waiting", {}).get("reason") == reason


async def test_a_deployment_becomes_available(kube: Kube, namespace: str) -> None:
    await kube.apply(deployment("web", "1.0", replicas=2), namespace=namespace)
    seen = await kube.wait(
        "Deployment", "web", lambda it: it.get("status", {}).get("availableReplicas") == 2, namespace=namespace
    )
    assert condition(seen, "Available")["status"] == "True"
    pods = await kube.list("Pod", namespace=namespace, labels="app=web")
    assert [one["status"]["phase"] for one in pods] == ["Running", "Running"]
    types = [one["type"] for one in pods[0]["status"]["conditions"]]
    assert types == ["PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady", "PodScheduled"]


async def test_a_crashing_container_is_held_back_and_shows_its_last_end(kube: Kube, namespace: str) -> None:
    await kube.create(pod("crashing", "1.0", play="crash exit=3 after=200ms"), namespace=namespace)
    seen = await kube.wait("Pod", "crashing", waits_as("CrashLoopBackOff"), namespace=namespace)
    status = app(seen)
    assert status["restartCount"] == 1
    assert status["lastState"]["terminated"]["exitCode"] == 3
    assert status["state"]["waiting"]["message"].startswith("back-off 10s restarting failed container=app")
    assert seen["status"]["phase"] == "Running"
    again = await kube.wait("Pod", "crashing", lambda it: app(it).get("restartCount") == 2, namespace=namespace)
    assert "running" in app(again)["state"]
    told = await kube.wait_any("Event", lambda event: event["reason"] == "BackOff", namespace=namespace)
    assert told["involvedObject"]["fieldPath"] == "spec.containers{app}"


async def test_a_missing_image_alternates_between_its_two_words(kube: Kube, namespace: str) -> None:
    await kube.create(pod("image", "missing"), namespace=namespace)
    first = await kube.wait("Pod", "image", waits_as("ErrImagePull"), namespace=namespace)
    assert "not found" in app(first)["state"]["waiting"]["message"]
    second = await kube.wait("Pod", "image", waits_as("ImagePullBackOff"), namespace=namespace)
    assert second["status"]["phase"] == "Pending"


@pytest.mark.parametrize(
    ("play", "reason"), [("invalid-image", "InvalidImageName"), ("config-error", "CreateContainerConfigError")]
)
async def test_what_prevents_a_container_shows_as_its_waiting_reason(
    kube: Kube, namespace: str, play: str, reason: str
) -> None:
    await kube.create(pod("stopped", "1.0", play=play), namespace=namespace)
    await kube.wait("Pod", "stopped", waits_as(reason), namespace=namespace)


async def test_a_container_out_of_memory_is_killed(kube: Kube, namespace: str) -> None:
    await kube.create(pod("hungry", "1.0", play="oom after=100ms"), namespace=namespace)
    seen = await kube.wait("Pod", "hungry", lambda it: "terminated" in app(it)["state"], namespace=namespace)
    ended = app(seen)["state"]["terminated"]
    assert (ended["reason"], ended["exitCode"]) == ("OOMKilled", 137)


async def test_a_changed_annotation_makes_an_unready_container_ready(kube: Kube, namespace: str) -> None:
    await kube.create(pod("late", "1.0", play="unready"), namespace=namespace)
    unready = await kube.wait("Pod", "late", lambda it: "running" in app(it)["state"], namespace=namespace)
    assert condition(unready, "Ready")["message"] == "containers with unready status: [app]"
    change = {"metadata": {"annotations": {"play.statusgraph.io/app": "ok"}}}
    await kube.patch("Pod", "late", change, namespace=namespace)
    await kube.wait("Pod", "late", lambda it: condition(it, "Ready")["status"] == "True", namespace=namespace)


async def test_init_containers_run_one_after_the_other(kube: Kube, namespace: str) -> None:
    init = [{"name": name, "image": f"{IMAGE}:1.0"} for name in ("first", "second")]
    body = pod("staged", "1.0", initContainers=init)
    body["metadata"]["annotations"] = {f"play.statusgraph.io/{one}": "exit after=300ms" for one in ("first", "second")}
    await kube.create(body, namespace=namespace)
    half = await kube.wait("Pod", "staged", _first_is_done, namespace=namespace)
    assert condition(half, "Initialized")["message"] == "containers with incomplete status: [second]"
    assert half["status"]["phase"] == "Pending"
    await kube.wait("Pod", "staged", lambda it: condition(it, "Ready").get("status") == "True", namespace=namespace)


def _first_is_done(pod: Object) -> bool:
    statuses = pod.get("status", {}).get("initContainerStatuses") or [{"ready": False}]
    return bool(statuses[0]["ready"])


async def test_a_job_fails_at_its_backoff_limit(kube: Kube, namespace: str) -> None:
    await kube.create(job("import", "1.0", play="exit exit=1 after=100ms", backoffLimit=0), namespace=namespace)
    seen = await kube.wait(
        "Job", "import", lambda it: condition(it, "Failed").get("status") == "True", namespace=namespace
    )
    assert condition(seen, "Failed")["reason"] == "BackoffLimitExceeded"
    (failed,) = await kube.list("Pod", namespace=namespace)
    assert failed["status"]["phase"] == "Failed"
    assert condition(failed, "Ready")["reason"] == "PodFailed"


async def test_a_cron_job_creates_a_job_that_completes(kube: Kube, namespace: str) -> None:
    template = job("unnamed", "1.0", play="exit after=100ms")
    # A tick that is already due runs at once: no waiting for the next minute.
    spec = {"schedule": "@every 1s", "jobTemplate": {"spec": template["spec"]}, "concurrencyPolicy": "Forbid"}
    await kube.create(
        {"apiVersion": "batch/v1", "kind": "CronJob", "metadata": {"name": "report"}, "spec": spec}, namespace=namespace
    )
    seen = await kube.wait_any("Job", lambda it: condition(it, "Complete"), namespace=namespace)
    assert seen["metadata"]["ownerReferences"][0]["kind"] == "CronJob"


async def test_a_pod_that_fits_nowhere_stays_unscheduled(kube: Kube, namespace: str) -> None:
    body = pod("lonely", "1.0", nodeSelector={"disk": "golden"})
    await kube.create(body, namespace=namespace)
    seen = await kube.wait("Pod", "lonely", lambda it: condition(it, "PodScheduled"), namespace=namespace)
    assert condition(seen, "PodScheduled")["reason"] == "Unschedulable"
    assert "node affinity/selector" in condition(seen, "PodScheduled")["message"]


async def test_a_deleted_pod_reports_its_end_before_it_goes(kube: Kube, namespace: str) -> None:
    await kube.create(pod("leaving", "1.0", play="ok stop=never"), namespace=namespace)
    await kube.wait("Pod", "leaving", lambda it: "running" in app(it)["state"], namespace=namespace)
    await kube.delete("Pod", "leaving", namespace=namespace, grace=1)
    ended = await kube.wait("Pod", "leaving", lambda it: "terminated" in app(it)["state"], namespace=namespace)
    assert app(ended)["state"]["terminated"]["exitCode"] == 137
    await kube.wait_gone("Pod", "leaving", namespace=namespace)


async def test_a_silent_node_becomes_unknown_and_comes_back(kube: Kube, namespace: str, cluster: Cluster) -> None:
    await kube.create(pod("cut-off", "1.0", nodeName="node-3"), namespace=namespace)
    await kube.wait("Pod", "cut-off", lambda it: condition(it, "Ready").get("status") == "True", namespace=namespace)
    cluster.player.silence("node-3")
    try:
        await kube.wait("Node", "node-3", lambda it: condition(it, "Ready")["status"] == "Unknown")
        flipped = await kube.wait(
            "Pod", "cut-off", lambda it: condition(it, "Ready")["status"] == "False", namespace=namespace
        )
    finally:
        cluster.player.resume("node-3")
    assert condition(flipped, "ContainersReady")["status"] == "True"
    await kube.wait("Pod", "cut-off", lambda it: condition(it, "Ready")["status"] == "True", namespace=namespace)
    await kube.wait("Node", "node-3", lambda it: not it["spec"].get("taints"))


async def test_rbac_gives_a_service_account_what_it_was_granted_and_no_more(
    kube: Kube, namespace: str, control_plane: ControlPlane
) -> None:
    await kube.create(
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "reader"}}, namespace=namespace
    )
    token = await kube.token("reader", namespace=namespace)
    path = control_plane.write_kubeconfig(f"reader-{namespace}", token=token)
    async with Kube.from_kubeconfig(path) as reader:
        with pytest.raises(ApiError, match="403 Forbidden") as denied:
            await reader.list("Pod", namespace=namespace)
        assert f"system:serviceaccount:{namespace}:reader" in denied.value.message
        await kube.apply(*_may_list_pods("reader"), namespace=namespace)
        assert await _once_allowed(reader, namespace) == []


def _may_list_pods(account: str) -> tuple[Object, Object]:
    rules = [{"apiGroups": [""], "resources": ["pods"], "verbs": ["list"]}]
    group = "rbac.authorization.k8s.io"
    role = {"apiVersion": f"{group}/v1", "kind": "Role", "metadata": {"name": "pods"}, "rules": rules}
    binding = {
        "apiVersion": f"{group}/v1",
        "kind": "RoleBinding",
        "metadata": {"name": "pods"},
        "roleRef": {"apiGroup": group, "kind": "Role", "name": "pods"},
        "subjects": [{"kind": "ServiceAccount", "name": account}],
    }
    return role, binding


async def _once_allowed(reader: Kube, namespace: str) -> list[Object]:
    """The API server's authorizer learns of a binding by its own watch, a moment later."""
    async with asyncio.timeout(10):
        while True:
            with contextlib.suppress(ApiError):
                return await reader.list("Pod", namespace=namespace)


async def test_a_program_that_does_not_start_is_reported_with_its_log(controlplane_binaries: Path) -> None:
    plane = ControlPlane(controlplane_binaries, apiserver_flags=["--no-such-flag"])
    with pytest.raises(ComponentFailedError, match="unknown flag: --no-such-flag"):
        await plane.start()
    assert not plane.directory.exists()


async def test_an_evicted_pod_says_so(kube: Kube, namespace: str) -> None:
    await kube.create(pod("greedy", "1.0", play="evicted after=100ms"), namespace=namespace)
    seen = await kube.wait("Pod", "greedy", lambda it: it["status"].get("reason") == "Evicted", namespace=namespace)
    assert seen["status"]["phase"] == "Failed"
    assert condition(seen, "DisruptionTarget")["reason"] == "TerminationByKubelet"


async def test_a_sidecar_runs_beside_the_job_and_ends_with_it(kube: Kube, namespace: str) -> None:
    sidecar = {"name": "proxy", "image": f"{IMAGE}:1.0", "restartPolicy": "Always"}
    body = pod("work", "1.0", play="exit after=200ms", restartPolicy="Never", initContainers=[sidecar])
    await kube.create(body, namespace=namespace)
    running = await kube.wait("Pod", "work", lambda it: "running" in app(it)["state"], namespace=namespace)
    assert running["status"]["initContainerStatuses"][0]["started"]
    ended = await kube.wait("Pod", "work", lambda it: it["status"]["phase"] == "Succeeded", namespace=namespace)
    assert "terminated" in ended["status"]["initContainerStatuses"][0]["state"]
    assert condition(ended, "Initialized")["reason"] == "PodCompleted"


async def test_what_nobody_can_play_shows_in_the_pod(kube: Kube, namespace: str) -> None:
    await kube.create(pod("misspelt", "1.0", play="crahs"), namespace=namespace)
    seen = await kube.wait("Pod", "misspelt", waits_as("CreateContainerConfigError"), namespace=namespace)
    assert "no play 'crahs'" in app(seen)["state"]["waiting"]["message"]


async def test_a_killed_api_server_comes_back_with_its_data(kube: Kube, namespace: str, cluster: Cluster) -> None:
    await kube.apply(deployment("kept", "1.0"), namespace=namespace)
    before = await kube.wait(
        "Deployment", "kept", lambda it: it.get("status", {}).get("availableReplicas"), namespace=namespace
    )
    await cluster.plane.stop_apiserver()
    await cluster.plane.start_apiserver()
    after = await kube.get("Deployment", "kept", namespace=namespace)
    assert after["metadata"]["uid"] == before["metadata"]["uid"]
    await kube.patch("Deployment", "kept", {"spec": {"replicas": 2}}, namespace=namespace)
    await kube.wait("Deployment", "kept", lambda it: it["status"].get("availableReplicas") == 2, namespace=namespace)
