"""Which service an object belongs to, and what becomes of it when owners come, go and change their labels."""

from __future__ import annotations

import pytest

from tests.judging.hand import Hand
from tests.judging.manifests import (
    Manifest,
    cronjob,
    deployment,
    event,
    job,
    pod,
    replicaset,
    thing,
)


def family(name: str, **labels: str) -> tuple[Manifest, Manifest, Manifest]:
    """A Deployment, its ReplicaSet and a pod."""
    top = deployment(name, labels=labels)
    middle = replicaset(f"{name}-1", owner=top)
    return top, middle, pod(f"{name}-1-a", owner=middle)


@pytest.mark.parametrize(
    ("labels", "service"),
    [
        ({}, "web"),
        ({"app": "shop"}, "shop"),
        ({"app": "shop", "statusgraph.io/service": "till"}, "till"),
    ],
)
def test_the_topmost_owner_names_the_service(labels: dict[str, str], service: str) -> None:
    hand = Hand()
    hand.judge(*family("web", **labels))
    assert {hand.service(name) for name in hand.seen} == {service}
    assert f"SERVICE/{service}" in hand.seen


def test_labels_of_what_is_owned_do_not_count() -> None:
    hand = Hand()
    top = deployment("web")
    hand.judge(top, replicaset("web-1", owner=top, labels={"statusgraph.io/service": "other"}))
    assert hand.service("REPLICA_SET/web-1") == "web"
    assert "SERVICE/other" not in hand.seen


def test_the_owner_is_the_nearest_one() -> None:
    hand = Hand()
    hand.judge(*family("web"))
    assert (hand.owner("POD/web-1-a"), hand.owner("REPLICA_SET/web-1"), hand.owner("DEPLOYMENT/web")) == (
        "web-1",
        "web",
        None,
    )


def test_owners_in_a_circle_are_no_circle_here() -> None:
    hand = Hand()
    top, middle, bottom = family("web", app="shop")
    circle = deployment("web", labels={"app": "shop"}, owner=bottom)
    hand.judge(circle, top, middle, bottom)
    hand.judge(circle)
    hand.judge(bottom, middle)
    assert {hand.service(name) for name in hand.seen} == {"shop"}
    assert (hand.owner("POD/web-1-a"), hand.owner("DEPLOYMENT/web")) == ("web-1", None)


def test_a_controller_that_is_not_watched_names_the_service() -> None:
    hand = Hand()
    hand.judge(pod("queue-0", owner=thing("Rollout", "queue")))
    assert hand.service("POD/queue-0") == "queue"


def test_a_static_pod_is_not_its_nodes() -> None:
    hand = Hand()
    hand.judge(pod("proxy-node-1", owner=thing("Node", "node-1"), labels={"app": "proxy"}))
    assert hand.service("POD/proxy-node-1") == "proxy"


def test_a_build_says_itself_what_it_builds() -> None:
    hand = Hand()
    hand.judge(job("build-7", labels={"statusgraph.io/build-of": "web"}), deployment("web"))
    assert hand.service("BUILD/build-7") == "web"


def test_relabelling_the_topmost_owner_moves_all_below_it() -> None:
    hand = Hand()
    top, middle, below = family("web", app="old")
    told = event("e1", below)
    hand.judge(top, middle, below, told)
    assert hand.service("EVENT/e1") == "old"
    hand.judge(deployment("web", labels={"app": "new"}))
    assert {hand.service(name) for name in hand.seen} == {"new"}
    assert "SERVICE/old" in hand.left


def test_a_service_stays_while_something_of_it_is_there() -> None:
    hand = Hand()
    hand.judge(deployment("web", labels={"app": "shop"}), cronjob("nightly", labels={"app": "shop"}))
    hand.remove(deployment("web"))
    hand.judge()
    assert "SERVICE/shop" in hand.seen
    hand.remove(cronjob("nightly"))
    hand.judge()
    assert hand.seen == {}
    assert hand.left[-1] == "SERVICE/shop"


def test_a_service_has_the_labels_that_its_topmost_objects_share() -> None:
    hand = Hand()
    hand.judge(
        deployment("web", labels={"app": "shop", "team": "a", "tier": "front"}),
        deployment("till", labels={"app": "shop", "team": "a", "tier": "back"}),
    )
    assert hand.seen["SERVICE/shop"].view.metadata.labels == {"app": "shop", "team": "a"}


