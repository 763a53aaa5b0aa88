"""StatefulSets come, go and change in order, and tell it as Kubernetes' own controller does."""

from __future__ import annotations

from typing import Any

import pytest

from graph.demo.controllers.statefulset.identity import revision_of
from graph.demo.objects import Object, deleting, labels_of, with_metadata
from graph.demo.resources import CLAIMS, CONTROLLER_REVISIONS, PODS, QUOTAS, STATEFUL_SETS
from tests.demo.controllers.bench import Bench
from tests.demo.controllers.workloads import LABELS, controllers, counters, finish, image, template, workload


@pytest.fixture
def bench() -> Bench:
    return Bench(controllers)


def create(bench: Bench, **spec: Any) -> None:
    bench.create(STATEFUL_SETS, "db", workload(**{"replicas": 3, "serviceName": "db", **spec}))


def status(bench: Bench) -> Object:
    found: Object = bench.get(STATEFUL_SETS, "db")["status"]
    return found


def images(bench: Bench) -> list[str]:
    return [pod["spec"]["containers"][0]["image"] for pod in bench.pods()]


def going(bench: Bench) -> list[str]:
    return [pod["metadata"]["name"] for pod in bench.pods() if deleting(pod)]


def test_pods_come_one_by_one_each_after_the_one_before_is_ready(bench: Bench) -> None:
    create(bench)
    assert bench.names(PODS) == ["db-0"]
    bench.run(bench.pods()[0], ready=False)
    assert bench.names(PODS) == ["db-0"]
    bench.run(bench.pods()[0])
    assert bench.names(PODS) == ["db-0", "db-1"]
    finish(bench)
    assert bench.names(PODS) == ["db-0", "db-1", "db-2"]
    assert bench.events("db") == [
        ("SuccessfulCreate", f"create Pod db-{number} in StatefulSet db successful") for number in range(3)
    ]


def test_a_pod_carries_its_name_number_and_revision(bench: Bench) -> None:
    create(bench)
    (pod,) = bench.pods()
    (revision,) = bench.store.list(CONTROLLER_REVISIONS, "test")
    name = revision["metadata"]["name"]
    assert labels_of(pod) == {
        **LABELS,
        "statefulset.kubernetes.io/pod-name": "db-0",
        "apps.kubernetes.io/pod-index": "0",
        "controller-revision-hash": name,
    }
    assert (pod["spec"]["hostname"], pod["spec"]["subdomain"]) == ("db-0", "db")
    assert pod["metadata"]["generateName"] == "db-"
    assert revision["revision"] == 1
    assert labels_of(revision) == {**LABELS, "controller.kubernetes.io/hash": name.removeprefix("db-")}
    assert revision["data"]["spec"]["template"]["$patch"] == "replace"


def test_its_status_counts_and_names_both_revisions(bench: Bench) -> None:
    create(bench, replicas=2)
    name = bench.names(CONTROLLER_REVISIONS)[0]
    finish(bench)
    assert status(bench) == {
        "observedGeneration": 1,
        "replicas": 2,
        "readyReplicas": 2,
        "currentReplicas": 2,
        "updatedReplicas": 2,
        "availableReplicas": 2,
        "currentRevision": name,
        "updateRevision": name,
        "collisionCount": 0,
    }


def test_in_parallel_all_come_at_once_and_go_at_once(bench: Bench) -> None:
    create(bench, podManagementPolicy="Parallel")
    assert len(bench.pods()) == 3
    finish(bench)
    bench.change(STATEFUL_SETS, "db", replicas=0)
    assert going(bench) == ["db-0", "db-1", "db-2"]


def test_scaled_down_the_last_goes_first_and_alone(bench: Bench) -> None:
    create(bench)
    finish(bench)
    bench.change(STATEFUL_SETS, "db", replicas=1)
    assert going(bench) == ["db-2"]
    bench.remove(bench.pods()[2])
    assert going(bench) == ["db-1"]
    finish(bench)
    assert bench.names(PODS) == ["db-0"]
    assert status(bench)["replicas"] == 1


