"""The Job controller's word: conditions, counters, events and finalizers are those of Kubernetes 1.34."""

from __future__ import annotations

from typing import Any

import pytest

from graph.demo.controllers.job import JobController, TtlController
from graph.demo.objects import Object, written
from graph.demo.resources import JOBS, PODS, QUOTAS
from tests.demo.controllers.bench import START, Bench

FINALIZER = "batch.kubernetes.io/job-tracking"


@pytest.fixture
def bench() -> Bench:
    return Bench(lambda store: [JobController(store, batch=0), TtlController(store)])


def spec(**more: Any) -> Object:
    pod = {"restartPolicy": "Never", "containers": [{"name": "app", "image": "app:1"}]}
    return {"template": {"spec": pod}, **more}


def conditions(job: Object) -> list[tuple[str, str, str]]:
    return [(one["type"], one["status"], one["reason"]) for one in job["status"].get("conditions", ())]


def test_a_run_that_succeeds_is_counted_let_go_and_complete(bench: Bench) -> None:
    bench.create(JOBS, "run", spec())
    (pod,) = bench.pods("run")
    assert pod["metadata"]["finalizers"] == [FINALIZER]
    assert pod["metadata"]["labels"]["batch.kubernetes.io/job-name"] == "run"
    assert bench.get(JOBS, "run")["status"] == {
        "active": 1,
        "ready": 0,
        "startTime": written(START),
        "terminating": 0,
        "uncountedTerminatedPods": {},
    }
    bench.run(pod)
    assert bench.get(JOBS, "run")["status"]["ready"] == 1
    bench.now += 3
    bench.end(pod)

    *_, promised, complete = bench.statuses(JOBS, "run")
    assert promised["uncountedTerminatedPods"] == {"succeeded": [pod["metadata"]["uid"]]}
    assert [one["type"] for one in promised["conditions"]] == ["SuccessCriteriaMet"]
    assert complete["succeeded"] == 1
    assert "active" not in complete
    assert complete["completionTime"] == written(START + 3)
    words = ("True", "CompletionsReached")
    assert conditions(bench.get(JOBS, "run")) == [("SuccessCriteriaMet", *words), ("Complete", *words)]
    assert "finalizers" not in bench.pods("run")[0]["metadata"]
    name = pod["metadata"]["name"]
    assert bench.events("run") == [("SuccessfulCreate", f"Created pod: {name}"), ("Completed", "Job completed")]


def test_failures_are_tried_again_ever_later_and_then_no_more(bench: Bench) -> None:
    bench.create(JOBS, "run", spec(backoffLimit=2))
    gaps = []
    for _ in range(3):
        (pod,) = [pod for pod in bench.pods("run") if FINALIZER in pod["metadata"].get("finalizers", ())]
        bench.run(pod)
        bench.end(pod, code=7)
        failed, known = bench.now, len(bench.pods("run"))
        while len(bench.pods("run")) == known and bench.now < failed + 60:
            bench.wait(1)
        gaps.append(round(bench.now - failed))
    assert gaps == [10, 20, 60]
    job = bench.get(JOBS, "run")
    words = ("True", "BackoffLimitExceeded")
    assert conditions(job) == [("FailureTarget", *words), ("Failed", *words)]
    assert job["status"]["failed"] == 3
    assert "completionTime" not in job["status"]
    assert bench.events("run")[-1] == ("BackoffLimitExceeded", "Job has reached the specified backoff limit")


def test_a_deadline_ends_it_and_failed_waits_for_the_last_pod(bench: Bench) -> None:
    bench.create(JOBS, "run", spec(activeDeadlineSeconds=30))
    (pod,) = bench.pods("run")
    bench.run(pod)
    bench.wait(30)
    job = bench.get(JOBS, "run")
    assert conditions(job) == [("FailureTarget", "True", "DeadlineExceeded")]
    assert (job["status"]["terminating"], job["status"]["failed"]) == (1, 1)
    bench.remove(pod)
    assert bench.pods("run") == []
    assert conditions(bench.get(JOBS, "run"))[1:] == [("Failed", "True", "DeadlineExceeded")]
    message = "Job was active longer than specified deadline"
    name = pod["metadata"]["name"]
    deleted = ("SuccessfulDelete", f"Deleted pod: {name}")
    assert bench.events("run")[1:] == [deleted, ("DeadlineExceeded", message)]


def test_a_pod_failure_policy_ignores_fails_and_counts(bench: Bench) -> None:
    rules = [
        {"action": "Ignore", "onPodConditions": [{"type": "DisruptionTarget", "status": "True"}]},
        {"action": "FailJob", "onExitCodes": {"containerName": "app", "operator": "In", "values": [42]}},
    ]
    bench.create(JOBS, "run", spec(backoffLimit=6, podFailurePolicy={"rules": rules}))
    (pod,) = bench.pods("run")
    bench.run(pod)
    fresh = bench.store.get(PODS, "test", pod["metadata"]["name"])
    disrupted = [*fresh["status"]["conditions"], {"type": "DisruptionTarget", "status": "True"}]
    bench.store.update(PODS, {**fresh, "status": {**fresh["status"], "conditions": disrupted}}, status=True)
    bench.end(pod, code=1)
    bench.wait(11)
    assert "failed" not in bench.get(JOBS, "run")["status"]

    (second,) = [one for one in bench.pods("run") if one["metadata"]["uid"] != pod["metadata"]["uid"]]
    bench.run(second)
    bench.end(second, code=42)
    job = bench.get(JOBS, "run")
    assert conditions(job)[-1] == ("Failed", "True", "PodFailurePolicy")
    name = second["metadata"]["name"]
    message = f"Container app for pod test/{name} failed with exit code 42 matching FailJob rule at index 1"
    assert job["status"]["conditions"][-1]["message"] == message


