"""DaemonSets bring a pod to each node that is meant, and tell it as Kubernetes' own controller does."""

from __future__ import annotations

from typing import Any

import pytest

from graph.demo.controllers.daemonset.nodes import node_of
from graph.demo.objects import Object, annotations_of, deleting, labels_of, with_metadata
from graph.demo.resources import CONTROLLER_REVISIONS, DAEMON_SETS, NODES, PODS, QUOTAS
from tests.demo.controllers.bench import Bench
from tests.demo.controllers.workloads import LABELS, controllers, counters, image, template, workload

NO_SCHEDULE = [{"key": "dedicated", "value": "db", "effect": "NoSchedule"}]
NO_EXECUTE = [{"key": "dedicated", "value": "db", "effect": "NoExecute"}]


@pytest.fixture
def bench() -> Bench:
    bench = Bench(controllers)
    for number in (1, 2, 3):
        bench.add_node(f"node-{number}")
    return bench


def create(bench: Bench, **spec: Any) -> None:
    bench.create(DAEMON_SETS, "agent", workload(**spec))


def run(bench: Bench, pod: Object, *, ready: bool = True) -> None:
    bench.run(bench.get(PODS, pod["metadata"]["name"]), node=node_of(pod) or "", ready=ready)


def finish(bench: Bench) -> None:
    for _ in range(40):
        for pod in bench.pods():
            if deleting(pod):
                bench.remove(pod)
            elif pod["status"]["phase"] == "Pending":
                run(bench, pod)


def status(bench: Bench) -> Object:
    return counters(bench.get(DAEMON_SETS, "agent"))


def nodes(bench: Bench) -> list[str]:
    return sorted(node_of(pod) or "" for pod in bench.pods() if not deleting(pod))


def images(bench: Bench) -> list[str]:
    return [pod["spec"]["containers"][0]["image"] for pod in bench.pods() if not deleting(pod)]


def taint(bench: Bench, name: str, taints: list[Object]) -> None:
    node = bench.get(NODES, name)
    bench.store.update(NODES, {**node, "spec": {**node["spec"], "taints": taints}})
    bench.settle()


def test_each_node_gets_a_pod_that_only_fits_there(bench: Bench) -> None:
    create(bench)
    assert nodes(bench) == ["node-1", "node-2", "node-3"]
    pod = bench.pods()[0]
    assert pod["spec"]["affinity"]["nodeAffinity"] == {
        "requiredDuringSchedulingIgnoredDuringExecution": {
            "nodeSelectorTerms": [
                {"matchFields": [{"key": "metadata.name", "operator": "In", "values": [node_of(pod)]}]}
            ]
        }
    }
    borne = {(one["key"].split("/")[1], one["effect"]) for one in pod["spec"]["tolerations"]}
    assert borne == {
        ("not-ready", "NoExecute"),
        ("unreachable", "NoExecute"),
        ("disk-pressure", "NoSchedule"),
        ("memory-pressure", "NoSchedule"),
        ("pid-pressure", "NoSchedule"),
        ("unschedulable", "NoSchedule"),
    }
    assert [reason for reason, _ in bench.events("agent")] == ["SuccessfulCreate"] * 3


def test_pods_and_revision_carry_hash_and_generation(bench: Bench) -> None:
    create(bench)
    (revision,) = bench.store.list(CONTROLLER_REVISIONS, "test")
    hash_ = revision["metadata"]["name"].removeprefix("agent-")
    assert labels_of(bench.pods()[0]) == {**LABELS, "controller-revision-hash": hash_, "pod-template-generation": "1"}
    assert labels_of(revision) == {**LABELS, "controller-revision-hash": hash_}
    daemon_set = bench.get(DAEMON_SETS, "agent")
    assert annotations_of(daemon_set) == {"deprecated.daemonset.template.generation": "1"}


def test_its_status_counts_nodes(bench: Bench) -> None:
    create(bench)
    first = {"currentNumberScheduled": 0, "numberMisscheduled": 0, "desiredNumberScheduled": 3, "numberReady": 0}
    assert counters(bench.statuses(DAEMON_SETS, "agent")[1]) == {**first, "numberUnavailable": 3}
    finish(bench)
    assert status(bench) == {
        "currentNumberScheduled": 3,
        "numberMisscheduled": 0,
        "desiredNumberScheduled": 3,
        "numberReady": 3,
        "updatedNumberScheduled": 3,
        "numberAvailable": 3,
    }