def test_scaling_down_waits_for_a_broken_pod_before_the_last(bench: Bench) -> None:
    create(bench)
    finish(bench)
    bench.run(bench.pods()[0], ready=False)
    bench.change(STATEFUL_SETS, "db", replicas=1)
    assert going(bench) == []


def test_an_update_goes_from_the_last_to_the_first_each_after_the_one_before_is_ready(bench: Bench) -> None:
    create(bench)
    finish(bench)
    old = status(bench)["currentRevision"]
    image(bench, STATEFUL_SETS, "db", "web:2")
    assert going(bench) == ["db-2"]
    assert status(bench)["updateRevision"] != old == status(bench)["currentRevision"]
    bench.remove(bench.pods()[2])
    assert images(bench) == ["web:1", "web:1", "web:2"]
    bench.run(bench.pods()[2], ready=False)
    assert going(bench) == []
    bench.run(bench.pods()[2])
    assert going(bench) == ["db-1"]
    assert counters(status(bench)) | {"collisionCount": 0} == {
        "replicas": 3,
        "readyReplicas": 3,
        "availableReplicas": 3,
        "currentReplicas": 1,
        "updatedReplicas": 1,
        "collisionCount": 0,
    }
    finish(bench)
    assert images(bench) == ["web:2"] * 3
    assert status(bench)["currentRevision"] == status(bench)["updateRevision"] != old
    assert status(bench)["currentReplicas"] == 3


def test_an_update_that_breaks_is_blocked_until_the_broken_pod_is_removed_by_hand(bench: Bench) -> None:
    create(bench)
    finish(bench)
    image(bench, STATEFUL_SETS, "db", "web:bad")
    bench.remove(bench.pods()[2])
    bench.run(bench.pods()[2], ready=False)
    image(bench, STATEFUL_SETS, "db", "web:3")
    assert going(bench) == []  # known of Kubernetes: the set waits for the broken pod
    bench.delete(PODS, "db-2")
    bench.remove(bench.pods()[2])
    finish(bench)
    assert images(bench) == ["web:3"] * 3


def test_a_partition_leaves_the_first_pods_alone(bench: Bench) -> None:
    create(bench, updateStrategy={"type": "RollingUpdate", "rollingUpdate": {"partition": 2}})
    finish(bench)
    image(bench, STATEFUL_SETS, "db", "web:2")
    finish(bench)
    assert images(bench) == ["web:1", "web:1", "web:2"]
    found = status(bench)
    assert (found["currentReplicas"], found["updatedReplicas"]) == (2, 1)
    assert found["currentRevision"] != found["updateRevision"]
    bench.delete(PODS, "db-0")
    finish(bench)
    assert images(bench) == ["web:1", "web:1", "web:2"]  # it comes back as it was


def test_on_delete_only_what_is_deleted_is_updated(bench: Bench) -> None:
    create(bench, updateStrategy={"type": "OnDelete"})
    finish(bench)
    image(bench, STATEFUL_SETS, "db", "web:2")
    assert going(bench) == []
    bench.delete(PODS, "db-1")
    finish(bench)
    assert images(bench) == ["web:1", "web:2", "web:1"]
    assert status(bench)["updatedReplicas"] == 1


def test_a_pod_that_failed_is_removed_and_comes_again(bench: Bench) -> None:
    create(bench)
    finish(bench)
    uid = bench.pods()[1]["metadata"]["uid"]
    bench.end(bench.pods()[1], code=1)
    finish(bench)
    assert bench.pods()[1]["metadata"]["uid"] != uid
    assert ("SuccessfulDelete", "delete Pod db-1 in StatefulSet db successful") in bench.events("db")


def test_returning_to_an_earlier_template_moves_its_revision_to_the_end(bench: Bench) -> None:
    create(bench, replicas=1)
    finish(bench)
    first = status(bench)["updateRevision"]
    image(bench, STATEFUL_SETS, "db", "web:2")
    finish(bench)
    image(bench, STATEFUL_SETS, "db", "web:1")
    finish(bench)
    assert status(bench)["updateRevision"] == first
    revisions = {one["metadata"]["name"]: one["revision"] for one in bench.store.list(CONTROLLER_REVISIONS, "test")}
    assert revisions.pop(first) == 3
    assert list(revisions.values()) == [2]


