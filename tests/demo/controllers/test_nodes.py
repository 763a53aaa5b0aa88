"""A silent node, and what becomes of its pods."""

from __future__ import annotations

from typing import Any

import pytest

from graph.demo.controllers.eviction import PodGarbage, TaintEviction
from graph.demo.controllers.nodes import NodeController
from graph.demo.controllers.placed import Placed
from graph.demo.objects import Object, written, written_micro
from graph.demo.resources import LEASES, NODES, PODS
from tests.demo.controllers.bench import Bench, node_status

GRACE = 10.0


@pytest.fixture
def bench() -> Bench:
    def controllers(store: Any) -> list[Any]:
        placed = Placed(store)
        node = NodeController(store, placed, grace=GRACE)
        return [node, TaintEviction(store, placed), PodGarbage(store, placed)]

    bench = Bench(controllers)
    for name in ("node-1", "node-2"):
        bench.add_node(name)
        lease = {"metadata": {"name": name, "namespace": "kube-node-lease"}, "spec": {}}
        bench.store.create(LEASES, lease)
    return bench


def beat(bench: Bench, *nodes: str) -> None:
    for node in nodes:
        lease = bench.store.get(LEASES, "kube-node-lease", node)
        bench.store.update(LEASES, {**lease, "spec": {"renewTime": written_micro(bench.now)}})
    bench.settle()


def live(bench: Bench, seconds: int, *nodes: str) -> None:
    for _ in range(seconds):
        bench.wait(1)
        beat(bench, *nodes)


def ready(obj: Object) -> Object:
    condition: Object
    (condition,) = (one for one in obj["status"]["conditions"] if one["type"] == "Ready")
    return condition


def taints(bench: Bench, node: str) -> list[tuple[str, str]]:
    found = bench.get(NODES, node)["spec"].get("taints", [])
    return [(one["key"].removeprefix("node.kubernetes.io/"), one["effect"]) for one in found]


def spec(**more: Any) -> Object:
    return {"nodeName": "node-1", "containers": [{"name": "app", "image": "app:1"}], **more}


def test_a_silent_node_becomes_unknown_and_its_pods_unready(bench: Bench) -> None:
    bench.run(bench.create(PODS, "one", spec()))
    live(bench, 60, "node-1", "node-2")
    assert ready(bench.get(NODES, "node-1"))["status"] == "True", "a Lease is enough"
    live(bench, 11, "node-2")
    said = ready(bench.get(NODES, "node-1"))
    assert (said["status"], said["reason"]) == ("Unknown", "NodeStatusUnknown")
    assert said["message"] == "Kubelet stopped posting node status."
    assert taints(bench, "node-1") == [("unreachable", "NoSchedule"), ("unreachable", "NoExecute")]
    assert taints(bench, "node-2") == []
    pod = bench.get(PODS, "one")
    assert (ready(pod)["status"], "reason" in ready(pod)) == ("False", False)
    assert pod["status"]["phase"] == "Running"
    assert bench.events("one") == [("NodeNotReady", "Node is not ready")]
    assert bench.events("node-1") == [
        ("RegisteredNode", "Node node-1 event: Registered Node node-1 in Controller"),
        ("NodeNotReady", "Node node-1 status is now: NodeNotReady"),
    ]


def test_a_node_that_speaks_again_is_clean(bench: Bench) -> None:
    live(bench, 12, "node-2")
    assert len(taints(bench, "node-1")) == 2
    node = bench.get(NODES, "node-1")
    bench.store.update(NODES, {**node, "status": node_status(bench.now)}, status=True)
    beat(bench, "node-1")
    assert taints(bench, "node-1") == []
    live(bench, 9, "node-2")
    assert ready(bench.get(NODES, "node-1"))["status"] == "True"


def test_a_node_that_says_itself_that_it_is_not_ready(bench: Bench) -> None:
    bench.run(bench.create(PODS, "one", spec()))
    node = bench.get(NODES, "node-1")
    bench.store.update(NODES, {**node, "status": node_status(bench.now, "False")}, status=True)
    live(bench, 15, "node-1")
    assert taints(bench, "node-1") == [("not-ready", "NoSchedule"), ("not-ready", "NoExecute")]
    assert ready(bench.get(PODS, "one"))["status"] == "True", "its pods may be well"
    bench.change(NODES, "node-2", unschedulable=True)
    assert ("unschedulable", "NoSchedule") in taints(bench, "node-2")


def test_pods_bear_with_a_silent_node_as_long_as_they_tolerate_it(bench: Bench) -> None:
    brief = {"key": "node.kubernetes.io/unreachable", "operator": "Exists", "effect": "NoExecute"}
    for name, seconds in (("brief", {"tolerationSeconds": 20}), ("patient", {})):
        bench.run(bench.create(PODS, name, spec(tolerations=[{**brief, **seconds}])))
    live(bench, 11, "node-2")
    assert "deletionTimestamp" not in bench.get(PODS, "brief")["metadata"]
    live(bench, 20, "node-2")
    pod = bench.get(PODS, "brief")
    assert "deletionTimestamp" in pod["metadata"]
    (target,) = (one for one in pod["status"]["conditions"] if one["type"] == "DisruptionTarget")
    assert (target["reason"], target["message"]) == (
        "DeletionByTaintManager",
        "Taint manager: deleting due to NoExecute taint",
    )
    assert bench.events("brief")[-1] == ("TaintManagerEviction", "Marking for deletion Pod test/brief")
    live(bench, 400, "node-2")
    assert "deletionTimestamp" not in bench.get(PODS, "patient")["metadata"]


def test_a_pod_is_spared_when_the_node_comes_back_in_time(bench: Bench) -> None:
    bench.run(bench.create(PODS, "one", spec()))
    live(bench, 100, "node-2")
    node = bench.get(NODES, "node-1")
    bench.store.update(NODES, {**node, "status": node_status(bench.now)}, status=True)
    beat(bench, "node-1")
    assert bench.events("one")[-1] == ("TaintManagerEviction", "Cancelling deletion of Pod test/one")
    live(bench, 300, "node-1", "node-2")
    assert "deletionTimestamp" not in bench.get(PODS, "one")["metadata"]


def test_pods_of_a_vanished_node_are_removed_by_force(bench: Bench) -> None:
    bench.run(bench.create(PODS, "one", spec()))
    bench.delete(NODES, "node-1")
    bench.wait(39)
    assert bench.names(PODS) == ["one"]
    bench.wait(2)
    assert bench.names(PODS) == []
    last = bench.statuses(PODS, "one")[-1]
    assert last["phase"] == "Failed"
    assert last["conditions"][-1]["reason"] == "DeletionByPodGC"
    assert bench.events("node-1")[-1] == ("RemovingNode", "Node node-1 event: Removing Node node-1 from Controller")


def test_a_node_that_never_says_anything(bench: Bench) -> None:
    bench.store.create(NODES, {"metadata": {"name": "mute"}, "spec": {}})
    bench.settle()
    live(bench, 61, "node-1", "node-2")
    said = ready(bench.get(NODES, "mute"))
    assert (said["status"], said["reason"]) == ("Unknown", "NodeStatusNeverUpdated")
    assert said["lastTransitionTime"] <= written(bench.now)
