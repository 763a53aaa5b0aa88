"""Deployments that are scaled, paused, taken back and taken over; what is left of them."""

from __future__ import annotations

import pytest

from graph.demo.controllers.deployment import revisions
from graph.demo.objects import annotations_of, labels_of, with_metadata
from graph.demo.resources import DEPLOYMENTS, NAMESPACES, PODS, REPLICA_SETS
from tests.demo.controllers.bench import Bench
from tests.demo.controllers.workloads import (
    controllers,
    counters,
    deploy,
    finish,
    image,
    scales,
    sets,
    template,
    told,
    workload,
)


@pytest.fixture
def bench() -> Bench:
    return Bench(controllers)


def test_scaling_up_and_down_keeps_the_revision_and_the_progress(bench: Bench) -> None:
    deploy(bench)
    name = sets(bench)[0]["metadata"]["name"]
    bench.change(DEPLOYMENTS, "web", replicas=5)
    assert scales(bench) == [5]
    assert told(bench.get(DEPLOYMENTS, "web")) == [
        "Progressing=True NewReplicaSetAvailable",
        "Available=False MinimumReplicasUnavailable",
    ]
    finish(bench)
    bench.change(DEPLOYMENTS, "web", replicas=1)
    finish(bench)
    assert counters(bench.get(DEPLOYMENTS, "web")) == {
        "replicas": 1,
        "updatedReplicas": 1,
        "readyReplicas": 1,
        "availableReplicas": 1,
    }
    assert [message for _, message in bench.events("web")][1:] == [
        f"Scaled up replica set {name} from 3 to 5",
        f"Scaled down replica set {name} from 5 to 1",
    ]
    assert annotations_of(sets(bench)[0])[revisions.DESIRED] == "1"


def test_scaled_to_zero_it_has_nothing_and_is_available(bench: Bench) -> None:
    deploy(bench)
    bench.change(DEPLOYMENTS, "web", replicas=0)
    finish(bench)
    deployment = bench.get(DEPLOYMENTS, "web")
    assert counters(deployment) == {}
    assert told(deployment) == ["Available=True MinimumReplicasAvailable", "Progressing=True NewReplicaSetAvailable"]


def test_paused_it_scales_but_does_not_roll_out_until_it_is_resumed(bench: Bench) -> None:
    deploy(bench)
    bench.change(DEPLOYMENTS, "web", paused=True)
    deployment = bench.get(DEPLOYMENTS, "web")
    assert told(deployment)[-1] == "Progressing=Unknown DeploymentPaused"
    assert deployment["status"]["conditions"][-1]["message"] == "Deployment is paused"
    image(bench, DEPLOYMENTS, "web", "web:2")
    bench.change(DEPLOYMENTS, "web", replicas=4)
    assert scales(bench) == [4]
    bench.change(DEPLOYMENTS, "web", paused=False)
    assert "Progressing=Unknown DeploymentResumed" in [
        told(status)[-1] for status in bench.statuses(DEPLOYMENTS, "web")
    ]
    finish(bench)
    assert scales(bench) == [0, 4]


def test_paused_in_the_middle_it_waits_beyond_the_deadline_at_no_cost(bench: Bench) -> None:
    deploy(bench, progressDeadlineSeconds=30)
    image(bench, DEPLOYMENTS, "web", "web:bad")
    bench.change(DEPLOYMENTS, "web", paused=True)
    versions = len(bench.versions)
    bench.wait(600)
    assert len(bench.versions) == versions


def test_scaled_in_the_middle_of_a_rollout_all_sets_grow_in_proportion(bench: Bench) -> None:
    pace = {"maxSurge": 3, "maxUnavailable": 2}
    deploy(bench, replicas=10, strategy={"type": "RollingUpdate", "rollingUpdate": pace})
    image(bench, DEPLOYMENTS, "web", "web:bad")
    assert scales(bench) == [8, 5]
    bench.change(DEPLOYMENTS, "web", replicas=15)
    assert scales(bench) == [11, 7]  # the example of Kubernetes' own documentation