def test_the_history_keeps_so_many_revisions(bench: Bench) -> None:
    create(bench, replicas=1, revisionHistoryLimit=1)
    for number in range(2, 6):
        image(bench, STATEFUL_SETS, "db", f"web:{number}")
        finish(bench)
    assert sorted(one["revision"] for one in bench.store.list(CONTROLLER_REVISIONS, "test")) == [4, 5]


def test_claims_come_before_their_pod_and_stay_when_it_goes(bench: Bench) -> None:
    claim = {"metadata": {"name": "data"}, "spec": {"accessModes": ["ReadWriteOnce"]}}
    create(bench, replicas=1, volumeClaimTemplates=[claim])
    assert bench.names(CLAIMS) == ["data-db-0"]
    assert bench.pods()[0]["spec"]["volumes"] == [{"name": "data", "persistentVolumeClaim": {"claimName": "data-db-0"}}]
    assert bench.events("db") == [
        ("SuccessfulCreate", "create Claim data-db-0 Pod db-0 in StatefulSet db success"),
        ("SuccessfulCreate", "create Pod db-0 in StatefulSet db successful"),
    ]
    bench.change(STATEFUL_SETS, "db", replicas=0)
    assert bench.names(CLAIMS) == ["data-db-0"]


def test_a_pod_that_a_quota_refuses_is_told_and_tried_again(bench: Bench) -> None:
    bench.create(QUOTAS, "none", {"hard": {"pods": "0"}})
    create(bench, replicas=1)
    reason, message = bench.events("db")[0]
    assert reason == "FailedCreate"
    assert message == (
        'create Pod db-0 in StatefulSet db failed error: pods "db-0" is forbidden: exceeded quota: none, '
        "requested: pods=1, used: pods=0, limited: pods=0"
    )
    assert status(bench)["observedGeneration"] == 1
    bench.store.delete(QUOTAS, "test", "none")
    bench.wait(5)
    assert bench.names(PODS) == ["db-0"]


def test_a_pod_counts_as_available_once_it_was_ready_for_long_enough(bench: Bench) -> None:
    create(bench, replicas=2, minReadySeconds=10)
    bench.run(bench.pods()[0])
    assert (status(bench)["readyReplicas"], status(bench)["availableReplicas"]) == (1, 0)
    bench.wait(9)
    assert bench.names(PODS) == ["db-0"]
    bench.wait(2)
    assert bench.names(PODS) == ["db-0", "db-1"]


def test_ordinals_may_begin_later(bench: Bench) -> None:
    create(bench, replicas=2, ordinals={"start": 5})
    finish(bench)
    assert bench.names(PODS) == ["db-5", "db-6"]


def test_an_orphan_of_its_name_is_taken_over_and_told_who_it_is(bench: Bench) -> None:
    bench.create(PODS, "db-0", template()["spec"], labels=LABELS)
    bench.run(bench.pods()[0])
    create(bench, replicas=1)
    (pod,) = bench.pods("db")
    assert labels_of(pod)["statefulset.kubernetes.io/pod-name"] == "db-0"
    assert revision_of(pod) == ""  # so it is replaced
    assert going(bench) == ["db-0"]


def test_one_that_is_being_deleted_only_counts(bench: Bench) -> None:
    create(bench)
    finish(bench)
    bench.delete(STATEFUL_SETS, "db", propagation="Foreground")
    bench.store.delete(PODS, "test", "db-1", grace=0)
    bench.settle()
    assert bench.names(PODS) == ["db-0", "db-2"]
    assert status(bench)["replicas"] == 2


def test_revisions_without_an_owner_are_taken_over(bench: Bench) -> None:
    create(bench, replicas=1)
    (revision,) = bench.store.list(CONTROLLER_REVISIONS, "test")
    bench.store.update(CONTROLLER_REVISIONS, with_metadata(revision, ownerReferences=None))
    bench.settle()
    (revision,) = bench.store.list(CONTROLLER_REVISIONS, "test")
    assert revision["metadata"]["ownerReferences"][0]["kind"] == "StatefulSet"
