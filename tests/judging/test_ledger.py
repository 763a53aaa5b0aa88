"""What is published of verdicts: changes, and each transition exactly once."""

from __future__ import annotations

from itertools import islice

from graph.model import instant
from graph.model.resource import ChangeType, ResourceChange, Transition
from graph.model.status import State, Status
from tests.judging.hand import Hand
from tests.judging.manifests import BORN, Manifest, cronjob, job, pod, refused

READY = ({"type": "Ready", "status": "True"}, {"type": "PodScheduled", "status": "True"})


def running(name: str, **more: str) -> Manifest:
    """A pod that is well."""
    one = pod(name, phase="Running", conditions=READY)
    one["spec"] = {"nodeName": "node-1", "containers": [{"name": "app", "image": "app:1"}]}
    state = {"running": {"startedAt": BORN}}
    one["status"]["containerStatuses"] = [{"name": "app", "ready": True, "started": True, "state": state}]
    one["metadata"]["labels"] = more
    return one


def said(changes: list[ResourceChange]) -> list[str]:
    """``M POD/one PROGRESSING→FAILED``, the second part where there is a transition."""
    found = []
    for change in changes:
        words = f"{change.type[0]} {change.key.kind}/{change.key.name}"
        moved = change.transition
        found.append(words if moved is None else f"{words} {_state(moved.before)}→{_state(moved.after)}")
    return found


def transition(changes: list[ResourceChange], kind: str) -> Transition:
    """The one of an object of that kind."""
    (found,) = (change.transition for change in changes if change.key.kind == kind and change.transition)
    return found


def _state(status: Status | None) -> str:
    return status.state if status else "-"


def test_what_is_stored_names_the_object_as_it_was_judged() -> None:
    hand = Hand()
    hand.publish(running("one"), job("seven", labels={"statusgraph.io/build-of": "web"}), cronjob("nightly"))
    stored = {key: resource.ref for key, resource in hand.ledger.resources.items()}
    assert stored == {judged.key: judged.ref for judged in hand.seen.values()}
    assert {key.kind for key in stored} == {"POD", "BUILD", "CRONJOB", "SERVICE"}


def test_a_new_object_is_added_with_its_first_transition() -> None:
    assert said(Hand().publish(running("one"))) == ["A POD/one -→HEALTHY", "A SERVICE/one -→HEALTHY"]


def test_the_first_load_of_an_empty_store_has_no_history_to_tell() -> None:
    hand = Hand()
    assert said(hand.publish(running("one"), baseline=True)) == ["A POD/one", "A SERVICE/one"]


def test_equal_resources_give_no_change() -> None:
    hand = Hand()
    hand.publish(running("one"))
    hand.later(60)
    assert hand.publish(running("one")) == []


def test_what_is_no_status_does_not_wait() -> None:
    hand = Hand()
    hand.publish(running("one"))
    changes = hand.publish(running("one", team="a"))
    assert said(changes) == ["M POD/one", "M SERVICE/one"]
    assert changes[0].resource is not None
    assert changes[0].resource.labels == {"team": "a"}


def test_a_status_that_is_held_back_is_published_when_it_is_ripe() -> None:
    hand = Hand()
    hand.publish(pod("one"))
    began = hand.now = hand.now + 5
    assert "HEALTHY" not in "".join(said(hand.publish(running("one"))))
    due = hand.ledger.next_due
    assert due is not None
    hand.now = due
    changes = hand.publish()
    assert said(changes) == ["M POD/one PROGRESSING→HEALTHY", "M SERVICE/one PROGRESSING→HEALTHY"]
    found = transition(changes, "POD")
    assert found.observed_at == instant.show(began)
    assert found.recorded_at == instant.show(due)
    assert hand.ledger.next_due is None
    hand.later(60)
    assert hand.publish() == []


def test_other_fields_do_not_wait_for_a_status_that_does() -> None:
    hand = Hand()
    hand.publish(pod("one"))
    hand.later(5)
    (change, *_) = hand.publish(running("one", team="a"))
    assert change.resource is not None
    assert change.resource.labels == {"team": "a"}
    assert change.resource.status is not None
    assert change.resource.status.state is State.PROGRESSING


def test_what_passed_before_it_was_ripe_is_no_transition() -> None:
    hand = Hand()
    hand.publish(running("one"))
    hand.later(5)
    hand.publish(pod("one"))
    hand.later(0.1)
    changes = hand.publish(running("one"))
    hand.later(60)
    changes += hand.publish()
    assert [change.transition for change in changes if change.transition] == []


def test_since_is_kept_by_the_next_leader() -> None:
    hand = Hand()
    hand.publish(running("one"))
    hand.later(600)
    again = Hand(resources=hand.ledger.resources)
    again.now = hand.now
    assert again.publish(running("one")) == []


def test_what_left_while_nobody_watched_is_told_as_inferred() -> None:
    hand = Hand()
    hand.publish(running("one"), running("two"))
    again = Hand(resources=hand.ledger.resources)
    again.later(600)
    assert again.publish(running("one")) == []
    changes = list(again.ledger.sweep(again.forest.__contains__, again.now))
    assert said(changes) == ["D POD/two HEALTHY→-", "D SERVICE/two HEALTHY→-"]
    assert all(change.transition and change.transition.inferred for change in changes)
    assert list(again.ledger.sweep(again.forest.__contains__, again.now)) == []


