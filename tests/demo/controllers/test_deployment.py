"""Deployments say what Kubernetes' own controller says, in its order."""

from __future__ import annotations

import pytest

from graph.demo.controllers.deployment import revisions, sizes
from graph.demo.objects import annotations_of, deleting, labels_of
from graph.demo.resources import DEPLOYMENTS, EVENTS, QUOTAS
from tests.demo.controllers.bench import Bench
from tests.demo.controllers.workloads import (
    LABELS,
    controllers,
    counters,
    deploy,
    finish,
    image,
    run_all,
    scales,
    sets,
    told,
    workload,
)


@pytest.fixture
def bench() -> Bench:
    return Bench(controllers)


def test_a_new_one_makes_a_replica_set_and_tells_each_step(bench: Bench) -> None:
    bench.create(DEPLOYMENTS, "web", workload(replicas=3))
    (one,) = sets(bench)
    name = one["metadata"]["name"]
    statuses = bench.statuses(DEPLOYMENTS, "web")
    assert statuses[0]["conditions"][0]["message"] == f'Created new replica set "{name}"'
    assert "observedGeneration" not in statuses[0]
    assert [told(status) for status in statuses] == [
        ["Progressing=True NewReplicaSetCreated"],
        ["Progressing=True NewReplicaSetCreated", "Available=False MinimumReplicasUnavailable"],
        ["Available=False MinimumReplicasUnavailable", "Progressing=True ReplicaSetUpdated"],
    ]
    assert [counters(status) for status in statuses] == [
        {},
        {"unavailableReplicas": 3},
        {"replicas": 3, "updatedReplicas": 3, "unavailableReplicas": 3},
    ]
    assert bench.events("web") == [("ScalingReplicaSet", f"Scaled up replica set {name} from 0 to 3")]
    assert [reason for reason, _ in bench.events(name)] == ["SuccessfulCreate"] * 3


def test_its_replica_set_and_pods_carry_the_marks_of_kubernetes(bench: Bench) -> None:
    deployment = deploy(bench)
    (one,) = sets(bench)
    hash_ = labels_of(one)["pod-template-hash"]
    assert one["metadata"]["name"] == f"web-{hash_}"
    assert one["spec"]["selector"]["matchLabels"] == {**LABELS, "pod-template-hash": hash_}
    assert annotations_of(one) == {
        "deployment.kubernetes.io/revision": "1",
        "deployment.kubernetes.io/desired-replicas": "3",
        "deployment.kubernetes.io/max-replicas": "4",
    }
    assert annotations_of(deployment) == {"deployment.kubernetes.io/revision": "1"}
    assert deployment["metadata"]["generation"] == 1
    for pod in bench.pods():
        assert labels_of(pod) == {**LABELS, "pod-template-hash": hash_}
        assert pod["metadata"]["name"].startswith(f"web-{hash_}-")
        assert pod["metadata"]["ownerReferences"] == [
            {
                "apiVersion": "apps/v1",
                "kind": "ReplicaSet",
                "name": one["metadata"]["name"],
                "uid": one["metadata"]["uid"],
                "controller": True,
                "blockOwnerDeletion": True,
            }
        ]


def test_it_is_complete_when_all_pods_are_available(bench: Bench) -> None:
    deployment = deploy(bench)
    name = sets(bench)[0]["metadata"]["name"]
    assert counters(deployment) == {
        "replicas": 3,
        "updatedReplicas": 3,
        "readyReplicas": 3,
        "availableReplicas": 3,
    }
    assert told(deployment) == ["Available=True MinimumReplicasAvailable", "Progressing=True NewReplicaSetAvailable"]
    assert deployment["status"]["conditions"][1]["message"] == f'ReplicaSet "{name}" has successfully progressed.'
    assert deployment["status"]["observedGeneration"] == 1
    versions = len(bench.versions)
    bench.wait(3600)
    assert len(bench.versions) == versions  # at rest nothing is written


def test_a_condition_keeps_the_time_of_its_transition_and_tells_that_of_its_update(bench: Bench) -> None:
    bench.create(DEPLOYMENTS, "web", workload(replicas=2))
    begun = bench.get(DEPLOYMENTS, "web")["status"]["conditions"][1]
    for pod in bench.pods():
        bench.wait(5)
        bench.run(pod)
    progressing = bench.get(DEPLOYMENTS, "web")["status"]["conditions"][1]
    assert progressing["type"] == "Progressing"
    assert progressing["lastTransitionTime"] == begun["lastTransitionTime"]
    assert progressing["lastUpdateTime"] > begun["lastUpdateTime"]