def test_a_suspended_job_has_no_pods_and_begins_anew_when_resumed(bench: Bench) -> None:
    bench.create(JOBS, "run", spec())
    bench.change(JOBS, "run", suspend=True)
    assert conditions(bench.get(JOBS, "run")) == [("Suspended", "True", "JobSuspended")]
    assert bench.pods("run") == []
    bench.now += 60
    bench.change(JOBS, "run", suspend=False)
    job = bench.get(JOBS, "run")
    assert conditions(job) == [("Suspended", "False", "JobResumed")]
    assert job["status"]["startTime"] == written(bench.now)
    assert len(bench.pods("run")) == 1
    assert [reason for reason, _ in bench.events("run")][:3] == ["SuccessfulCreate", "SuccessfulDelete", "Suspended"]
    assert "Resumed" in dict(bench.events("run"))
    assert "failed" not in job["status"], "a pod that suspension removed is no failure"


def test_each_index_succeeds_once(bench: Bench) -> None:
    bench.create(JOBS, "run", spec(completions=4, parallelism=2, completionMode="Indexed"))
    assert sorted(pod["spec"]["hostname"] for pod in bench.pods("run")) == ["run-0", "run-1"]
    done: set[str] = set()
    while len(done) < 4:
        pod = next(pod for pod in bench.pods("run") if pod["metadata"]["name"] not in done)
        assert pod["metadata"]["name"].startswith(pod["spec"]["hostname"] + "-")
        done.add(pod["metadata"]["name"])
        bench.run(pod)
        bench.end(pod)
        assert sum(pod["status"]["phase"] == "Pending" for pod in bench.pods("run")) <= 2
    status = bench.get(JOBS, "run")["status"]
    assert (status["completedIndexes"], status["succeeded"]) == ("0-3", 4)
    assert conditions(bench.get(JOBS, "run"))[-1][0] == "Complete"


def test_restarts_in_place_count_where_the_kubelet_restarts(bench: Bench) -> None:
    restarting = {"restartPolicy": "OnFailure", "containers": [{"name": "app", "image": "app:1"}]}
    bench.create(JOBS, "run", {"backoffLimit": 2, "template": {"spec": restarting}})
    (pod,) = bench.pods("run")
    bench.run(pod)
    fresh = bench.store.get(PODS, "test", pod["metadata"]["name"])
    statuses = [{**fresh["status"]["containerStatuses"][0], "restartCount": 2}]
    bench.store.update(PODS, {**fresh, "status": {**fresh["status"], "containerStatuses": statuses}}, status=True)
    bench.settle()
    assert conditions(bench.get(JOBS, "run")) == [("FailureTarget", "True", "BackoffLimitExceeded")]


def test_a_refused_pod_is_told_and_tried_again(bench: Bench) -> None:
    bench.create(QUOTAS, "none", {"hard": {"pods": "0"}})
    bench.create(JOBS, "run", spec())
    reason, message = bench.events("run")[0]
    assert reason == "FailedCreate"
    assert message.startswith('Error creating: pods "run-')
    assert message.endswith("is forbidden: exceeded quota: none, requested: pods=1, used: pods=0, limited: pods=0")
    bench.delete(QUOTAS, "none")
    bench.wait(10)
    assert len(bench.pods("run")) == 1


def test_what_happens_within_a_second_is_counted_together() -> None:
    bench = Bench(lambda store: [JobController(store)])
    bench.create(JOBS, "run", spec(completions=2, parallelism=2))
    for pod in bench.pods("run"):
        bench.run(pod)
        bench.end(pod)
    assert bench.get(JOBS, "run")["status"]["active"] == 2
    bench.wait(1)
    assert conditions(bench.get(JOBS, "run"))[-1][0] == "Complete"


def test_a_deleted_job_lets_its_pods_go(bench: Bench) -> None:
    bench.create(JOBS, "run", spec())
    bench.delete(JOBS, "run")
    assert "finalizers" not in bench.pods("run")[0]["metadata"], "the garbage collector does the rest"


def test_a_finished_job_goes_after_its_time_to_live(bench: Bench) -> None:
    bench.create(JOBS, "run", spec(ttlSecondsAfterFinished=30))
    (pod,) = bench.pods("run")
    bench.run(pod)
    bench.end(pod)
    bench.wait(29)
    assert "deletionTimestamp" not in bench.get(JOBS, "run")["metadata"]
    bench.wait(2)
    metadata = bench.get(JOBS, "run")["metadata"]
    assert (metadata["finalizers"], "deletionTimestamp" in metadata) == (["foregroundDeletion"], True)