def test_what_changed_while_nobody_watched_is_inferred_also_when_it_is_held_back() -> None:
    hand = Hand()
    hand.publish(pod("one"))
    hand.later(5)
    hand.put(running("one"), inferred=True)
    hand.publish()
    hand.publish(running("one", team="a"))
    hand.later(0.3)
    assert transition(hand.publish(), "POD").inferred
    hand.later(5)
    hand.publish(refused("one"))
    hand.later(0.3)
    assert not transition(hand.publish(), "POD").inferred, "the next one was seen"


def test_a_deletion_is_published_at_once() -> None:
    hand = Hand()
    hand.publish(running("one"))
    hand.later(5)
    hand.remove(running("one"))
    changes = hand.publish()
    assert said(changes) == ["D POD/one HEALTHY→-", "D SERVICE/one HEALTHY→-"]
    assert transition(changes, "POD").at == instant.show(hand.now)


def test_a_deletion_ends_what_was_held_back() -> None:
    hand = Hand()
    hand.publish(running("one"))
    hand.later(5)
    hand.publish(pod("one"))
    hand.remove(pod("one"))
    assert said(hand.publish()) == ["D POD/one HEALTHY→-", "D SERVICE/one HEALTHY→-"]
    hand.later(60)
    assert hand.publish() == []


def test_another_object_of_the_same_name_has_a_history_of_its_own() -> None:
    hand = Hand()
    hand.publish(running("one"))
    hand.later(5)
    other = pod("one")
    other["metadata"] |= {"uid": "another", "creationTimestamp": instant.show(hand.now)}
    changes = hand.publish(other)
    of_pod = [words for words in said(changes) if "POD" in words]
    assert of_pod == ["D POD/one HEALTHY→-", "A POD/one -→PROGRESSING"]
    after = [change.transition.after for change in changes if change.transition and change.transition.after]
    assert after[0].since == instant.show(hand.now)


def test_every_transition_begins_where_the_last_one_ended() -> None:
    hand = Hand()
    told = hand.publish(pod("one"))
    for step in (running("one"), refused("one"), pod("one"), running("one")):
        hand.later(1)
        told += hand.publish(step)
        for _ in range(3):
            hand.now = max(hand.now, hand.ledger.next_due or 0.0, hand.forest.next_due or 0.0)
            told += hand.publish()
    moved = [change.transition for change in told if change.key.kind == "POD" and change.transition]
    assert len(moved) > 3
    assert [one.before for one in moved[1:]] == [one.after for one in moved[:-1]]
    assert [one.at for one in moved] == sorted(one.at for one in moved)


def test_a_stopped_object_is_a_change_of_its_record() -> None:
    hand = Hand()
    hand.publish(cronjob("nightly"))
    hand.keep(cronjob("nightly"), at=BORN)
    hand.remove(cronjob("nightly"))
    hand.publish()
    hand.later(1)
    (change, *_) = hand.publish()
    assert change.type is ChangeType.MODIFIED
    assert change.resource is not None
    assert (change.resource.deleted_at, change.resource.status and change.resource.status.reason) == (BORN, "Stopped")


def test_what_leaves_while_the_first_pass_is_judged_is_told_once() -> None:
    before = Hand()
    before.publish(running("one"))
    hand = before.restart()
    hand.put(running("one"), inferred=True)
    judged = hand.forest.judge(hand.now)
    changes = [*hand.ledger.publish(islice(judged, 1), hand.now)]
    hand.remove(running("one"))
    changes += hand.ledger.publish(judged, hand.now)
    changes += hand.ledger.sweep(hand.forest.__contains__, hand.now)
    changes += hand.publish()
    assert sorted(one.key.kind for one in changes if one.type is ChangeType.DELETED) == ["POD", "SERVICE"]
    assert hand.ledger.resources == {}


def again(name: str) -> Manifest:
    """Another pod of that name."""
    one = running(name)
    one["metadata"]["uid"] = f"another-{name}"
    return one


def test_what_leaves_and_returns_while_a_pass_is_judged_stays() -> None:
    hand = Hand()
    hand.publish(running("one"), running("two"))
    hand.put(running("one", team="red"), running("two", team="red"))
    judged = hand.forest.judge(hand.now)
    changes = [*hand.ledger.publish(islice(judged, 1), hand.now)]
    for name in ("one", "two"):
        hand.remove(running(name))
        hand.put(again(name))
    for one in judged:
        changes += hand.ledger.publish((one,), hand.now)
    changes += hand.publish()
    stored = {key.name: resource.uid for key, resource in hand.ledger.resources.items() if key.kind == "POD"}
    assert stored == {"one": "another-one", "two": "another-two"}
    told = [(one.key.name, one.type) for one in changes if one.key.kind == "POD" and one.type != ChangeType.MODIFIED]
    assert sorted(told) == [
        (name, type_) for name in ("one", "two") for type_ in (ChangeType.ADDED, ChangeType.DELETED)
    ]


def test_what_was_created_again_while_nobody_led_is_told_as_both() -> None:
    before = Hand()
    before.publish(running("one"))
    hand = before.restart()
    changes = [one for one in hand.first_pass(again("one")) if one.key.kind == "POD"]
    assert [one.type for one in changes] == [ChangeType.DELETED, ChangeType.ADDED]
    assert [one.transition.inferred for one in changes if one.transition] == [True, True]
    assert changes[1].transition is not None
    assert changes[1].transition.before is None
