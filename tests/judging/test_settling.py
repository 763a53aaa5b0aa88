"""Settling: each clause of status-rules, section 2."""

from __future__ import annotations

import pytest

from graph.config import Rules
from graph.judging.settling import Candidate, Settled, settle
from graph.model import instant
from graph.model.status import State, Status, Verdict

RULES = Rules(settle_up=0.3, settle_down=5.0)
NOON = 1_772_452_800.0


def verdict(state: State, reason: str = "", *, message: str = "words", began: float | None = None) -> Verdict:
    return Verdict(state, reason or state.value.title(), message, "T01", began=began)


def published(state: State, reason: str = "", *, since: float = NOON) -> Status:
    return Status(state, reason or state.value.title(), "words", None, instant.show(since))


class Stage:
    """One object's way through the stage; verdicts come at instants after noon."""

    def __init__(self, before: Status | None, rules: Rules = RULES) -> None:
        self.status = before
        self.candidate: Candidate | None = None
        self._rules = rules

    def at(self, seconds: float, given: Verdict) -> Settled:
        settled = settle(self.status, self.candidate, given, self._rules, NOON + seconds)
        self.status, self.candidate = settled.status, settled.candidate
        return settled


def waits(before: Status, after: Verdict) -> float:
    """Seconds that the second one is held back."""
    due = settle(before, None, after, RULES, NOON).due
    return 0.0 if due is None else due - NOON


def test_the_first_verdict_is_published_at_once() -> None:
    settled = settle(None, None, verdict(State.FAILED), RULES, NOON)
    assert settled == Settled(published(State.FAILED))


@pytest.mark.parametrize("after", [State.PROGRESSING, State.FAILED, State.UNKNOWN, State.SUSPENDED])
def test_leaving_health_takes_settle_up(after: State) -> None:
    assert waits(published(State.HEALTHY), verdict(after)) == pytest.approx(0.3)


def test_another_reason_of_the_same_state_takes_settle_up() -> None:
    assert waits(published(State.FAILED, "One"), verdict(State.FAILED, "Other")) == pytest.approx(0.3)


@pytest.mark.parametrize("before", [State.FAILED, State.DEGRADED, State.UNKNOWN])
@pytest.mark.parametrize("after", [State.PROGRESSING, State.HEALTHY, State.SUSPENDED])
def test_leaving_trouble_for_less_takes_settle_down(before: State, after: State) -> None:
    assert waits(published(before), verdict(after)) == pytest.approx(5)


def test_lesser_trouble_is_less() -> None:
    assert waits(published(State.FAILED), verdict(State.DEGRADED)) == pytest.approx(5)
    assert waits(published(State.DEGRADED), verdict(State.UNKNOWN)) == pytest.approx(5)


def test_worse_trouble_takes_settle_up() -> None:
    assert waits(published(State.UNKNOWN), verdict(State.DEGRADED)) == pytest.approx(0.3)
    assert waits(published(State.DEGRADED), verdict(State.FAILED)) == pytest.approx(0.3)


@pytest.mark.parametrize(
    "after",
    [
        verdict(State.TERMINATING),
        verdict(State.HEALTHY, "Completed"),
        verdict(State.HEALTHY, "Succeeded"),
    ],
)
def test_an_end_is_not_held_back_longer(after: Verdict) -> None:
    assert waits(published(State.FAILED), after) == pytest.approx(0.3)


def test_what_stood_long_enough_is_published_with_the_instant_at_which_it_began() -> None:
    stage = Stage(published(State.HEALTHY))
    assert stage.at(10, verdict(State.FAILED)).status.state is State.HEALTHY
    assert stage.at(10.29, verdict(State.FAILED)).status.state is State.HEALTHY
    assert stage.at(10.3, verdict(State.FAILED)) == Settled(published(State.FAILED, since=NOON + 10))


def test_what_passes_is_never_published() -> None:
    stage = Stage(published(State.HEALTHY))
    stage.at(10, verdict(State.PROGRESSING))
    settled = stage.at(10.2, verdict(State.HEALTHY))
    assert settled == Settled(published(State.HEALTHY))
    assert stage.at(10.4, verdict(State.PROGRESSING)).due == pytest.approx(NOON + 10.7), "it begins anew"


def test_what_is_well_in_turns_is_well() -> None:
    stage = Stage(published(State.FAILED))
    for second in range(10, 15):
        well = verdict(State.PROGRESSING if second % 2 else State.HEALTHY)
        assert stage.at(second, well).status.state is State.FAILED
    assert stage.at(15, verdict(State.HEALTHY)).status == published(State.HEALTHY, since=NOON + 14)


def test_another_candidate_stands_for_a_moment_of_its_own() -> None:
    stage = Stage(published(State.FAILED))
    stage.at(10, verdict(State.PROGRESSING))
    assert stage.at(15.1, verdict(State.HEALTHY)).status.state is State.FAILED
    assert stage.at(15.4, verdict(State.HEALTHY)).status == published(State.HEALTHY, since=NOON + 15.1)


def test_trouble_in_between_begins_the_wait_anew() -> None:
    stage = Stage(published(State.DEGRADED))
    stage.at(10, verdict(State.HEALTHY))
    stage.at(14.9, verdict(State.FAILED))
    assert stage.at(15, verdict(State.HEALTHY)).status.state is State.DEGRADED
    assert stage.at(20, verdict(State.HEALTHY)).status.state is State.HEALTHY


def test_the_clusters_own_time_is_when_it_began() -> None:
    stage = Stage(published(State.HEALTHY, since=NOON - 100))
    began = verdict(State.FAILED, began=NOON - 7)
    stage.at(0, began)
    assert stage.at(1, began).status.since == instant.show(NOON - 7)


def test_a_state_does_not_begin_before_the_one_that_it_follows() -> None:
    stage = Stage(published(State.HEALTHY, since=NOON))
    began = verdict(State.FAILED, began=NOON - 1000)
    stage.at(1, began)
    assert stage.at(2, began).status.since == instant.show(NOON)


def test_nothing_begins_in_the_future() -> None:
    assert settle(None, None, verdict(State.HEALTHY, began=NOON + 60), RULES, NOON).status.since == instant.show(NOON)


def test_new_words_for_the_same_do_not_wait_and_keep_since() -> None:
    settled = settle(
        published(State.FAILED, since=NOON - 50), None, verdict(State.FAILED, message="new words"), RULES, NOON
    )
    assert settled.due is None
    assert (settled.status.message, settled.status.since) == ("new words", instant.show(NOON - 50))


def test_zero_switches_settling_off() -> None:
    off = Rules(settle_up=0, settle_down=0)
    settled = settle(published(State.FAILED), None, verdict(State.HEALTHY), off, NOON + 1)
    assert settled == Settled(published(State.HEALTHY, since=NOON + 1))
