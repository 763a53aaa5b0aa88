"""What a transition tells, and how often an object returned to a status that it had just left."""

from __future__ import annotations

import itertools

from graph.config import Rules
from graph.judging.flaps import Flaps
from graph.model import instant
from graph.model.ref import Key
from graph.model.resource import Transition
from graph.model.status import Evidence, State, Status
from tests.judging.hand import Hand
from tests.judging.manifests import Manifest, refused
from tests.judging.test_ledger import running, transition

ONE = Key("test", "POD", "shop", "one")
UP = Status(State.HEALTHY, "Running", "", None, "")
DOWN = Status(State.FAILED, "CrashLoopBackOff", "", None, "")
SLOW = Status(State.DEGRADED, "ReadinessProbeFailing", "", None, "")


def counts(*way: tuple[float, Status]) -> list[int]:
    """Of each step on the way, how many flaps it tells."""
    flaps = Flaps(window=600)
    steps = itertools.pairwise(way)
    return [flaps.count(ONE, before, after, at) for (_, before), (at, after) in steps]


def test_a_return_counts_and_a_way_forward_does_not() -> None:
    assert counts((0, UP), (10, SLOW), (20, DOWN)) == [0, 0]
    assert counts((0, UP), (10, DOWN), (20, UP), (30, DOWN), (40, UP)) == [0, 1, 2, 3]


def test_a_return_over_another_status_counts_too() -> None:
    assert counts((0, UP), (10, SLOW), (20, DOWN), (30, UP)) == [0, 0, 1]


def test_the_same_state_for_another_reason_is_another_status() -> None:
    other = Status(State.FAILED, "OOMKilled", "", None, "")
    assert counts((0, DOWN), (10, other), (20, UP), (30, other)) == [0, 0, 1]


def test_what_is_longer_ago_than_the_window_is_forgotten() -> None:
    assert counts((0, UP), (10, DOWN), (700, UP), (710, DOWN)) == [0, 0, 1]
    assert counts((0, UP), (10, DOWN), (20, UP), (615, DOWN), (640, UP)) == [0, 1, 2, 2]


def test_each_object_has_its_own_count_and_loses_it_when_it_goes() -> None:
    flaps = Flaps(window=600)
    flaps.count(ONE, UP, DOWN, 10)
    assert flaps.count(Key("test", "POD", "shop", "two"), DOWN, UP, 20) == 0
    flaps.forget(ONE)
    assert flaps.count(ONE, DOWN, UP, 20) == 0


def test_of_an_object_that_came_to_rest_nothing_is_kept() -> None:
    flaps = Flaps(window=600)
    for number in range(1000):
        flaps.count(Key("test", "POD", "shop", str(number)), UP, DOWN, number)
    assert len(flaps) == 600
    flaps.count(Key("test", "POD", "shop", "500"), DOWN, UP, 1000)
    flaps.count(ONE, UP, DOWN, 1500)
    assert len(flaps) == 100 + 1, "those of the last 600 s, of whom one was counted again, and this one"


def crashing() -> Manifest:
    """The pod that runs else, between two restarts."""
    one = running("one")
    ended = {"exitCode": 1, "reason": "Error", "finishedAt": "2026-03-02T12:00:30Z"}
    one["status"]["conditions"] = [{"type": "Ready", "status": "False"}, {"type": "PodScheduled", "status": "True"}]
    status = one["status"]["containerStatuses"][0]
    status |= {"ready": False, "restartCount": 1, "lastState": {"terminated": ended}}
    status["state"] = {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 10s"}}
    return one


def test_a_transition_tells_from_to_cause_and_its_times() -> None:
    hand = Hand()
    hand.publish(running("one"))
    hand.later(40)
    hand.publish(crashing())
    hand.later(1)
    moved = transition(hand.publish(), "POD")
    assert moved.before is not None
    assert moved.after is not None
    assert (moved.before.state, moved.after.state, moved.after.reason) == ("HEALTHY", "FAILED", "CrashLoopBackOff")
    assert moved.after.message.startswith("Container app keeps crashing: exit code 1")
    assert [cause.evidence for cause in moved.after.because] == [Evidence.CONTAINER_STATE, Evidence.TERMINATION]
    assert (moved.at, moved.observed_at, moved.recorded_at) == (
        "2026-03-02T12:00:30.000Z",  # when the container ended
        "2026-03-02T12:00:40.000Z",  # when it was seen
        "2026-03-02T12:00:41.000Z",  # when it had stood long enough to be published
    )
    assert (moved.inferred, moved.flaps) == (False, 0)


def test_a_transition_found_by_comparing_across_a_gap_says_so() -> None:
    hand = Hand(rules=Rules(settle_up=0, settle_down=0))
    hand.publish(running("one"))
    hand.later(40)
    hand.put(crashing(), inferred=True)
    assert transition(hand.publish(), "POD").inferred


def test_transitions_of_a_crash_loop_tell_how_often_it_returned() -> None:
    hand = Hand(rules=Rules(settle_up=0, settle_down=0))
    hand.publish(running("one"))
    told: list[Transition] = []
    for number in range(4):
        hand.later(30)
        told.append(transition(hand.publish(crashing() if number % 2 == 0 else running("one")), "POD"))
    assert [one.flaps for one in told] == [0, 1, 2, 3]


def test_the_first_transition_and_the_last_one_are_no_flaps() -> None:
    hand = Hand()
    first = transition(hand.publish(refused("one")), "POD")
    hand.remove(refused("one"))
    last = transition(hand.publish(), "POD")
    assert (first.before, first.flaps, last.after, last.flaps) == (None, 0, None, 0)
    assert last.at == instant.show(hand.now)
