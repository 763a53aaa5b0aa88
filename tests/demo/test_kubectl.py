"""The real kubectl on the demo cluster, without flags but its server: what a newcomer would type."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from graph.demo.cluster import Cluster
from tests.controlplane.kube import Kube

SECONDS = 30.0
WEB = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, labels: {app: web}}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      terminationGracePeriodSeconds: 1
      containers:
      - {name: web, image: "example/web:1.0", env: [{name: A, value: "1"}, {name: B, value: "2"}]}
---
apiVersion: batch/v1
kind: CronJob
metadata: {name: nightly}
spec:
  schedule: "0 3 * * *"
  jobTemplate: {spec: {template: {spec: {restartPolicy: Never, containers: [{name: main, image: "example/job:1"}]}}}}
"""
SOLO = """
apiVersion: v1
kind: Pod
metadata: {name: solo}
spec:
  terminationGracePeriodSeconds: 1
  containers:
  - {name: main, image: "example/app:1.0"}
"""
CRASHING = SOLO.replace("solo", "crashing").replace(":1.0", ":1.0-crash")


class Kubectl:
    """kubectl in one namespace."""

    def __init__(self, program: Path, cluster: Cluster, namespace: str, home: Path) -> None:
        self._command = (str(program), "--server", cluster.url, "--namespace", namespace)
        self._home = home

    async def __call__(self, line: str, text: str | None = None, *, code: int = 0) -> str:
        """What it printed; ``text`` is its standard input."""
        async with self.started(line, text) as process, asyncio.timeout(SECONDS):
            given = None if text is None else text.encode()
            output, errors = await process.communicate(given)
        assert process.returncode == code, f"kubectl {line}: {errors.decode()}{output.decode()}"
        return output.decode() + errors.decode()

    @asynccontextmanager
    async def started(self, line: str, text: str | None = None) -> AsyncIterator[asyncio.subprocess.Process]:
        process = await asyncio.create_subprocess_exec(
            *self._command,
            *line.split(),
            stdin=asyncio.subprocess.DEVNULL if text is None else asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env={"HOME": str(self._home), "PATH": os.environ["PATH"]},
        )
        try:
            yield process
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()


@pytest.fixture
def kubectl(controlplane_binaries: Path, demo: Cluster, place: str, tmp_path: Path) -> Kubectl:
    return Kubectl(controlplane_binaries / "kubectl", demo, place, tmp_path)


async def test_what_is_applied_is_made_unchanged_or_configured(kubectl: Kubectl, demo_kube: Kube, place: str) -> None:
    assert "deployment.apps/web created" in await kubectl("apply -f -", WEB)
    assert "deployment.apps/web unchanged" in await kubectl("apply -f -", WEB)
    changed = WEB.replace("web:1.0", "web:1.1").replace(', {name: B, value: "2"}', "")
    if shutil.which("diff"):
        assert "+        image: example/web:1.1" in await kubectl("diff -f -", changed, code=1)
    assert "deployment.apps/web configured" in await kubectl("apply -f -", changed)
    container = (await demo_kube.get("Deployment", "web", namespace=place))["spec"]["template"]["spec"]["containers"][0]
    assert (container["image"], container["env"]) == ("example/web:1.1", [{"name": "A", "value": "1"}])
    assert "serverside-applied" in await kubectl("apply --server-side --force-conflicts -f -", WEB)
    unknown = WEB.replace("replicas: 2", "replica: 2")
    assert 'unknown field "spec.replica"' in await kubectl("apply -f -", unknown, code=1)
    invalid = WEB.replace("matchLabels: {app: web}", "matchLabels: {app: other}").replace("name: web,", "name: bad,")
    assert "`selector` does not match template `labels`" in await kubectl("apply -f -", invalid, code=1)


