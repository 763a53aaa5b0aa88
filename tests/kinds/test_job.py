"""What a Job's judge and projection promise beyond the cases of the corpus."""

from __future__ import annotations

import copy
from typing import Any

import msgspec

from graph.config import Rules
from graph.judging.entry import Judged
from graph.judging.files import judge_objects
from graph.kinds.job import KIND, JobFields, project
from graph.kinds.job.judge import judge
from graph.kinds.shared.jobs import JobView
from graph.model import instant
from graph.model.kind import Memory, Related, Time
from graph.model.ref import ObjectRef
from graph.model.status import Evidence, State
from tests.kinds import corpus

HERE = Related(ObjectRef("Job", "mend", "lagoon", "u", "batch/v1"))


def case(name: str) -> dict[str, Any]:
    return copy.deepcopy(corpus.load(corpus.CORPUS / "job" / f"{name}.yaml"))


def judged(given: dict[str, Any]) -> Judged:
    now = instant.parse(given["now"])
    assert now is not None
    found = judge_objects(given["objects"], now=now)[0]
    assert found is not None
    return found


def view(given: dict[str, Any]) -> JobView:
    return corpus.read(given["objects"][0], JobView)


def shown(given: dict[str, Any]) -> JobFields:
    return project(view(given), HERE, 0.0)


def at(text: str) -> float:
    found = instant.parse(text)
    assert found is not None
    return found


def test_the_chain_of_a_failed_job_leads_over_its_last_pod_to_the_exit_code() -> None:
    found = judged(case("J07-backofflimit")).verdict
    assert found is not None
    assert [(link.object.kind, link.object.name, link.reason, link.evidence) for link in found.because] == [
        ("Job", "mend", "BackoffLimitExceeded", Evidence.CONDITION),
        ("Pod", "mend-z9y8x", "ContainerFailed", Evidence.CHILD),
        ("Pod", "mend-z9y8x", "Error", Evidence.TERMINATION),
    ]
    assert found.message == "Gave up: backoffLimit 1 reached, the last exit code was 3."
    assert found.hint == "See kubectl -n lagoon logs mend-z9y8x."
    assert found.began == at("2026-03-17T14:29:00Z")


def test_without_its_pods_a_failed_job_says_why_there_is_no_log() -> None:
    found = judged(case("J07-pods-gone")).verdict
    assert found is not None
    assert found.hint is not None
    assert "restartPolicy Never" in found.hint


def test_the_controller_is_asked_again_when_its_time_is_over() -> None:
    given = case("J02-not-started")
    first = judged(given).verdict
    assert first is not None
    assert first.recheck_at is not None
    given["now"] = instant.show(first.recheck_at)
    later = judged(given).verdict
    assert later is not None
    assert (later.state, later.reason, later.recheck_at) == (State.UNKNOWN, "JobNotStarted", None)
    assert later.began == first.recheck_at


def test_a_job_without_any_pod_is_told_by_what_our_own_watch_saw() -> None:
    given, rules = case("J01-counters-zero-in-a-file"), Rules()
    seen = at("2026-03-17T14:21:00Z")
    memory = Memory(unchanged=seen)
    young = judge(view(given), HERE, memory, rules, seen + 120)
    assert (young.state, young.reason, young.recheck_at) == (State.PROGRESSING, "Running", seen + 120.001)
    old = judge(view(given), HERE, memory, rules, seen + 121)
    assert (old.state, old.reason) == (State.DEGRADED, "NoPods")
    assert old.because


def test_an_edit_that_our_watch_saw_counts_more_than_managed_fields() -> None:
    given, rules = case("J32-resumed-long-ago"), Rules()
    now = at(given["now"])
    assert judge(view(given), HERE, Memory(), rules, now).state is State.UNKNOWN
    assert judge(view(given), HERE, Memory(edited=now - 5), rules, now).state is State.PROGRESSING


def test_the_public_fields_of_a_run() -> None:
    given = case("J03-complete")
    given["objects"][0]["metadata"]["annotations"] = {
        "batch.kubernetes.io/cronjob-scheduled-timestamp": "2026-03-17T15:20:00+01:00",
        "cronjob.kubernetes.io/instantiate": "manual",
    }
    assert shown(given) == JobFields(
        Time("2026-03-17T14:20:00.000Z"),
        True,
        Time("2026-03-17T14:20:01.000Z"),
        Time("2026-03-17T14:29:00.000Z"),
        539_000,
        0,
        1,
        0,
    )


def test_a_run_that_has_not_ended_has_no_duration() -> None:
    fields = shown(case("J01-running"))
    assert (fields.finished_at, fields.duration_ms, fields.active) == (None, None, 1)


def test_a_failed_run_ends_when_it_was_declared_failed() -> None:
    assert shown(case("J08-deadline")).finished_at == "2026-03-17T14:29:00.000Z"


def test_runs_are_ordered_by_their_start_the_newest_first() -> None:
    names = ["J02-not-started", "J03-complete", "J06-waiting-for-backoff"]
    assert KIND.order is not None
    ordered = sorted(names, key=lambda name: KIND.order(shown(case(name))), reverse=True)  # type: ignore[misc] # it has one
    assert ordered == ["J02-not-started", "J06-waiting-for-backoff", "J03-complete"]


def test_nothing_of_a_template_and_no_other_annotation_is_kept() -> None:
    given = case("J01-running")
    job = given["objects"][0]
    job["metadata"]["annotations"] = {"kubectl.kubernetes.io/last-applied-configuration": "hunter2"}
    job["spec"]["template"] = {"spec": {"containers": [{"name": "a", "env": [{"name": "P", "value": "hunter2"}]}]}}
    assert b"hunter2" not in msgspec.json.encode(view(given))


def test_an_unreadable_time_is_no_reason_to_fall_silent() -> None:
    given = case("J09-failure-target")
    job = given["objects"][0]
    job["metadata"]["creationTimestamp"] = "yesterday"
    job["status"]["startTime"] = "0001-01-01T00:00:00Z"
    job["status"]["conditions"][0]["lastTransitionTime"] = None
    found = judged(given).verdict
    assert found is not None
    assert (found.state, found.reason, found.began) == (State.FAILED, "BackoffLimitExceeded", None)
