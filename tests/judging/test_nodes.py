"""Pods are judged by their nodes while these are watched, and judged again when what is read of a node changes."""

from __future__ import annotations

from tests.judging.hand import Hand
from tests.judging.manifests import node, pod, running, thing

HEARTBEAT = "2026-03-02T12:05:00Z"
SILENT = {"ready": "Unknown"}


def world(*nodes: str) -> Hand:
    """Two ready pods on ``n1`` and one on ``n2``; these nodes are watched."""
    hand = Hand()
    if nodes:
        hand.forest.nodes.replace(hand.read_node(node(name)) for name in nodes)
    hand.judge(running("a", "n1"), running("b", "n1"), running("c", "n2"))
    return hand


def reasons(hand: Hand) -> list[str | None]:
    """Of the three pods."""
    return [hand.reason(f"POD/{name}") for name in "abc"]


def test_without_watching_nodes_nothing_is_said_of_them() -> None:
    assert reasons(world()) == ["Running"] * 3


def test_a_change_of_a_node_has_its_own_pods_judged_and_no_others() -> None:
    hand = world("n1", "n2")
    assert hand.node(node("n1", **SILENT))
    assert set(hand.judge()) == {"POD/a", "POD/b", "SERVICE/a", "SERVICE/b"}
    assert reasons(hand) == ["NodeUnreachable", "NodeUnreachable", "Running"]


def test_a_heartbeat_costs_nothing() -> None:
    hand = world("n1", "n2")
    assert not hand.node(node("n1", heartbeat=HEARTBEAT, resourceVersion="99", labels={"a": "b"}))
    assert hand.judge() == []


def test_a_node_that_recovers_has_its_pods_judged() -> None:
    hand = world("n1", "n2")
    hand.node(node("n1", **SILENT))
    hand.judge()
    hand.node(node("n1"))
    hand.judge()
    assert reasons(hand) == ["Running"] * 3


def test_a_node_that_was_removed_is_gone_until_it_is_there_again() -> None:
    hand = world("n1", "n2")
    assert hand.forest.nodes.remove("n2")
    hand.judge()
    assert reasons(hand) == ["Running", "Running", "NodeGone"]
    hand.node(node("n2"))
    hand.judge()
    assert reasons(hand) == ["Running"] * 3
    assert not hand.forest.nodes.remove("never")


def test_a_node_that_does_not_exist_is_gone() -> None:
    assert reasons(world("n1")) == ["Running", "Running", "NodeGone"]


def test_while_the_watch_is_away_an_unknown_node_may_be_a_new_one() -> None:
    hand = world("n1", "n2")
    hand.forest.nodes.interrupt()
    hand.judge(running("new", "n3"))
    assert hand.reason("POD/new") == "Running"
    assert hand.forest.nodes.resume()
    assert hand.judge() == ["POD/new", "SERVICE/new"]
    assert hand.reason("POD/new") == "NodeGone"


def test_while_the_watch_is_away_the_last_that_was_known_of_a_node_counts() -> None:
    hand = world("n1", "n2")
    hand.node(node("n1", **SILENT))
    hand.judge()
    hand.forest.nodes.interrupt()
    assert hand.judge(running("a", "n1")) == ["POD/a", "SERVICE/a"]
    assert reasons(hand) == ["NodeUnreachable", "NodeUnreachable", "Running"]


def test_when_nodes_may_not_be_watched_any_more_pods_speak_for_themselves_until_they_may() -> None:
    hand = world("n1", "n2")
    hand.node(node("n1", **SILENT))
    hand.judge()
    assert hand.forest.nodes.forbid()
    hand.judge()
    assert reasons(hand) == ["Running"] * 3
    assert not hand.forest.nodes.forbid()
    assert hand.forest.nodes.resume()
    hand.judge()
    assert reasons(hand) == ["NodeUnreachable", "NodeUnreachable", "Running"]


def test_a_list_that_tells_the_same_has_nothing_judged() -> None:
    hand = world("n1", "n2")
    same = [hand.read_node(node(name, heartbeat=HEARTBEAT)) for name in ("n1", "n2")]
    assert not hand.forest.nodes.replace(same)
    assert hand.forest.nodes.replace(same[:1])
    assert hand.judge() == ["POD/c", "SERVICE/c"]


def test_a_pod_counts_for_its_node_once_it_is_bound_and_until_it_is_gone() -> None:
    hand = world("n1", "n2")
    hand.judge(pod("d"))
    hand.judge(running("d", "n2"))
    hand.remove(running("c", "n2"))
    hand.judge()
    hand.node(node("n2", **SILENT))
    assert hand.judge() == ["POD/d", "SERVICE/d"]


def test_a_pod_that_was_created_again_on_another_node_left_the_first() -> None:
    hand = world("n1", "n2")
    hand.judge(running("c", "n1", uid="another"))
    assert not hand.node(node("n2", **SILENT))
    assert hand.judge() == []


def test_a_change_of_a_node_goes_up_to_the_service() -> None:
    hand = world("n1", "n2")
    told = {"observedGeneration": 1, "replicas": 1, "readyReplicas": 1, "updatedReplicas": 1}
    owner = thing("StatefulSet", "db", status=told)
    hand.judge(owner, running("db-0", "n1", owner=owner))
    assert hand.reason("SERVICE/db") == "Available"
    hand.node(node("n1", **SILENT))
    hand.judge()
    assert hand.reason("STATEFUL_SET/db") == hand.reason("SERVICE/db") == "NodeUnreachable"
