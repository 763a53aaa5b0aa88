"""Which events are about which object, in which order a judge sees them, and how often each happened."""

from __future__ import annotations

from typing import Any

import msgspec

from graph.config import Rules
from graph.kinds import KINDS
from graph.model.kind import Memory, Related
from graph.model.status import State, Verdict
from tests.judging.hand import Hand
from tests.judging.manifests import BORN, NAMESPACE, Manifest, event, pod, thing

LATER = "2026-03-02T12:05:00Z"
EARLIER = "2026-03-02T11:55:00Z"


class Listener:
    """A forest whose judge of pods notes which events it was shown."""

    def __init__(self) -> None:
        self.heard: dict[str, list[str]] = {}
        self.hand = Hand(tuple(msgspec.structs.replace(one, judge=self._judge) if one.name == "POD" else one
                               for one in KINDS))  # fmt: skip

    def after(self, *objects: Manifest) -> dict[str, list[str]]:
        """What the judge was shown last of each pod."""
        self.hand.judge(*objects)
        return self.heard

    def _judge(self, view: Any, related: Related, memory: Memory, rules: Rules, now: float) -> Verdict:
        self.heard[related.ref.name] = [told.metadata.name for told in related.events]
        return Verdict(State.HEALTHY, "Running", "It runs.", "P60")


def told(name: str, about: Manifest, **more: Any) -> Manifest:
    """An event with other fields than a plain one."""
    return event(name, about) | more


def nameless(name: str, about: str, *, at: str = BORN) -> Manifest:
    """As the taint manager writes it: without the UID of the pod."""
    involved = {"kind": "Pod", "name": about, "namespace": NAMESPACE}
    return thing("Event", name, involvedObject=involved, reason="TaintManagerEviction", lastTimestamp=at)


def test_an_event_belongs_to_the_object_of_its_uid_alone() -> None:
    one, longer = pod("web-1"), pod("web-1-x")
    assert Listener().after(one, longer, event("e", one)) == {"web-1": ["e"], "web-1-x": []}


def test_an_object_created_again_has_no_events_of_the_one_before() -> None:
    listener = Listener()
    listener.after(pod("db-0", uid="old"), event("e", pod("db-0", uid="old")))
    assert listener.after(pod("db-0", uid="new")) == {"db-0": []}


def test_events_stand_in_the_order_of_their_true_time() -> None:
    one = pod("one")
    events = (
        told("a", one, lastTimestamp="2026-03-02T12:03:00Z"),
        told("b", one, lastTimestamp=None, eventTime="2026-03-02T12:02:00.000000Z"),
        told("c", one, lastTimestamp=None, series={"count": 4, "lastObservedTime": "2026-03-02T12:04:00.000000Z"}),
        told("d", one, lastTimestamp=None, firstTimestamp="2026-03-02T12:01:00Z"),
        told("e", one, lastTimestamp=None),
    )
    assert Listener().after(one, *events) == {"one": ["e", "d", "b", "a", "c"]}


def test_a_repeated_event_is_one_event_that_counts() -> None:
    hand, one = Hand(), pod("one")
    hand.judge(one, told("e", one, count=1))
    hand.judge(told("e", one, count=7, lastTimestamp=LATER))
    hand.judge(told("s", one, lastTimestamp=None, series={"count": 9, "lastObservedTime": LATER}))
    assert [(name, one.fields.count, one.fields.last_at) for name, one in hand.seen.items() if "EVENT" in name] == [
        ("EVENT/e", 7, "2026-03-02T12:05:00.000Z"),
        ("EVENT/s", 9, "2026-03-02T12:05:00.000Z"),
    ]


def test_an_event_without_a_uid_finds_its_object_whichever_comes_first() -> None:
    assert Listener().after(pod("one"), nameless("e", "one")) == {"one": ["e"]}
    listener = Listener()
    listener.after(nameless("e", "one"))
    assert listener.after(pod("one"), pod("one-more")) == {"one": ["e"], "one-more": []}
    assert listener.hand.owner("EVENT/e") == "one"


def test_an_event_without_a_uid_is_not_about_an_object_that_is_younger() -> None:
    assert Listener().after(pod("db-0"), nameless("e", "db-0", at=EARLIER)) == {"db-0": []}
    listener = Listener()
    listener.after(nameless("e", "db-0", at=EARLIER))
    assert listener.after(pod("db-0")) == {"db-0": []}


def test_an_event_without_a_uid_is_forgotten_with_its_deletion() -> None:
    listener = Listener()
    listener.after(nameless("e", "one"))
    listener.hand.remove(nameless("e", "one"))
    assert listener.after(pod("one")) == {"one": []}
    listener.after(nameless("f", "one"))
    listener.hand.remove(nameless("f", "one"))
    assert listener.after() == {"one": []}


def test_an_event_that_turns_to_another_object_leaves_the_first() -> None:
    one, two = pod("one"), pod("two")
    listener = Listener()
    listener.after(one, two, event("e", one))
    assert listener.after(event("e", two)) == {"one": [], "two": ["e"]}


def test_an_event_about_nobody_troubles_nobody() -> None:
    assert Listener().after(pod("one"), event("e", pod("gone"))) == {"one": []}
