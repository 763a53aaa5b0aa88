"""ReplicaSets keep their number of pods, and choose which go as Kubernetes does."""

from __future__ import annotations

from typing import Any

import pytest

from graph.demo.objects import Object, deleting, labels_of, with_metadata
from graph.demo.resources import EVENTS, PODS, REPLICA_SETS
from tests.demo.controllers.bench import Bench
from tests.demo.controllers.workloads import LABELS, controllers, counters, finish, template, workload


@pytest.fixture
def bench() -> Bench:
    return Bench(controllers)


def create(bench: Bench, **spec: Any) -> None:
    bench.create(REPLICA_SETS, "web", workload(**{"replicas": 3, **spec}))


def going(bench: Bench) -> list[str]:
    return [pod["metadata"]["name"] for pod in bench.pods() if deleting(pod)]


def change(bench: Bench, pod: Object, **metadata: Any) -> None:
    bench.store.update(PODS, with_metadata(pod, **metadata))
    bench.settle()


def test_its_status_counts_what_its_pods_say(bench: Bench) -> None:
    create(bench)
    finish(bench)
    assert [counters(status) for status in bench.statuses(REPLICA_SETS, "web")][-1] == {
        "replicas": 3,
        "fullyLabeledReplicas": 3,
        "readyReplicas": 3,
        "availableReplicas": 3,
    }
    assert bench.get(REPLICA_SETS, "web")["status"]["observedGeneration"] == 1


def test_the_first_status_tells_that_nothing_is_there_yet(bench: Bench) -> None:
    create(bench)
    assert [(one["replicas"], one.get("observedGeneration")) for one in bench.statuses(REPLICA_SETS, "web")] == [
        (0, None),
        (0, 1),
        (3, 1),
    ]


def test_a_pod_that_ends_or_goes_is_replaced_at_once(bench: Bench) -> None:
    create(bench)
    finish(bench)
    ended, deleted, _ = bench.pods()
    bench.end(ended, code=1)
    bench.store.delete(PODS, "test", deleted["metadata"]["name"])
    bench.settle()
    assert len(bench.pods()) == 5
    assert bench.get(REPLICA_SETS, "web")["status"]["replicas"] == 3


def test_each_pod_is_told_as_an_event(bench: Bench) -> None:
    create(bench, replicas=1)
    (pod,) = bench.pods()
    bench.change(REPLICA_SETS, "web", replicas=0)
    name = pod["metadata"]["name"]
    assert bench.events("web") == [
        ("SuccessfulCreate", f"Created pod: {name}"),
        ("SuccessfulDelete", f"Deleted pod: {name}"),
    ]


def test_unscheduled_then_unready_then_cheap_pods_go_first(bench: Bench) -> None:
    create(bench, replicas=5)
    waiting, unready, cheap, *others = bench.pods()
    for pod in (cheap, *others):
        bench.run(pod)
    bench.run(unready, ready=False)
    fresh = bench.get(PODS, cheap["metadata"]["name"])
    change(bench, fresh, annotations={"controller.kubernetes.io/pod-deletion-cost": "-5"})
    for count, expected in ((4, waiting), (3, unready), (2, cheap)):
        before = set(going(bench))
        bench.change(REPLICA_SETS, "web", replicas=count)
        gone = set(going(bench)) - before or {waiting["metadata"]["name"]} - {
            pod["metadata"]["name"] for pod in bench.pods()
        }
        assert gone == {expected["metadata"]["name"]}


def test_pods_that_share_a_node_go_before_one_that_is_alone(bench: Bench) -> None:
    create(bench)
    for pod, node in zip(bench.pods(), ("node-1", "node-2", "node-1"), strict=True):
        bench.run(pod, node=node)
    alone = bench.pods()[1]["metadata"]["name"]
    bench.change(REPLICA_SETS, "web", replicas=1)
    left = [pod["metadata"]["name"] for pod in bench.pods() if not deleting(pod)]
    assert len(going(bench)) == 2
    assert alone in left


def test_the_younger_by_an_order_of_magnitude_goes_first(bench: Bench) -> None:
    create(bench, replicas=1)
    finish(bench)
    bench.wait(1000)
    bench.change(REPLICA_SETS, "web", replicas=2)
    (old, young) = sorted(bench.pods(), key=lambda pod: str(pod["metadata"]["creationTimestamp"]))
    bench.run(young, node="node-1")
    bench.wait(10)
    bench.change(REPLICA_SETS, "web", replicas=1)
    assert going(bench) == [young["metadata"]["name"]] != [old["metadata"]["name"]]


def test_a_pod_whose_labels_do_not_match_is_let_go_and_replaced(bench: Bench) -> None:
    create(bench)
    finish(bench)
    pod = bench.pods()[0]
    change(bench, pod, labels={"app": "debug"})
    assert "ownerReferences" not in bench.get(PODS, pod["metadata"]["name"])["metadata"]
    assert len(bench.pods("web")) == 3
    finish(bench)
    change(bench, bench.get(PODS, pod["metadata"]["name"]), labels=LABELS)
    assert len(bench.pods()) == 4  # it was taken back: one is too many
    assert len([one for one in bench.pods("web") if not deleting(one)]) == 3


def test_an_orphan_that_matches_is_taken_instead_of_a_new_pod(bench: Bench) -> None:
    bench.create(PODS, "lone", template()["spec"], labels=LABELS)
    create(bench, replicas=2)
    assert "lone" in [pod["metadata"]["name"] for pod in bench.pods("web")]
    assert len(bench.pods()) == 2


def test_pods_that_miss_a_label_of_the_template_are_not_fully_labeled(bench: Bench) -> None:
    spec = workload(replicas=1)
    spec["template"]["metadata"] = {"labels": {**LABELS, "tier": "front"}}
    bench.create(PODS, "lone", template()["spec"], labels=LABELS)
    bench.create(REPLICA_SETS, "web", spec)
    assert "fullyLabeledReplicas" not in bench.get(REPLICA_SETS, "web")["status"]
    assert labels_of(bench.pods()[0]) == LABELS


def test_ten_different_messages_of_one_reason_are_combined(bench: Bench) -> None:
    create(bench, replicas=15)
    events = bench.events("web")
    assert len(events) == 10
    assert events[-1][1].startswith("(combined from similar events): Created pod: web-")


def test_more_than_twenty_five_events_at_once_are_dropped(bench: Bench) -> None:
    create(bench, replicas=40)
    assert sum(event["count"] for event in bench.store.list(EVENTS, "test")) == 25