def test_returning_to_an_earlier_template_takes_its_replica_set_and_counts_on(bench: Bench) -> None:
    deploy(bench)
    image(bench, DEPLOYMENTS, "web", "web:2")
    finish(bench)
    first = sets(bench)[0]["metadata"]["name"]
    image(bench, DEPLOYMENTS, "web", "web:1")
    finish(bench)
    assert len(sets(bench)) == 2
    latest = sets(bench)[-1]
    assert latest["metadata"]["name"] == first
    assert annotations_of(latest)[revisions.REVISION] == "3"
    assert annotations_of(latest)[revisions.HISTORY] == "1"
    assert annotations_of(bench.get(DEPLOYMENTS, "web"))[revisions.REVISION] == "3"


def test_the_history_keeps_so_many_replica_sets(bench: Bench) -> None:
    deploy(bench, revisionHistoryLimit=1)
    for number in range(2, 5):
        image(bench, DEPLOYMENTS, "web", f"web:{number}")
        finish(bench)
    assert [annotations_of(one)[revisions.REVISION] for one in sets(bench)] == ["3", "4"]


def test_annotations_reach_the_replica_set_and_count_as_a_change(bench: Bench) -> None:
    deploy(bench)
    deployment = bench.get(DEPLOYMENTS, "web")
    notes = {**annotations_of(deployment), "kubernetes.io/change-cause": "because"}
    bench.store.update(DEPLOYMENTS, with_metadata(deployment, annotations=notes))
    bench.settle()
    assert annotations_of(sets(bench)[0])["kubernetes.io/change-cause"] == "because"
    assert bench.get(DEPLOYMENTS, "web")["status"]["observedGeneration"] == 2


def test_an_orphaned_replica_set_is_taken_over_with_its_pods(bench: Bench) -> None:
    deploy(bench)
    names = bench.names(PODS)
    (one,) = sets(bench)
    bench.store.update(REPLICA_SETS, with_metadata(one, ownerReferences=None))
    bench.settle()
    (again,) = sets(bench)
    assert again["metadata"]["ownerReferences"][0]["name"] == "web"
    assert bench.names(PODS) == names


def test_a_replica_set_that_the_selector_does_not_choose_is_let_go(bench: Bench) -> None:
    deploy(bench)
    (one,) = sets(bench)
    others = {**labels_of(one), "app": "other"}
    bench.store.update(REPLICA_SETS, with_metadata(one, labels=others))
    bench.settle()
    released = bench.get(REPLICA_SETS, one["metadata"]["name"])
    assert "ownerReferences" not in released["metadata"]


def test_another_template_under_the_same_name_is_a_collision_that_is_resolved(bench: Bench) -> None:
    deploy(bench)
    (one,) = sets(bench)
    bench.store.delete(DEPLOYMENTS, "test", "web")
    bench.store.update(
        REPLICA_SETS,
        {**with_metadata(one, ownerReferences=None), "spec": {**one["spec"], "template": template("other:1")}},
    )
    bench.settle()
    other = {"matchLabels": {"app": "web"}}
    labels = {**labels_of(one), "app": "else"}
    bench.store.update(REPLICA_SETS, with_metadata(bench.get(REPLICA_SETS, one["metadata"]["name"]), labels=labels))
    bench.create(DEPLOYMENTS, "web", workload(replicas=1, selector=other))
    bench.wait(1)
    deployment = bench.get(DEPLOYMENTS, "web")
    assert deployment["status"]["collisionCount"] == 1
    assert len(sets(bench)) == 2


def test_one_that_is_being_deleted_only_counts(bench: Bench) -> None:
    deploy(bench)
    bench.delete(DEPLOYMENTS, "web", propagation="Foreground")
    bench.store.delete(PODS, "test", bench.pods()[0]["metadata"]["name"], grace=0)
    bench.settle()
    (one,) = sets(bench)
    assert one["spec"]["replicas"] == 3
    assert len(bench.pods()) == 3  # its ReplicaSet is not deleted yet, and goes on
    bench.wait(1000)
    assert "Progressing=False ProgressDeadlineExceeded" not in told(bench.get(DEPLOYMENTS, "web"))


def test_nothing_is_made_in_a_namespace_that_is_going(bench: Bench) -> None:
    bench.store.create(NAMESPACES, {"metadata": {"name": "test"}, "spec": {"finalizers": ["kubernetes"]}, "status": {}})
    bench.store.delete(NAMESPACES, "", "test")
    bench.create(DEPLOYMENTS, "web", workload(replicas=1))
    assert bench.names(REPLICA_SETS) == []
    assert bench.events("web") == []
