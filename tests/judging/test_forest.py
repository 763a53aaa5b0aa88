"""What is judged when, and that no object's trouble is another's."""

from __future__ import annotations

import msgspec
import pytest

from graph.judging.decode import variants
from graph.kinds import KINDS
from graph.model.kind import Kind
from graph.model.status import State, Verdict
from tests.judging.hand import Hand
from tests.judging.manifests import (
    NAMESPACE,
    Manifest,
    cronjob,
    deployment,
    event,
    job,
    pod,
    refused,
    replicaset,
    thing,
)

READERS = {one.watched.kind: one for one in variants(KINDS).values()}


def with_kind(name: str, **changes: object) -> tuple[Kind, ...]:
    """The kinds, one of them changed."""
    return tuple(msgspec.structs.replace(kind, **changes) if kind.name == name else kind for kind in KINDS)


def test_owned_is_judged_before_its_owner() -> None:
    hand = Hand()
    top = deployment("web")
    middle = replicaset("web-1", owner=top)
    below = pod("web-1-a", owner=middle)
    assert hand.judge(top, below, middle) == ["POD/web-1-a", "REPLICA_SET/web-1", "DEPLOYMENT/web", "SERVICE/web"]


def test_only_what_changed_and_what_is_above_it_is_judged_again() -> None:
    hand = Hand()
    top = deployment("web")
    hand.judge(top, deployment("till"), replicaset("web-1", owner=top))
    assert hand.judge() == []
    assert hand.judge(replicaset("web-1", owner=top)) == ["REPLICA_SET/web-1", "DEPLOYMENT/web", "SERVICE/web"]


def test_an_event_has_its_object_judged_again() -> None:
    hand = Hand()
    one = pod("one")
    hand.judge(one)
    assert hand.judge(event("e1", one)) == ["EVENT/e1", "POD/one", "SERVICE/one"]


def test_an_event_that_is_forgotten_has_its_object_judged_again() -> None:
    hand = Hand()
    one = pod("one")
    hand.judge(one, event("e1", one))
    hand.remove(event("e1", one))
    assert hand.judge() == ["-EVENT/e1", "POD/one", "SERVICE/one"]


def test_departures_come_first() -> None:
    hand = Hand()
    hand.judge(pod("one"))
    hand.remove(pod("one"))
    assert hand.judge(pod("two")) == ["-POD/one", "-SERVICE/one", "POD/two", "SERVICE/two"]


def test_removing_what_is_unknown_is_nothing() -> None:
    hand = Hand()
    hand.remove(pod("one"))
    assert hand.judge() == []


def test_a_new_uid_is_another_object_of_the_same_name() -> None:
    hand = Hand()
    top = deployment("web")
    hand.judge(top, replicaset("web-1", owner=top, uid="first"))
    again = hand.judge(replicaset("web-1", owner=top, uid="second"))
    assert again == ["-REPLICA_SET/web-1", "REPLICA_SET/web-1", "DEPLOYMENT/web", "SERVICE/web"]
    assert hand.seen["REPLICA_SET/web-1"].ref.uid == "second"


@pytest.mark.parametrize("labels", [{}, {"statusgraph.io/build-of": "web"}])
def test_a_modified_job_does_not_leave(labels: dict[str, str]) -> None:
    hand = Hand()
    hand.judge(job("one", labels=labels))
    hand.judge(job("one", labels=labels))
    assert hand.left == []


def test_a_job_that_becomes_a_build_is_a_job_no_more() -> None:
    hand = Hand()
    hand.judge(job("one", labels={"app": "web"}))
    again = hand.judge(job("one", labels={"app": "web", "statusgraph.io/build-of": "web"}))
    assert "-JOB/one" in again
    assert "BUILD/one" in hand.seen
    assert "JOB/one" not in hand.seen
    hand.judge(job("one", labels={"app": "web"}))
    assert "JOB/one" in hand.seen
    assert "BUILD/one" not in hand.seen


def test_deleting_a_build_needs_no_knowledge_of_its_kind() -> None:
    hand = Hand()
    one = job("one", labels={"statusgraph.io/build-of": "web"})
    hand.judge(one)
    hand.remove(one)
    hand.judge()
    assert hand.seen == {}


def test_where_the_manifest_is_kept_a_deleted_object_is_stopped() -> None:
    hand = Hand()
    one = cronjob("nightly")
    hand.judge(one)
    hand.keep(one, at="2026-03-02T12:34:00Z")
    assert hand.judge() == []
    hand.remove(one)
    assert hand.judge() == ["CRONJOB/nightly", "SERVICE/nightly"]
    stopped = hand.seen["CRONJOB/nightly"]
    assert stopped.verdict is not None
    assert (stopped.verdict.state, stopped.verdict.reason) == (State.SUSPENDED, "Stopped")
    assert stopped.deleted_at == "2026-03-02T12:34:00Z"
    assert stopped.fields.next_run_at is None
    service = hand.seen["SERVICE/nightly"].verdict
    assert service is not None
    assert (service.state, service.reason) == (State.SUSPENDED, "Stopped")


def test_a_kept_manifest_shows_an_object_that_was_stopped_before_we_came() -> None:
    hand = Hand()
    hand.keep(cronjob("nightly"))
    hand.judge()
    assert hand.reason("CRONJOB/nightly") == "Stopped"
    kinds = READERS["CronJob"].kinds
    assert hand.forest.views(kinds, "") == {}, "a record is no object of the cluster"
    assert hand.forest.kept(kinds[0], "") == [(NAMESPACE, "nightly")]


