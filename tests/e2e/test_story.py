"""The story of a few services on a real control plane: what a client of ``statusTransitions`` hears, word by word.

The tests share one running system and follow one another. What takes long (a failing schedule, a pod that fits
nowhere) begins before the first of them.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import pytest

from tests.controlplane.fixtures import Cluster
from tests.controlplane.kube import Kube, Object
from tests.e2e import manifests
from tests.e2e.actions import act, ask, id_of, log_of
from tests.e2e.agreement import REVISIONS, disagreements
from tests.e2e.client import Ledger, query
from tests.e2e.story import Story, chain, fits, lines, telling

# A pod before its containers run: which of these words is the first one to be seen depends on who is faster, the
# scheduler and the kubelet or our watch; those that follow within 0.3 s are not told.
STARTS = "PROGRESSING/Scheduling|PROGRESSING/AwaitingKubelet|PROGRESSING/ContainerCreating|PROGRESSING/PullingImage*"
# A deleted pod or Job is told as Terminating only if that lasts.
GOES = "TERMINATING/Terminating? GONE"
# With a schedule of seconds, runs may come and go while the rest of the story is told.
RUNS = "HEALTHY/JobRunning|HEALTHY/Scheduled*"
DELETED = {
    "Deployment": ["web", "shop"],
    "CronJob": ["broken", "flaky", "report"],
    "Pod": ["golden", "hungry", "crashing"],
}
STEPS = ("clone", "compile", "push")


@pytest.fixture(scope="module")
async def story(kube: Kube, cluster: Cluster, redis_program: str) -> AsyncIterator[Story]:
    """A running system, and what begins before the first test."""
    async with telling(kube, cluster.plane.kubeconfig, redis_program) as one:
        await one.create(*_first())
        yield one


def _first() -> list[Object]:
    flaky = manifests.cronjob("flaky", "@every 5s", "exit after=200ms")
    flaky["spec"]["successfulJobsHistoryLimit"] = 0  # a Job that is kept bars the next one of the same minute
    return [
        manifests.cronjob("broken", "@every 5s", "exit exit=7 after=200ms"),
        manifests.cronjob("report", "@every 5s", "exit after=200ms"),
        flaky,
        manifests.pod("golden", "ok", nodeSelector={"disk": "golden"}),
        manifests.pod("hungry", "oom after=100ms"),
        manifests.pod("crashing", "crash exit=3 after=100ms"),
    ]


async def test_a_deployment_comes_up_breaks_and_is_fixed(story: Story) -> None:
    await story.create(manifests.deployment("web", "1.0", replicas=2))
    await story.until("Deployment", "web", "HEALTHY/Available")
    await story.kube.patch("Deployment", "web", manifests.image("missing"), namespace=story.namespace)
    await story.until("Deployment", "web", "DEGRADED/ImagePullBackOff")
    await story.until("Service", "web", "DEGRADED/ImagePullBackOff")
    await story.kube.patch("Deployment", "web", manifests.image("1.1"), namespace=story.namespace)
    await story.until("Deployment", "web", "HEALTHY/Available")
    await story.until("Service", "web", "HEALTHY/Available")

    up = "PROGRESSING/SpecNotObserved? PROGRESSING/RollingOut HEALTHY/Available"
    # The rollout of a missing image is "rolling out" only if the image fails later than 0.3 s; the fix comes up within
    # the 5 s for which DEGRADED stands, so it is told as healthy at once.
    down = "PROGRESSING/RollingOut? DEGRADED/ImagePullBackOff HEALTHY/Available"
    assert fits(story.heard.of("Deployment", "web"), f"{up} {down}")
    assert fits(story.heard.of("Service", "web"), f"{up} {down}")
    pods = story.histories("Pod", "web-")
    assert len(pods) == 5, "two of the first revision, one that cannot start, two of the last revision"
    served = f"{STARTS} PROGRESSING/ContainersNotReady HEALTHY/Running TERMINATING/Terminating? GONE?"
    assert sum(fits(pod, served) for pod in pods) == 4
    assert sum(fits(pod, f"{STARTS} FAILED/ImagePullBackOff {GOES}") for pod in pods) == 1


async def test_a_broken_image_is_explained_down_to_the_container(story: Story) -> None:
    broken = story.told("Deployment", "web", "DEGRADED/ImagePullBackOff")
    assert broken["service"] == {"name": "web"}
    kind, container, reason, evidence = chain(broken)[0]
    assert (kind, container, evidence) == ("Deployment", None, "CONDITION")
    assert reason in ("NewReplicaSetCreated", "ReplicaSetUpdated"), "the controller may not have come to the second"
    assert chain(broken)[1] == ("Pod", None, "ImagePullBackOff", "CHILD")
    kind, container, reason, evidence = chain(broken)[-1]
    assert (kind, container, evidence) == ("Pod", "app", "CONTAINER_STATE")
    assert reason in ("ErrImagePull", "ImagePullBackOff"), "the kubelet's words alternate, ours does not"
    assert "app:missing: not found" in broken["to"]["because"][-1]["message"]
    assert "app:missing" in broken["to"]["message"]
    assert broken["to"]["hint"] == "Fix the tag or the registry, or add imagePullSecrets."
    assert chain(story.told("Service", "web", "DEGRADED/ImagePullBackOff"))[1:] == chain(broken)


async def test_a_deployment_is_restarted_and_scaled_by_mutation(story: Story) -> None:
    before = len(story.heard.of("Deployment", "web"))
    restarted = await story.do("restartDeployment", "deployments", "web", reason="new certificate")
    assert restarted["state"] == "SUCCEEDED"
    await story.until("Deployment", "web", "PROGRESSING/RollingOut")
    await story.until("Deployment", "web", "HEALTHY/Available")
    scaled = await story.do("scaleDeployment", "deployments", "web", replicas=3)
    assert scaled["state"] == "SUCCEEDED"
    await story.until("Deployment", "web", "PROGRESSING/ReplicasNotReady")
    await story.until("Deployment", "web", "HEALTHY/Available")
    await story.do("scaleDeployment", "deployments", "web", replicas=0)
    await story.until("Deployment", "web", "SUSPENDED/ScaledToZero")

    # The last old pod stops while the new one already counts: whether that is told depends on how long it takes.
    restart = "PROGRESSING/RollingOut PROGRESSING/OldReplicasTerminating? PROGRESSING/RollingOut? HEALTHY/Available"
    scale = "PROGRESSING/ReplicasNotReady HEALTHY/Available PROGRESSING/ScalingDown? SUSPENDED/ScaledToZero"
    assert fits(story.heard.of("Deployment", "web")[before:], f"{restart} {scale}")

    target = f"Deployment {story.namespace}/web"
    assert await lines(story.port, restarted) == [
        ("INFO", None, f"Accepted restartDeployment of {target}: new certificate"),
        ("INFO", "read", f"Read {target}."),
        ("INFO", "patch", f"Restarted {target}: its pods are replaced one after another."),
    ]
    assert await lines(story.port, scaled) == [
        ("INFO", None, f"Accepted scaleDeployment of {target}"),
        ("INFO", "read", f"{target} has 2 replicas."),
        ("INFO", "scale", f"Scaled {target} from 2 to 3."),
    ]
    assert {entry["service"]["name"] for entry in await log_of(story.port, scaled)} == {"web"}


async def test_a_failed_build_degrades_the_service_and_leaves_the_deployment_alone(story: Story) -> None:
    step = "exit after=600ms"
    await story.create(manifests.deployment("shop", "1.0"))
    await story.until("Service", "shop", "HEALTHY/Available")
    await story.create(manifests.build("shop", 1, **dict.fromkeys(STEPS, step)))
    await story.until("Build", "shop-build-1", "HEALTHY/Succeeded")
    await story.create(manifests.build("shop", 2, clone=step, compile="exit exit=2 after=600ms", push=step))
    await story.until("Service", "shop", "DEGRADED/BuildFailed")
    await story.create(manifests.build("shop", 3, **dict.fromkeys(STEPS, step)))
    await story.until("Service", "shop", "HEALTHY/Available")

    good = "PROGRESSING/Queued PROGRESSING/Clone PROGRESSING/Compile PROGRESSING/Push HEALTHY/Succeeded"
    assert fits(story.heard.of("Build", "shop-build-1"), good)
    assert fits(story.heard.of("Build", "shop-build-3"), good)
    bad = "PROGRESSING/Queued PROGRESSING/Clone PROGRESSING/Compile FAILED/StepFailed"
    assert fits(story.heard.of("Build", "shop-build-2"), bad)
    up = "PROGRESSING/SpecNotObserved? PROGRESSING/RollingOut HEALTHY/Available"
    assert fits(story.heard.of("Deployment", "shop"), up), "builds are none of its business"
    assert fits(story.heard.of("Service", "shop"), f"{up} DEGRADED/BuildFailed HEALTHY/Available")
    assert story.heard.of("Job", "shop") == [], "a Job that is a Build is no Job"
    failed = story.told("Service", "shop", "DEGRADED/BuildFailed")
    assert failed["to"]["message"].endswith("Step compile failed with exit code 2.")
    assert chain(failed) == [
        ("Build", None, "StepFailed", "CHILD"),
        ("Pod", "compile", "Error", "STEP"),
        ("Pod", None, "InitContainerFailed", "CHILD"),
        ("Pod", "compile", "Error", "TERMINATION"),
    ]


async def test_a_failing_schedule_is_failed_and_explained_down_to_the_exit_code(story: Story) -> None:
    await story.until("CronJob", "broken", "FAILED/NeverSucceeded")
    history = "HEALTHY/WaitingForFirstRun HEALTHY/JobRunning? FAILED/NeverSucceeded"
    assert fits(story.heard.of("CronJob", "broken"), history)
    assert fits(story.heard.of("Service", "broken"), history)
    # In the next minute there is a second run, and then Kubernetes removes the first one.
    for run in story.histories("Job", "broken-"):
        assert fits(run, "PROGRESSING/JobNotStarted? PROGRESSING/Running FAILED/BackoffLimitExceeded? GONE?")
    failed = story.told("CronJob", "broken", "FAILED/NeverSucceeded")
    causes = [
        ("Job", None, "BackoffLimitExceeded", "CHILD"),
        ("Job", None, "BackoffLimitExceeded", "CONDITION"),
        ("Pod", None, "ContainerFailed", "CHILD"),
        ("Pod", "app", "Error", "TERMINATION"),
    ]
    assert chain(failed) == causes
    assert failed["to"]["because"][-1]["message"] == "exit code 7"
    assert chain(story.told("Job", "broken-", "FAILED/BackoffLimitExceeded")) == causes[1:]
    parts = "query ($by: ServiceBy!) { service(by: $by) { parts { cronjob { state } job { state reason } } } }"
    by = {"name": {"namespace": story.namespace, "name": "broken"}}
    lights = (await query(story.port, parts, {"by": by}))["service"]["parts"]
    assert lights["cronjob"] == {"state": "HEALTHY"}, "it is scheduled; how its runs end is the job's light"


async def test_a_schedule_that_worked_is_degraded_by_its_next_run(story: Story) -> None:
    await story.until("CronJob", "flaky", "HEALTHY/Scheduled")
    fails = manifests.cronjob("flaky", "@every 5s", "exit exit=9 after=200ms")["spec"]["jobTemplate"]
    await story.kube.patch("CronJob", "flaky", {"spec": {"jobTemplate": fails}}, namespace=story.namespace)
    await story.until("CronJob", "flaky", "DEGRADED/LastRunFailed")
    history = f"HEALTHY/WaitingForFirstRun HEALTHY/JobRunning? HEALTHY/Scheduled {RUNS} DEGRADED/LastRunFailed"
    assert fits(story.heard.of("CronJob", "flaky"), history)
    failed = story.told("CronJob", "flaky", "DEGRADED/LastRunFailed")
    assert chain(failed)[-1] == ("Pod", "app", "Error", "TERMINATION")
    assert failed["to"]["because"][-1]["message"] == "exit code 9"


async def test_a_cronjob_is_stopped_started_and_triggered_by_mutation(story: Story) -> None:
    await story.until("CronJob", "report", "HEALTHY/Scheduled")
    stopped = await story.do("stopCronjob", "cronjobs", "report", reason="holidays")
    assert (stopped["state"], [step["name"] for step in stopped["steps"]]) == ("SUCCEEDED", ["read", "keep", "delete"])
    await story.until("CronJob", "report", "SUSPENDED/Stopped")
    await story.until("Service", "report", "SUSPENDED/Stopped")
    assert await story.kube.find("CronJob", "report", namespace=story.namespace) is None
    kept = await story.kube.get(REVISIONS, "report-statusgraph-stopped", namespace=story.namespace)
    assert kept["data"]["spec"]["schedule"] == "@every 5s"
    refused = await story.do("triggerCronjob", "cronjobs", "report")

    started = await story.do("startCronjob", "cronjobs", "report")
    assert started["state"] == "SUCCEEDED"
    await story.until("CronJob", "report", "HEALTHY/WaitingForFirstRun")
    assert await story.kube.find(REVISIONS, "report-statusgraph-stopped", namespace=story.namespace) is None
    triggered = await story.do("triggerCronjob", "cronjobs", "report")
    run = re.search(r"Job (\S+) from", triggered["steps"][-1]["message"])
    assert run is not None
    await story.until("Job", run[1], "HEALTHY/Completed")

    ran = f"HEALTHY/WaitingForFirstRun HEALTHY/JobRunning? HEALTHY/Scheduled {RUNS}"
    history = f"{ran} SUSPENDED/Stopped HEALTHY/WaitingForFirstRun {RUNS}"
    assert fits(story.heard.of("CronJob", "report"), history)
    assert fits(story.heard.of("Job", run[1]), "PROGRESSING/JobNotStarted? PROGRESSING/Running HEALTHY/Completed")
    target = f"CronJob {story.namespace}/report"
    revision = "ControllerRevision report-statusgraph-stopped"
    assert await lines(story.port, stopped) == [
        ("INFO", None, f"Accepted stopCronjob of {target}: holidays"),
        ("INFO", "read", f"Read {target}."),
        ("INFO", "keep", f"Kept the manifest of {target} in {revision}."),
        ("INFO", "delete", f"Deleted {target}; startCronjob brings it back."),
    ]
    assert await lines(story.port, refused) == [
        ("INFO", None, f"Accepted triggerCronjob of {target}"),
        ("ERROR", "read", f"{target} is stopped: start it first."),
    ]
    assert refused["state"] == "FAILED"
    assert await lines(story.port, started) == [
        ("INFO", None, f"Accepted startCronjob of {target}"),
        ("INFO", "read", f"Found the manifest of {target} in {revision}."),
        ("INFO", "create", f"Created {target} from its kept manifest."),
        ("INFO", "forget", f"Removed {revision}: the manifest of {target} need not be kept any more."),
    ]


async def test_an_action_that_fails_tells_the_api_servers_own_words(story: Story) -> None:
    full = f"{story.namespace}-full"
    await story.kube.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": full}})
    try:
        await story.kube.create(manifests.no_jobs(), namespace=full)
        await story.kube.wait("ResourceQuota", "no-jobs", lambda it: it.get("status", {}).get("hard"), namespace=full)
        async with Ledger(story.port, namespaces=[full]) as heard:
            await story.kube.create(manifests.cronjob("yearly", "0 0 1 1 *", "ok"), namespace=full)
            await heard.until(lambda: heard.of("CronJob", "yearly") == ["HEALTHY/WaitingForFirstRun"])
        failed = await act(story.port, "triggerCronjob", await id_of(story.port, "cronjobs", full, "yearly"))
    finally:
        await story.kube.delete("Namespace", full)
    name = re.search(r'"(yearly-\w+)"', failed["error"])
    assert name is not None
    words = (
        f'jobs.batch "{name[1]}" is forbidden: exceeded quota: no-jobs, requested: count/jobs.batch=1, '
        "used: count/jobs.batch=0, limited: count/jobs.batch=0"
    )
    assert (failed["state"], failed["error"]) == ("FAILED", words)
    last = (await log_of(story.port, failed))[-1]
    assert (last["level"], last["step"], last["error"]) == ("ERROR", "create", words)
    assert last["message"] == f"Could not start a run of CronJob {full}/yearly."


async def test_bare_pods_tell_what_is_wrong_with_them(story: Story) -> None:
    expected = {"golden": "Unschedulable", "hungry": "OOMKilled", "crashing": "CrashLoopBackOff"}
    for name, reason in expected.items():
        await story.until("Pod", name, f"FAILED/{reason}")
        await story.until("Service", name, f"FAILED/{reason}")
        # Restarts do not show: in between, the container runs for less than the 5 s for which FAILED stands.
        # Before it ends for the first time it runs, which is seen where somebody looks in that moment.
        starts = "PROGRESSING/Scheduling"
        if name != "golden":
            starts = f"{STARTS} HEALTHY/Running? DEGRADED/ContainerTerminated?"
        assert fits(story.heard.of("Pod", name), f"{starts} FAILED/{reason}")
        assert fits(story.heard.of("Service", name), f"{starts} FAILED/{reason}")
    unschedulable = story.told("Pod", "golden", "FAILED/Unschedulable")
    assert chain(unschedulable) == [("Pod", None, "Unschedulable", "CONDITION")]
    assert "node affinity/selector" in unschedulable["to"]["because"][0]["message"]
    ended = ("Pod", "app", "OOMKilled", "TERMINATION")
    assert chain(story.told("Pod", "hungry", "FAILED/OOMKilled"))[-1] == ended
    crashed = story.told("Pod", "crashing", "FAILED/CrashLoopBackOff")
    assert chain(crashed)[-1] == ("Pod", "app", "Error", "TERMINATION")
    assert crashed["to"]["because"][-1]["message"] == "exit code 3"
    assert crashed["to"]["hint"] == f"See kubectl -n {story.namespace} logs crashing -c app --previous."


async def test_the_graph_agrees_with_the_cluster(story: Story) -> None:
    assert await disagreements(story.kube, story.port, [story.namespace]) == []


async def test_what_is_deleted_leaves(story: Story) -> None:
    gone = await id_of(story.port, "deployments", story.namespace, "web")
    for kind, names in DELETED.items():
        for name in names:
            await story.kube.delete(kind, name, namespace=story.namespace)
    for kind, names in DELETED.items():
        for name in names:
            await story.until(kind, name, "GONE")
    await story.until("Service", "shop", "UNKNOWN/NoWorkload")  # its builds are still there
    for number in (1, 2, 3):
        await story.kube.delete("Job", f"shop-build-{number}", namespace=story.namespace)
        await story.until("Build", f"shop-build-{number}", "GONE")
    for service in [name for names in DELETED.values() for name in names]:
        await story.until("Service", service, "GONE")
    answer = await ask(story.port, "restartDeployment", gone)
    assert answer == {"__typename": "NotFoundError", "code": "NOT_FOUND", "message": "there is no such object"}
    assert await disagreements(story.kube, story.port, [story.namespace]) == []


async def test_the_histories_are_whole(story: Story) -> None:
    """Each transition begins where the one before ended, and nothing that is not healthy is without a cause."""
    last: dict[tuple[str, str], Object | None] = {}
    for item in story.heard.transitions:
        key = (item["object"]["kind"], item["object"]["name"])
        before, to = last.get(key), item["to"]
        assert item["from"] == (before and {"state": before["state"], "reason": before["reason"]}), key
        assert to is None or to["because"] or to["state"] == "HEALTHY", key
        assert to is None or key[1].startswith(item["service"]["name"]), key
        assert item["at"] <= item["observedAt"] <= item["recordedAt"], key
        assert not item["inferred"], key
        last[key] = to
    assert story.heard.resets == []
    assert story.heard.starts == 1
    assert len(story.heard.items) - 1 == len(story.heard.transitions), "nothing came twice"