def test_a_new_node_gets_a_pod_and_a_pod_that_went_comes_again(bench: Bench) -> None:
    create(bench)
    finish(bench)
    bench.add_node("node-4")
    assert nodes(bench)[-1] == "node-4"
    bench.store.delete(PODS, "test", bench.pods()[0]["metadata"]["name"], grace=0)
    bench.settle()
    assert len(nodes(bench)) == 4


def test_only_nodes_that_the_selector_chooses_are_meant(bench: Bench) -> None:
    bench.add_node("node-4", labels={"disk": "ssd"})
    bench.create(
        DAEMON_SETS, "agent", {"selector": {"matchLabels": LABELS}, "template": template(nodeSelector={"disk": "ssd"})}
    )
    assert nodes(bench) == ["node-4"]
    finish(bench)
    node = bench.get(NODES, "node-4")
    bench.store.update(NODES, with_metadata(node, labels={}))
    bench.settle()
    assert nodes(bench) == []


def test_a_taint_keeps_new_pods_away_and_leaves_one_that_runs_as_misscheduled(bench: Bench) -> None:
    create(bench)
    finish(bench)
    taint(bench, "node-2", NO_SCHEDULE)
    assert status(bench)["numberMisscheduled"] == 1
    assert status(bench)["desiredNumberScheduled"] == 2
    assert len(nodes(bench)) == 3
    taint(bench, "node-2", NO_EXECUTE)
    assert nodes(bench) == ["node-1", "node-3"]


def test_a_toleration_lets_it_run_on_a_tainted_node(bench: Bench) -> None:
    bench.add_node("node-4", taints=NO_SCHEDULE)
    tolerations = [{"key": "dedicated", "operator": "Exists"}]
    bench.create(
        DAEMON_SETS, "agent", {"selector": {"matchLabels": LABELS}, "template": template(tolerations=tolerations)}
    )
    assert nodes(bench)[-1] == "node-4"


def test_a_cordoned_node_is_meant_all_the_same(bench: Bench) -> None:
    taint(bench, "node-1", [{"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"}])
    create(bench)
    assert len(nodes(bench)) == 3


def test_an_update_replaces_one_pod_after_the_other(bench: Bench) -> None:
    create(bench)
    finish(bench)
    image(bench, DAEMON_SETS, "agent", "web:2")
    (first,) = (pod for pod in bench.pods() if deleting(pod))
    bench.remove(first)
    (new,) = (pod for pod in bench.pods() if pod["status"]["phase"] == "Pending")
    assert node_of(new) == node_of(first)
    run(bench, new, ready=False)
    assert not any(map(deleting, bench.pods()))
    assert status(bench)["updatedNumberScheduled"] == 1
    assert status(bench)["numberUnavailable"] == 1
    finish(bench)
    assert status(bench)["updatedNumberScheduled"] == 1  # a pod that does not become ready holds the update up


def test_an_update_ends_when_each_new_pod_is_ready(bench: Bench) -> None:
    create(bench)
    finish(bench)
    image(bench, DAEMON_SETS, "agent", "web:2")
    finish(bench)
    assert images(bench) == ["web:2"] * 3
    assert status(bench)["updatedNumberScheduled"] == 3
    daemon_set = bench.get(DAEMON_SETS, "agent")
    assert annotations_of(daemon_set)["deprecated.daemonset.template.generation"] == "2"
    assert sorted(one["revision"] for one in bench.store.list(CONTROLLER_REVISIONS, "test")) == [1, 2]


def test_a_share_of_the_nodes_may_be_lacking(bench: Bench) -> None:
    create(bench, updateStrategy={"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": "50%"}})
    finish(bench)
    image(bench, DAEMON_SETS, "agent", "web:2")
    assert sum(map(deleting, bench.pods())) == 2