def test_a_started_object_is_alive_again_and_its_forgotten_record_changes_nothing() -> None:
    hand = Hand()
    one = cronjob("nightly", uid="first")
    hand.keep(one)
    hand.judge()
    hand.judge(cronjob("nightly", uid="second"))
    assert hand.reason("CRONJOB/nightly") != "Stopped"
    assert hand.seen["CRONJOB/nightly"].deleted_at is None
    hand.forget(one)
    assert hand.judge() == []
    hand.remove(one)
    hand.judge()
    assert hand.seen == {}


def test_a_record_that_is_no_longer_kept_is_gone() -> None:
    hand = Hand()
    hand.keep(cronjob("nightly"))
    hand.judge()
    hand.forget(cronjob("nightly"))
    assert hand.judge() == ["-CRONJOB/nightly", "-SERVICE/nightly"]


def test_a_stopped_objects_service_stays_while_others_run() -> None:
    hand = Hand()
    hand.keep(cronjob("nightly", labels={"app": "shop"}))
    hand.judge(pod("web", labels={"app": "shop"}))
    assert hand.reason("SERVICE/shop") != "Stopped"


def test_a_malformed_object_is_shown_as_such_and_costs_nothing_else() -> None:
    hand = Hand()
    kind = READERS["Pod"].kinds[0]
    bare = msgspec.convert({"metadata": {"name": "odd", "namespace": NAMESPACE, "uid": "u"}}, kind.view)
    hand.forest.put(kind, bare, hand.now, problem="Expected `str`, got `int`")
    hand.judge(pod("fine"))
    verdict = hand.seen["POD/odd"].verdict
    assert verdict is not None
    assert (verdict.state, verdict.reason) == (State.UNKNOWN, "MalformedObject")
    assert "Expected `str`, got `int`" in verdict.message
    assert verdict.because
    assert hand.reason("POD/fine") == "Scheduling"
    hand.put(pod("odd", uid="u"))
    hand.judge()
    assert hand.reason("POD/odd") == "Scheduling"


def test_a_rule_that_fails_costs_only_its_object() -> None:
    judge = next(kind.judge for kind in KINDS if kind.name == "POD")
    assert judge is not None

    def choking(*given: object) -> Verdict:
        view = given[0]
        assert isinstance(view, msgspec.Struct)
        if view.metadata.name == "odd":  # type: ignore[attr-defined] # every view has its metadata
            raise ZeroDivisionError("a defect")
        return judge(*given)  # type: ignore[arg-type] # as they came

    hand = Hand(with_kind("POD", judge=choking))
    hand.judge(pod("odd", labels={"app": "shop"}), pod("fine", labels={"app": "shop"}))
    verdict = hand.seen["POD/odd"].verdict
    assert verdict is not None
    assert (verdict.state, verdict.reason) == (State.UNKNOWN, "RuleFailed")
    assert "ZeroDivisionError: a defect" in verdict.message
    assert hand.reason("POD/fine") == "Scheduling"
    assert hand.reason("SERVICE/shop") == "RuleFailed"


def test_fields_that_cannot_be_made_cost_only_their_object() -> None:
    kind = next(kind for kind in KINDS if kind.name == "POD")

    def project(view: object, related: object, now: float) -> msgspec.Struct:
        if view.metadata.uid and view.status.phase:  # type: ignore[attr-defined] # of a pod
            raise KeyError("phase")
        return kind.project(view, related, now)  # type: ignore[arg-type] # as they came

    hand = Hand(with_kind("POD", project=project))
    hand.judge(pod("odd"))
    assert hand.reason("POD/odd") == "RuleFailed"
    assert hand.seen["POD/odd"].fields is not None


def test_time_alone_changes_a_verdict() -> None:
    hand = Hand()
    hand.judge(refused("one"))
    assert hand.reason("POD/one") == "Scheduling"
    due = hand.forest.next_due
    assert due is not None
    assert due == pytest.approx(hand.now + 15, abs=0.01)
    hand.now = due - 0.01
    assert hand.judge() == []
    hand.now = due
    assert hand.judge() == ["POD/one", "SERVICE/one"]
    assert hand.reason("POD/one") == "Unschedulable"
    assert hand.reason("SERVICE/one") == "Unschedulable"


def test_a_timer_of_an_object_that_left_wakes_nobody() -> None:
    hand = Hand()
    hand.judge(refused("one"))
    hand.remove(refused("one"))
    hand.judge()
    hand.later(60)
    assert hand.judge() == []
    assert hand.forest.next_due is None


def test_a_judge_that_asks_for_the_past_does_not_spin() -> None:
    def hasty(*given: object) -> Verdict:
        return Verdict(State.HEALTHY, "Fine", "It is fine.", "T01", recheck_at=0.0)

    hand = Hand(with_kind("POD", judge=hasty))
    hand.judge(pod("one"))
    assert hand.judge() == []
    assert hand.forest.next_due is not None
    assert hand.forest.next_due > hand.now


def test_the_first_sight_of_an_object_is_no_edit_and_a_new_generation_is_one() -> None:
    seen: list[float | None] = []

    def noting(view: object, related: object, memory: object, *rest: object) -> Verdict:
        seen.append(memory.edited)  # type: ignore[attr-defined] # a Memory
        return Verdict(State.HEALTHY, "Fine", "It is fine.", "T01")

    hand = Hand(with_kind("DEPLOYMENT", judge=noting))
    hand.judge(deployment("web"))
    edited: Manifest = thing("Deployment", "web")
    edited["metadata"]["generation"] = 2
    hand.later(5)
    hand.judge(edited)
    hand.later(5)
    hand.judge(edited)
    assert seen == [None, hand.now - 5, hand.now - 5]
