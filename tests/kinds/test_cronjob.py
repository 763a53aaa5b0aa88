"""What a CronJob's judge and projection promise beyond the cases of the corpus."""

from __future__ import annotations

import copy
from typing import Any

from graph.config import Rules
from graph.judging.files import judge_objects
from graph.kinds.cronjob import CronjobFields, project
from graph.kinds.cronjob.judge import judge
from graph.kinds.cronjob.view import CronjobView
from graph.model import instant
from graph.model.kind import Memory, Related
from graph.model.ref import ObjectRef
from graph.model.status import Cause, Evidence, State, Status, Verdict
from tests.kinds import corpus

REF = ObjectRef("CronJob", "tide", "lagoon", "u", "batch/v1")
HERE = Related(REF)


def case(name: str) -> dict[str, Any]:
    return copy.deepcopy(corpus.load(corpus.CORPUS / "cronjob" / f"{name}.yaml"))


def verdict(given: dict[str, Any]) -> Verdict:
    found = judge_objects(given["objects"], now=at(given["now"]))[0]
    assert found is not None
    assert found.verdict is not None
    return found.verdict


def alone(given: dict[str, Any], memory: Memory, *, now: str | None = None) -> Verdict:
    """The CronJob without its Jobs and events, with a memory."""
    return judge(corpus.read(given["objects"][0], CronjobView), HERE, memory, Rules(), at(now or given["now"]))


def shown(given: dict[str, Any]) -> CronjobFields:
    return project(corpus.read(given["objects"][0], CronjobView), HERE, at(given["now"]))


def at(text: str) -> float:
    found = instant.parse(text)
    assert found is not None
    return found


def told(reason: str, since: str) -> Memory:
    because = (Cause(REF, reason, "…", Evidence.SCHEDULE),)
    return Memory(previous=Status(State.DEGRADED, reason, "Told before.", None, since, because))


def test_the_chain_of_a_failed_run_leads_to_its_job() -> None:
    found = verdict(case("C05-last-run-failed"))
    assert [(link.object.kind, link.object.name, link.reason, link.evidence) for link in found.because] == [
        ("Job", "tide-29562600", "BackoffLimitExceeded", Evidence.CHILD),
        ("Job", "tide-29562600", "BackoffLimitExceeded", Evidence.CONDITION),
    ]
    assert found.began == at("2026-03-17T14:00:51Z")
    assert found.message.startswith("The run of 2026-03-17 14:00:00Z failed: Gave up")
    assert found.message.endswith("The next run is due at 2026-03-17 15:00:00Z.")


def test_without_a_job_the_schedule_is_the_evidence() -> None:
    (cause,) = verdict(case("C05-no-job-left")).because
    assert (cause.object.kind, cause.evidence, cause.at) == ("CronJob", Evidence.SCHEDULE, "2026-03-17T14:00:00.000Z")


def test_while_the_next_run_is_active_a_failure_without_a_job_is_not_forgotten() -> None:
    given = case("C06-next-run-active")
    found = alone(given, told("LastRunFailed", "2026-03-17T14:00:51.000Z"))
    assert (found.state, found.reason, found.message) == (State.DEGRADED, "LastRunFailed", "Told before.")
    assert found.began == at("2026-03-17T14:00:51Z")
    assert found.because


def test_nothing_is_remembered_of_a_run_that_was_not_seen() -> None:
    assert alone(case("C06-next-run-active"), Memory()).reason == "JobRunning"


def test_a_deleted_run_stays_deleted_after_its_event_is_forgotten() -> None:
    given = case("C05-run-deleted")
    assert alone(given, told("RunDeleted", "2026-03-17T14:01:40.000Z")).reason == "RunDeleted"
    assert alone(given, told("RunDeleted", "2026-03-17T13:01:40.000Z")).reason == "LastRunFailed"


def test_an_edit_that_our_watch_saw_moves_the_anchor() -> None:
    given = case("C10-stale")
    assert alone(given, Memory()).reason == "ScheduleStale"
    found = alone(given, Memory(edited=at("2026-03-17T14:31:00Z")))
    assert (found.state, found.reason) == (State.HEALTHY, "Scheduled")


def test_a_miss_is_told_as_soon_as_its_grace_is_over() -> None:
    given = case("C28-due-since-a-moment")
    before = verdict(given)
    assert (before.state, before.recheck_at) == (State.HEALTHY, at("2026-03-17T14:41:40Z"))
    given["now"] = instant.show(before.recheck_at or 0)
    after = verdict(given)
    assert (after.reason, after.began) == ("MissedSchedule", before.recheck_at)


def test_it_is_judged_again_at_its_next_tick_since_the_next_run_is_another_then() -> None:
    found = verdict(case("C01-last-run-succeeded"))
    assert found.recheck_at == at("2026-03-17T14:40:00Z")


def test_a_suspended_one_waits_for_nothing() -> None:
    given = case("C04-suspended")
    assert verdict(given).recheck_at is None
    assert shown(given).next_run_at is None


def test_the_next_run_is_on_the_clock_of_its_zone() -> None:
    assert shown(case("C22-zone-not-due")).next_run_at == "2026-03-17T07:00:00.000Z"
    assert shown(case("C22-gap-of-the-clock")).next_run_at == "2026-03-30T00:30:00.000Z"


def test_the_next_run_of_every_counts_from_the_last_one() -> None:
    assert shown(case("C30-every")).next_run_at == "2026-03-17T14:40:00.000Z"


def test_a_schedule_that_nobody_understands_has_no_next_run() -> None:
    fields = shown(case("C27-refused-by-the-parser"))
    assert fields == CronjobFields("0 0 * * 7", None, False, "Allow", None, None, None)


def test_an_active_run_that_this_graph_does_not_know_is_cited_by_its_name() -> None:
    given = case("C11-forbid-overlap")
    given["objects"] = given["objects"][:1]
    found = verdict(given)
    assert [link.object.name for link in found.because] == ["tide", "tide-29562590"]


def test_an_active_run_that_has_ended_is_not_active() -> None:
    given = case("C03-run-active")
    run = given["objects"][1]
    run["status"] = {"conditions": [{"type": "Failed", "status": "True", "reason": "BackoffLimitExceeded"}]}
    run["status"]["conditions"][0]["lastTransitionTime"] = "2026-03-17T14:30:20Z"
    assert verdict(given).reason == "LastRunFailed"


def test_absurd_times_do_not_silence_the_judge() -> None:
    given = case("C10-stale")
    for text in ("9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z", "soon", ""):
        given["objects"][0]["status"] = {"lastScheduleTime": text, "lastSuccessfulTime": text}
        given["objects"][0]["metadata"]["creationTimestamp"] = text
        for schedule in ("*/10 * * * *", "@every 1s"):
            given["objects"][0]["spec"]["schedule"] = schedule
            assert verdict(given).message
            assert shown(given).schedule == schedule