def test_with_surge_the_new_pod_is_there_before_the_old_one_goes(bench: Bench) -> None:
    pace = {"maxSurge": 1, "maxUnavailable": 0}
    create(bench, updateStrategy={"type": "RollingUpdate", "rollingUpdate": pace})
    finish(bench)
    image(bench, DAEMON_SETS, "agent", "web:2")
    (new,) = (pod for pod in bench.pods() if pod["status"]["phase"] == "Pending")
    assert len(bench.pods()) == 4
    assert not any(map(deleting, bench.pods()))
    run(bench, new, ready=False)
    assert not any(map(deleting, bench.pods()))
    run(bench, new)
    assert [node_of(pod) for pod in bench.pods() if deleting(pod)] == [node_of(new)]
    finish(bench)
    assert images(bench) == ["web:2"] * 3


def test_on_delete_only_what_is_deleted_is_updated(bench: Bench) -> None:
    create(bench, updateStrategy={"type": "OnDelete"})
    finish(bench)
    image(bench, DAEMON_SETS, "agent", "web:2")
    assert images(bench) == ["web:1"] * 3
    assert status(bench).get("updatedNumberScheduled", 0) == 0
    bench.delete(PODS, bench.pods()[0]["metadata"]["name"])
    finish(bench)
    assert sorted(images(bench)) == ["web:1", "web:1", "web:2"]


def test_a_failed_pod_is_replaced_and_the_next_one_later(bench: Bench) -> None:
    create(bench)
    finish(bench)
    pod = bench.pods()[0]
    bench.end(pod, code=1)
    name = pod["metadata"]["name"]
    message = f"Found failed daemon pod test/{name} on node {node_of(pod)}, will try to kill it"
    assert ("FailedDaemonPod", message) in bench.events("agent")
    for one in bench.pods():
        if deleting(one):
            bench.remove(one)
    (again,) = (one for one in bench.pods() if one["status"]["phase"] == "Pending")
    run(bench, again)
    bench.end(again, code=1)
    assert bench.get(PODS, again["metadata"]["name"])["status"]["phase"] == "Failed"
    bench.wait(2)
    assert again["metadata"]["name"] not in bench.names(PODS) or deleting(bench.get(PODS, again["metadata"]["name"]))


def test_a_pod_that_succeeded_is_replaced(bench: Bench) -> None:
    create(bench)
    finish(bench)
    bench.end(bench.pods()[0])
    assert "SucceededDaemonPod" in [reason for reason, _ in bench.events("agent")]
    finish(bench)
    assert status(bench)["numberReady"] == 3


def test_pods_that_a_quota_refuses_are_told_and_tried_again(bench: Bench) -> None:
    bench.create(QUOTAS, "few", {"hard": {"pods": "1"}})
    create(bench)
    assert [reason for reason, _ in bench.events("agent")][:2] == ["SuccessfulCreate", "FailedCreate"]
    assert status(bench)["numberUnavailable"] == 3
    bench.store.delete(QUOTAS, "test", "few")
    bench.wait(30)
    assert len(nodes(bench)) == 3


def test_a_pod_counts_as_available_once_it_was_ready_for_long_enough(bench: Bench) -> None:
    create(bench, minReadySeconds=10)
    for pod in bench.pods():
        run(bench, pod)
    assert (status(bench)["numberReady"], status(bench)["numberUnavailable"]) == (3, 3)
    bench.wait(11)
    assert status(bench)["numberAvailable"] == 3


def test_returning_to_an_earlier_template_reuses_its_revision(bench: Bench) -> None:
    create(bench)
    finish(bench)
    (first,) = bench.names(CONTROLLER_REVISIONS)
    for tag in ("web:2", "web:1"):
        image(bench, DAEMON_SETS, "agent", tag)
        finish(bench)
    revisions = {one["metadata"]["name"]: one["revision"] for one in bench.store.list(CONTROLLER_REVISIONS, "test")}
    assert revisions.pop(first) == 3
    assert list(revisions.values()) == [2]


def test_the_history_keeps_so_many_revisions(bench: Bench) -> None:
    create(bench, revisionHistoryLimit=1)
    finish(bench)
    for number in range(2, 6):
        image(bench, DAEMON_SETS, "agent", f"web:{number}")
        finish(bench)
    assert sorted(one["revision"] for one in bench.store.list(CONTROLLER_REVISIONS, "test")) == [4, 5]


def test_on_a_node_that_is_gone_a_pod_that_never_got_there_is_removed(bench: Bench) -> None:
    create(bench)
    bench.store.delete(NODES, "", "node-3")
    bench.settle()
    assert nodes(bench) == ["node-1", "node-2"]