def test_a_rolling_update_surges_then_replaces_step_by_step(bench: Bench) -> None:
    deploy(bench, replicas=4)
    image(bench, DEPLOYMENTS, "web", "web:2")
    assert scales(bench) == [3, 2]  # one may be lacking, one more may be there
    old, new = (one["metadata"]["name"] for one in sets(bench))
    assert [message for _, message in bench.events("web")][1:] == [
        f"Scaled up replica set {new} from 0 to 1",
        f"Scaled down replica set {old} from 4 to 3",
        f"Scaled up replica set {new} from 1 to 2",
    ]
    finish(bench)
    assert scales(bench) == [0, 4]
    deployment = bench.get(DEPLOYMENTS, "web")
    assert annotations_of(deployment)[revisions.REVISION] == "2"
    assert told(deployment) == ["Available=True MinimumReplicasAvailable", "Progressing=True NewReplicaSetAvailable"]
    total = [status.get("replicas", 0) for status in bench.statuses(DEPLOYMENTS, "web")]
    assert max(total) == 5


@pytest.mark.parametrize(
    ("replicas", "most", "least", "expected"),
    [
        (10, "25%", "25%", (3, 2)),
        (1, "25%", "25%", (1, 0)),
        (3, 0, "25%", (0, 1)),  # both come to nothing: one may be lacking
        (4, 2, 1, (2, 1)),
        (2, 0, 5, (0, 2)),  # never more than there are
    ],
)
def test_surge_rounds_up_and_what_may_lack_rounds_down(
    replicas: int, most: int | str, least: int | str, expected: tuple[int, int]
) -> None:
    pace = {"maxSurge": most, "maxUnavailable": least}
    deployment = {"spec": {"replicas": replicas, "strategy": {"type": "RollingUpdate", "rollingUpdate": pace}}}
    assert (sizes.surge(deployment), sizes.unavailable(deployment)) == expected


def test_an_old_pod_that_is_not_ready_is_the_first_to_go(bench: Bench) -> None:
    deploy(bench, replicas=4)
    broken = bench.pods()[2]
    bench.run(broken, ready=False)
    image(bench, DEPLOYMENTS, "web", "web:2")
    assert [pod["metadata"]["name"] for pod in bench.pods() if deleting(pod)] == [broken["metadata"]["name"]]


def test_recreate_starts_nothing_new_before_all_old_pods_have_gone(bench: Bench) -> None:
    deploy(bench, strategy={"type": "Recreate"})
    image(bench, DEPLOYMENTS, "web", "web:2")
    assert scales(bench) == [0]
    assert [deleting(pod) for pod in bench.pods()] == [True] * 3
    for pod in bench.pods()[:2]:
        bench.remove(pod)
    assert scales(bench) == [0]
    bench.remove(bench.pods()[0])
    assert scales(bench) == [0, 3]
    finish(bench)
    assert counters(bench.get(DEPLOYMENTS, "web"))["availableReplicas"] == 3


def test_without_progress_it_says_so_after_the_deadline_and_recovers(bench: Bench) -> None:
    bench.create(DEPLOYMENTS, "web", workload(replicas=2, progressDeadlineSeconds=60))
    run_all(bench, ready=False)
    bench.wait(59)
    assert told(bench.get(DEPLOYMENTS, "web"))[1] == "Progressing=True ReplicaSetUpdated"
    bench.wait(3)
    deployment = bench.get(DEPLOYMENTS, "web")
    name = sets(bench)[0]["metadata"]["name"]
    assert told(deployment)[1] == "Progressing=False ProgressDeadlineExceeded"
    assert deployment["status"]["conditions"][1]["message"] == f'ReplicaSet "{name}" has timed out progressing.'
    for pod in bench.pods():
        bench.run(pod)
    assert told(bench.get(DEPLOYMENTS, "web")) == [
        "Available=True MinimumReplicasAvailable",
        "Progressing=True NewReplicaSetAvailable",
    ]