async def test_a_rollout_is_followed_changed_and_undone(kubectl: Kubectl) -> None:
    await kubectl("apply -f -", WEB)
    assert "successfully rolled out" in await kubectl("rollout status deployment/web --timeout=25s")
    await kubectl("set image deployment/web web=example/web:2.0")
    assert "successfully rolled out" in await kubectl("rollout status deployment/web --timeout=25s")
    assert "\n2 " in await kubectl("rollout history deployment/web")
    await kubectl("rollout undo deployment/web")
    assert "web:1.0" in await kubectl("get deployment web -o wide")
    await kubectl("rollout restart deployment/web")
    assert "successfully rolled out" in await kubectl("rollout status deployment/web --timeout=25s")
    await kubectl("scale deployment/web --replicas=3")
    await kubectl("wait deployment/web --for=jsonpath={.status.readyReplicas}=3 --timeout=25s")
    assert "3/3" in await kubectl("get deployment web")
    described = await kubectl("describe deployment web")
    assert "ScalingReplicaSet" in described
    assert "3 desired | 3 updated | 3 total | 3 available | 0 unavailable" in described


async def test_pods_are_listed_described_and_deleted(kubectl: Kubectl) -> None:
    await kubectl("apply -f -", SOLO)
    await kubectl("wait pod/solo --for=condition=Ready --timeout=25s")
    assert "solo   1/1     Running" in await kubectl("get pods")
    assert "node-" in await kubectl("get pods -o wide")
    assert json.loads(await kubectl("get pod solo -o json"))["status"]["phase"] == "Running"
    assert "phase: Running" in await kubectl("get pod solo -o yaml")
    described = await kubectl("describe pod solo")
    reasons = [line.split()[1] for line in described.partition("  ----")[2].splitlines()[1:]]
    assert reasons == ["Scheduled", "Pulling", "Pulled", "Created", "Started"]
    assert 'pod "solo" deleted' in await kubectl("delete pod solo --timeout=25s")
    assert "not found" in await kubectl("get pod solo", code=1)
    assert "Killing" in await kubectl("get events --field-selector involvedObject.name=solo")


async def test_a_watch_prints_every_change(kubectl: Kubectl) -> None:
    await kubectl("create -f -", SOLO.replace("solo", "first").replace("spec:", "spec:\n  schedulerName: nobody"))
    async with kubectl.started("get pods --watch") as process, asyncio.timeout(SECONDS):
        assert process.stdout is not None
        heads = [(await process.stdout.readline()).decode().split() for _ in range(2)]
        assert heads[0] == ["NAME", "READY", "STATUS", "RESTARTS", "AGE"]
        assert heads[1][:4] == ["first", "0/1", "Pending", "0"]
        await kubectl("apply -f -", SOLO)
        words: list[str] = []
        while "Running" not in words:
            words += (await process.stdout.readline()).decode().split()
    assert words.index("Pending") < words.index("ContainerCreating") < words.index("Running")


async def test_logs_are_read_and_followed(kubectl: Kubectl) -> None:
    await kubectl("apply -f -", SOLO)
    await kubectl("wait pod/solo --for=condition=Ready --timeout=25s")
    lines = (await kubectl("logs solo")).splitlines()
    assert lines
    (last,) = (await kubectl("logs solo --tail=1")).splitlines()
    (stamped,) = (await kubectl("logs solo --timestamps --tail=1 --since=1h")).splitlines()
    whole = (await kubectl("logs solo")).splitlines()  # the pod goes on writing
    assert whole[: len(lines)] == lines
    assert {last, stamped.partition(" ")[2]} <= set(whole)
    assert stamped.startswith("20")
    async with kubectl.started("logs solo -f") as process, asyncio.timeout(SECONDS):
        assert process.stdout is not None
        assert (await process.stdout.readline()).decode().rstrip() == lines[0]
        await kubectl("delete pod solo --wait=false")
        await process.wait()
    assert "NotFound" in await kubectl("logs nobody", code=1)