def test_an_orphan_waits_for_its_owner() -> None:
    hand = Hand()
    top, middle, below = family("web", app="shop")
    assert hand.judge(below) == []
    hand.later(1)
    assert hand.judge(middle) == []
    hand.later(0.5)
    hand.judge(top)
    assert hand.service("POD/web-1-a") == "shop"
    assert hand.owner("POD/web-1-a") == "web-1"


def test_an_orphan_whose_owner_never_comes_is_shown_under_its_owners_name() -> None:
    hand = Hand()
    _, middle, below = family("web")
    hand.judge(below)
    due = hand.forest.next_due
    assert due is not None
    hand.now = due
    assert hand.judge() == ["POD/web-1-a", "SERVICE/web-1"]
    assert hand.owner("POD/web-1-a") is None
    hand.judge(middle)
    assert hand.owner("POD/web-1-a") is None, "its owner itself waits for the Deployment"
    hand.later(2)
    hand.judge()
    assert (hand.owner("POD/web-1-a"), hand.service("POD/web-1-a")) == ("web-1", "web")
    assert "SERVICE/web-1" in hand.left


def test_an_orphan_that_changes_all_the_time_waits_no_longer() -> None:
    hand = Hand()
    _, _, below = family("web")
    for _ in range(4):
        hand.later(0.75)
        hand.judge(below)
    assert hand.service("POD/web-1-a") == "web-1"


def test_an_orphan_that_left_is_not_brought_back_by_its_owner() -> None:
    hand = Hand()
    top, middle, below = family("web")
    hand.judge(below)
    hand.remove(below)
    hand.judge()
    hand.judge(top, middle)
    assert "POD/web-1-a" not in hand.seen


def test_what_a_waiting_owner_leaves_behind_is_shown() -> None:
    hand = Hand()
    _, middle, below = family("web")
    hand.judge(middle, below)
    hand.remove(middle)
    hand.later(10)
    hand.judge()
    assert hand.service("POD/web-1-a") == "web-1"


def test_a_known_objects_service_survives_the_loss_of_its_owner_while_nobody_watched() -> None:
    hand = Hand()
    top, middle, below = family("web", app="shop")
    hand.publish(top, middle, below)
    again = Hand(resources=hand.ledger.resources)
    again.judge(below)
    assert again.service("POD/web-1-a") == "shop"


def test_a_new_leader_links_what_it_sees_before_its_owner() -> None:
    hand = Hand()
    top, middle, below = family("web", app="shop")
    hand.publish(top, middle, below)
    again = Hand(resources=hand.ledger.resources)
    assert again.publish(below, middle, top) == []
    assert again.owner("POD/web-1-a") == "web-1"
    assert again.owner("REPLICA_SET/web-1") == "web"


def test_what_a_deleted_owner_leaves_keeps_its_service() -> None:
    hand = Hand()
    top, middle, below = family("web", app="shop")
    hand.judge(top, middle, below)
    hand.remove(top)
    hand.judge()
    assert hand.service("REPLICA_SET/web-1") == "shop"
    hand.remove(middle)
    hand.judge()
    hand.judge(below)
    assert (hand.service("POD/web-1-a"), hand.owner("POD/web-1-a")) == ("shop", None)


def test_an_event_outlives_what_it_is_about_in_its_service() -> None:
    hand = Hand()
    top, middle, below = family("web", app="shop")
    told = event("e1", below)
    hand.judge(top, middle, below, told)
    hand.remove(below)
    hand.judge()
    hand.judge(told)
    assert hand.service("EVENT/e1") == "shop"
    assert hand.owner("EVENT/e1") == "web-1-a"


def test_an_event_that_comes_before_its_object_finds_it() -> None:
    hand = Hand()
    top, middle, below = family("web")
    hand.judge(event("e1", below))
    assert hand.service("EVENT/e1") is None
    hand.judge(top, middle, below)
    assert (hand.service("EVENT/e1"), hand.owner("EVENT/e1")) == ("web", "web-1-a")