def test_a_complete_one_that_loses_pods_later_does_not_time_out(bench: Bench) -> None:
    deploy(bench, progressDeadlineSeconds=30)
    for pod in bench.pods():
        bench.run(pod, ready=False)
    bench.wait(120)
    assert told(bench.get(DEPLOYMENTS, "web")) == [
        "Progressing=True NewReplicaSetAvailable",
        "Available=False MinimumReplicasUnavailable",
    ]


def test_without_a_deadline_there_is_no_progressing_condition(bench: Bench) -> None:
    deployment = deploy(bench, progressDeadlineSeconds=2**31 - 1)
    assert told(deployment) == ["Available=True MinimumReplicasAvailable"]


def test_pods_that_a_quota_refuses_are_told_as_replica_failure_until_there_is_room(bench: Bench) -> None:
    bench.create(QUOTAS, "few", {"hard": {"pods": "2"}})
    bench.create(DEPLOYMENTS, "web", workload(replicas=3))
    deployment = bench.get(DEPLOYMENTS, "web")
    (failure,) = (one for one in deployment["status"]["conditions"] if one["type"] == "ReplicaFailure")
    assert (failure["status"], failure["reason"]) == ("True", "FailedCreate")
    assert "is forbidden: exceeded quota: few, requested: pods=1, used: pods=2, limited: pods=2" in failure["message"]
    name = sets(bench)[0]["metadata"]["name"]
    assert any(
        reason == "FailedCreate" and message.startswith('Error creating: pods "web-')
        for reason, message in bench.events(name)
    )
    bench.change(QUOTAS, "few", hard={"pods": "5"})
    bench.wait(30)
    assert "ReplicaFailure=True FailedCreate" not in told(bench.get(DEPLOYMENTS, "web"))
    assert len(bench.pods()) == 3


def test_refused_pods_are_tried_again_ever_more_slowly(bench: Bench) -> None:
    bench.create(QUOTAS, "none", {"hard": {"pods": "0"}})
    bench.create(DEPLOYMENTS, "web", workload(replicas=1))
    bench.wait(1000)
    name = sets(bench)[0]["metadata"]["name"]
    told = bench.store.list(EVENTS, "test")
    count = sum(one["count"] for one in told if one["involvedObject"]["name"] == name)
    assert 10 < count < 30


def test_a_replica_set_that_a_quota_refuses_is_told_by_the_deployment(bench: Bench) -> None:
    bench.create(QUOTAS, "none", {"hard": {"count/replicasets.apps": "0"}})
    bench.create(DEPLOYMENTS, "web", workload(replicas=1))
    deployment = bench.get(DEPLOYMENTS, "web")
    assert told(deployment) == ["Progressing=False ReplicaSetCreateError"]
    assert bench.events("web")[0][1].startswith('Failed to create new replica set "web-')
    bench.store.delete(QUOTAS, "test", "none")
    bench.wait(10)
    finish(bench)
    assert told(bench.get(DEPLOYMENTS, "web"))[-1] == "Progressing=True NewReplicaSetAvailable"


def test_a_pod_is_available_once_it_was_ready_for_long_enough(bench: Bench) -> None:
    bench.create(DEPLOYMENTS, "web", workload(replicas=2, minReadySeconds=20))
    run_all(bench)
    assert counters(bench.get(DEPLOYMENTS, "web")) == {
        "replicas": 2,
        "updatedReplicas": 2,
        "readyReplicas": 2,
        "unavailableReplicas": 2,
    }
    bench.wait(19)
    assert "availableReplicas" not in bench.get(DEPLOYMENTS, "web")["status"]
    bench.wait(2)
    assert bench.get(DEPLOYMENTS, "web")["status"]["availableReplicas"] == 2


def test_minimum_ready_seconds_reach_the_replica_set_without_a_rollout(bench: Bench) -> None:
    deploy(bench)
    bench.change(DEPLOYMENTS, "web", minReadySeconds=7)
    assert [one["spec"].get("minReadySeconds") for one in sets(bench)] == [7]
    deployment = bench.get(DEPLOYMENTS, "web")
    bench.store.update(DEPLOYMENTS, {**deployment, "spec": {**deployment["spec"], "minReadySeconds": 0}})
    bench.settle()
    assert not sets(bench)[0]["spec"].get("minReadySeconds")
