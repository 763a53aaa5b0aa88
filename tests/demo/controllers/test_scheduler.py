"""Pods get a node that fits, or are told why there is none in the scheduler's own words."""

from __future__ import annotations

from typing import Any

import pytest

from graph.demo.controllers.placed import Placed
from graph.demo.controllers.scheduler import Scheduler
from graph.demo.objects import Object
from graph.demo.resources import NODES, PODS
from tests.demo.controllers.bench import Bench


@pytest.fixture
def bench() -> Bench:
    bench = Bench(lambda store: [Scheduler(store, Placed(store))])
    for number in (1, 2, 3):
        bench.add_node(f"node-{number}", labels={"disk": "ssd"} if number == 2 else {})
    return bench


def spec(cpu: str = "100m", **more: Any) -> Object:
    requests = {"requests": {"cpu": cpu, "memory": "64Mi"}}
    return {"containers": [{"name": "app", "image": "app:1", "resources": requests}], **more}


def scheduled(pod: Object) -> Object:
    condition: Object
    (condition,) = (one for one in pod["status"]["conditions"] if one["type"] == "PodScheduled")
    return condition


def test_a_pod_is_bound_in_one_write_that_counts_no_generation(bench: Bench) -> None:
    bench.create(PODS, "one", spec())
    pod = bench.get(PODS, "one")
    assert pod["spec"]["nodeName"] == "node-1"
    assert pod["metadata"]["generation"] == 1
    assert scheduled(pod)["status"] == "True"
    assert bench.events("one") == [("Scheduled", "Successfully assigned test/one to node-1")]
    assert [obj["spec"].get("nodeName") for of, obj in bench.versions if of is PODS] == [None, "node-1"]


def test_pods_are_spread_over_the_nodes(bench: Bench) -> None:
    for number in range(6):
        bench.create(PODS, f"pod-{number}", spec())
    assert sorted(pod["spec"]["nodeName"] for pod in bench.pods()) == [f"node-{one}" for one in (1, 1, 2, 2, 3, 3)]


def test_a_selector_and_an_affinity_choose(bench: Bench) -> None:
    bench.create(PODS, "selected", spec(nodeSelector={"disk": "ssd"}))
    fields = {"key": "metadata.name", "operator": "In", "values": ["node-3"]}
    terms = {"nodeSelectorTerms": [{"matchFields": [fields]}]}
    required = {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": terms}}
    bench.create(PODS, "pinned", spec(affinity=required))
    assert [bench.get(PODS, name)["spec"]["nodeName"] for name in ("selected", "pinned")] == ["node-2", "node-3"]


def test_what_fits_nowhere_is_told_why_and_placed_when_it_can_be(bench: Bench) -> None:
    bench.create(PODS, "golden", spec(nodeSelector={"disk": "golden"}))
    message = (
        "0/3 nodes are available: 3 node(s) didn't match Pod's node affinity/selector. "
        "no new claims to deallocate, preemption: 0/3 nodes are available: 3 Preemption is not helpful for scheduling."
    )
    condition = scheduled(bench.get(PODS, "golden"))
    assert (condition["status"], condition["reason"], condition["message"]) == ("False", "Unschedulable", message)
    assert bench.events("golden") == [("FailedScheduling", message)]
    node = bench.get(NODES, "node-2")
    labels = {**node["metadata"]["labels"], "disk": "golden"}
    bench.store.update(NODES, {**node, "metadata": {**node["metadata"], "labels": labels}})
    bench.wait(1)
    assert bench.get(PODS, "golden")["spec"]["nodeName"] == "node-2"


def test_reasons_are_counted_over_the_nodes(bench: Bench) -> None:
    bench.change(NODES, "node-1", unschedulable=True)
    bench.change(NODES, "node-2", taints=[{"key": "gpu", "value": "yes", "effect": "NoSchedule"}])
    bench.create(PODS, "big", spec(cpu="3"))
    bench.create(PODS, "bigger", spec(cpu="3"))
    bench.create(PODS, "huge", spec(cpu="9"))
    tolerant = {"key": "gpu", "operator": "Equal", "value": "yes", "effect": "NoSchedule"}
    bench.create(PODS, "tolerant", spec(cpu="3", tolerations=[tolerant]))
    assert bench.get(PODS, "big")["spec"]["nodeName"] == "node-3"
    assert bench.get(PODS, "tolerant")["spec"]["nodeName"] == "node-2"
    refused = (
        "0/3 nodes are available: 1 Insufficient cpu, 1 node(s) had untolerated taint(s), "
        "1 node(s) were unschedulable. no new claims to deallocate, preemption: 0/3 nodes are available: "
    )
    others = "Preemption is not helpful for scheduling."
    words = {name: scheduled(bench.get(PODS, name))["message"] for name in ("bigger", "huge")}
    assert words == {
        "bigger": f"{refused}1 No preemption victims found for incoming pod, 2 {others}",
        "huge": f"{refused}3 {others}",
    }
    bench.end(bench.get(PODS, "big"))
    bench.wait(1)
    assert bench.get(PODS, "bigger")["spec"]["nodeName"] == "node-3", "one that ended takes no room"


def test_without_nodes_it_says_so() -> None:
    bench = Bench(lambda store: [Scheduler(store, Placed(store))])
    bench.create(PODS, "one", spec())
    assert scheduled(bench.get(PODS, "one"))["message"] == "no nodes available to schedule pods"
    bench.add_node("node-1")
    bench.wait(1)
    assert bench.get(PODS, "one")["spec"]["nodeName"] == "node-1"