async def test_the_log_of_the_run_before_is_kept(kubectl: Kubectl, demo_kube: Kube, place: str) -> None:
    await kubectl("apply -f -", CRASHING)

    def restarted(pod: dict[str, object]) -> bool:
        return "'restartCount': 1" in str(pod["status"])

    await demo_kube.wait("Pod", "crashing", restarted, namespace=place)
    assert await kubectl("logs crashing --previous")
    assert "Restart Count:  " in await kubectl("describe pod crashing")


async def test_a_job_is_made_from_a_cronjob(kubectl: Kubectl) -> None:
    await kubectl("apply -f -", WEB)
    assert "job.batch/once created" in await kubectl("create job once --from=cronjob/nightly")
    await kubectl("wait job/once --for=condition=complete --timeout=25s")
    assert "Complete   1/1" in await kubectl("get jobs")
    described = await kubectl("describe job once")
    assert "Controlled By:    CronJob/nightly" in described
    assert "1 Succeeded" in described
    assert "Schedule:                      0 3 * * *" in await kubectl("describe cronjob nightly")
    assert "0 3 * * *" in await kubectl("get cronjobs")


async def test_objects_are_edited_in_every_way(kubectl: Kubectl, demo_kube: Kube, place: str) -> None:
    await kubectl("create deployment hello --image=example/hello:1 --replicas=0")
    await kubectl("annotate deployment hello note=one")
    await kubectl("label deployment hello tier=front")
    await kubectl('patch deployment hello --type=merge -p {"metadata":{"labels":{"merge":"1"}}}')
    await kubectl('patch deployment hello --type=json -p [{"op":"add","path":"/metadata/labels/json","value":"1"}]')
    await kubectl('patch deployment hello -p {"metadata":{"labels":{"strategic":"1"}}}')
    await kubectl("label deployment hello tier-")
    metadata = (await demo_kube.get("Deployment", "hello", namespace=place))["metadata"]
    assert metadata["labels"] == {"app": "hello", "merge": "1", "json": "1", "strategic": "1"}
    assert metadata["annotations"]["note"] == "one"
    await kubectl("create configmap settings --from-literal=a=b")
    assert "settings   1" in await kubectl("get configmaps")
    await kubectl("delete deployment,configmap --all --timeout=25s")
    assert "hello" not in await kubectl("get all")


async def test_the_cluster_is_looked_at(kubectl: Kubectl) -> None:
    assert "Server Version: v1.34" in await kubectl("version")
    assert "deployments              deploy       apps/v1" in await kubectl("api-resources")
    assert (await kubectl("api-versions")).split() == [
        "apps/v1",
        "batch/v1",
        "coordination.k8s.io/v1",
        "policy/v1",
        "v1",
    ]
    assert (await kubectl("get nodes")).count(" Ready ") == 3
    assert "Non-terminated Pods:" in await kubectl("describe node node-1")
    assert "kube-system" in await kubectl("get namespaces")
    assert await kubectl("auth can-i delete pods") == "yes\n"
    assert "demo" in await kubectl("auth whoami")
    assert "ok" in await kubectl("get --raw /readyz")


async def test_what_cannot_be_had_is_said(kubectl: Kubectl) -> None:
    await kubectl("apply -f -", SOLO)
    await kubectl("wait pod/solo --for=condition=Ready --timeout=25s")
    assert "exec is not in the demo" in await kubectl("exec solo -- ls", code=1)
    assert 'pods "nobody" not found' in await kubectl("get pod nobody", code=1)
    assert "the server doesn't have a resource type" in await kubectl("get ingresses", code=1)
    assert "AlreadyExists" in await kubectl("create -f -", SOLO, code=1)


async def test_a_namespace_goes_with_all_that_is_in_it(kubectl: Kubectl, place: str) -> None:
    await kubectl("create namespace doomed-" + place)
    await kubectl(f"create deployment web --image=example/web:1 -n doomed-{place}")
    assert "deleted" in await kubectl(f"delete namespace doomed-{place} --timeout=25s")
    assert "NotFound" in await kubectl(f"get namespace doomed-{place}", code=1)
