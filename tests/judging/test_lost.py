"""Builds that went before their end was seen (row B08): a record says so, until the next build."""

from __future__ import annotations

from typing import Any

from graph.kinds.build import BuildFields
from graph.model.ref import Key
from graph.model.resource import Resource, ResourceChange
from tests.judging.hand import Hand
from tests.judging.manifests import Manifest, deployment, job
from tests.judging.test_ledger import said, transition

LATER = "2026-03-02T12:10:00Z"
LOST = Key("test", "BUILD", "shop", "web-build-7")


def build(name: str, *, born: str | None = None, **status: Any) -> Manifest:
    """A build of the service web."""
    one = job(name, labels={"statusgraph.io/build-of": "web"}, spec={"backoffLimit": 0}, status=status)
    one["metadata"]["annotations"] = {"statusgraph.io/build-number": name.rpartition("-")[2]}
    if born:
        one["metadata"]["creationTimestamp"] = born
    return one


SEVEN = build("web-build-7", startTime="2026-03-02T12:00:05Z")
EIGHT = build("web-build-8", born=LATER)
WEB = deployment("web", labels={"app": "web"})


def begun() -> Hand:
    """A service of which a build runs."""
    hand = Hand()
    hand.publish(WEB, SEVEN)
    hand.later(60)
    return hand


def settled(hand: Hand) -> list[ResourceChange]:
    """What is published within ten seconds."""
    changes = hand.publish()
    hand.later(10)
    return [*changes, *hand.publish()]


def told(hand: Hand) -> Resource:
    """What is published of the build."""
    return hand.ledger.resources[LOST]


def test_a_build_that_a_list_no_longer_holds_is_unknown_and_keeps_what_was_known_of_it() -> None:
    hand = begun()
    hand.remove(SEVEN, inferred=True)
    change = transition(settled(hand), "BUILD")
    assert change.after is not None
    assert (change.after.state, change.after.reason) == ("UNKNOWN", "OutcomeUnknown")
    assert change.after.because
    assert isinstance(told(hand).fields, BuildFields)
    assert told(hand).fields.number == 7
    assert told(hand).deleted_at == "2026-03-02T12:01:00.000Z"
    assert told(hand).service == Key("test", "SERVICE", "shop", "web")


def test_a_build_whose_deletion_was_seen_is_gone() -> None:
    hand = begun()
    hand.remove(SEVEN)
    hand.publish()
    assert LOST not in hand.ledger.resources


def test_a_build_that_had_ended_is_gone() -> None:
    hand = begun()
    done = [{"type": "Complete", "status": "True", "lastTransitionTime": LATER}]
    hand.publish(build("web-build-7", startTime="2026-03-02T12:00:05Z", conditions=done))
    hand.remove(SEVEN, inferred=True)
    settled(hand)
    assert LOST not in hand.ledger.resources


def test_the_next_build_takes_its_place() -> None:
    hand = begun()
    hand.remove(SEVEN, inferred=True)
    settled(hand)
    assert "D BUILD/web-build-7 UNKNOWN→-" in said(hand.publish(EIGHT))


def test_it_is_found_out_by_the_next_operator_and_stays_over_those_that_follow() -> None:
    second = begun().restart()
    second.later(60)
    change = transition([*second.first_pass(WEB), *settled(second)], "BUILD")
    assert change.inferred
    assert told(second).status is not None
    third = second.restart()
    third.later(600)
    assert [one for one in third.first_pass(WEB) if one.key == LOST] == []
    assert told(third) == told(second)


def test_the_next_operator_drops_it_for_a_younger_build() -> None:
    second = begun().restart()
    assert "D BUILD/web-build-7 PROGRESSING→-" in said(second.first_pass(WEB, EIGHT))


def test_it_goes_with_its_service() -> None:
    hand = begun()
    hand.remove(SEVEN, inferred=True)
    settled(hand)
    hand.remove(WEB)
    hand.publish()
    assert hand.ledger.resources == {}


def test_one_of_its_name_is_a_new_build() -> None:
    hand = begun()
    hand.remove(SEVEN, inferred=True)
    settled(hand)
    hand.publish(build("web-build-7", startTime="2026-03-02T12:00:05Z"))
    assert told(hand).deleted_at is None
