"""The CronJob controller's word: which Jobs it makes and removes, its status and its events."""

from __future__ import annotations

from typing import Any

import pytest

from graph.demo.controllers.cronjob import CronJobController
from graph.demo.controllers.job import JobController
from graph.demo.objects import Object, written
from graph.demo.resources import CRONJOBS, JOBS, QUOTAS
from tests.demo.controllers.bench import START, Bench

MINUTE = int(START) // 60


@pytest.fixture
def bench() -> Bench:
    return Bench(lambda store: [JobController(store, batch=0), CronJobController(store)])


def spec(schedule: str = "* * * * *", **more: Any) -> Object:
    pod = {"restartPolicy": "Never", "containers": [{"name": "app", "image": "app:1"}]}
    template = {"metadata": {"labels": {"app": "report"}}, "spec": {"backoffLimit": 0, "template": {"spec": pod}}}
    return {"schedule": schedule, "jobTemplate": template, **more}


def finish(bench: Bench, job: str, code: int = 0) -> None:
    (pod,) = bench.pods(job)
    bench.run(pod)
    bench.end(pod, code)


def test_a_job_for_each_time_and_what_became_of_it(bench: Bench) -> None:
    bench.create(CRONJOBS, "report", spec())
    bench.wait(59)
    assert bench.names(JOBS) == []
    assert bench.get(CRONJOBS, "report").get("status", {}) == {}
    bench.wait(2)
    name = f"report-{MINUTE + 1}"
    run = bench.get(JOBS, name)
    assert run["metadata"]["annotations"] == {
        "batch.kubernetes.io/cronjob-scheduled-timestamp": written(START + 60),
    }
    assert run["metadata"]["labels"]["app"] == "report"
    status = bench.get(CRONJOBS, "report")["status"]
    assert status["lastScheduleTime"] == written(START + 60)
    assert [(one["kind"], one["name"], one["uid"]) for one in status["active"]] == [
        ("Job", name, run["metadata"]["uid"]),
    ]
    finish(bench, name)
    status = bench.get(CRONJOBS, "report")["status"]
    assert status == {"lastScheduleTime": written(START + 60), "lastSuccessfulTime": written(bench.now)}
    assert bench.events("report") == [
        ("SuccessfulCreate", f"Created job {name}"),
        ("SawCompletedJob", f"Saw completed job: {name}, condition: Complete"),
    ]


def test_an_interval_begins_at_the_last_run_and_a_minute_has_one_job(bench: Bench) -> None:
    bench.create(CRONJOBS, "report", spec("@every 25s"))
    bench.wait(26)
    assert bench.names(JOBS) == [f"report-{MINUTE}"]
    finish(bench, f"report-{MINUTE}")
    bench.wait(25)
    assert bench.names(JOBS) == [f"report-{MINUTE}"], "the name is taken"
    assert ("FailedCreate" in dict(bench.events("report"))) is False
    bench.wait(45)
    assert bench.names(JOBS) == [f"report-{MINUTE}", f"report-{MINUTE + 1}"]


def test_forbid_skips_and_replace_removes(bench: Bench) -> None:
    bench.create(CRONJOBS, "forbid", spec(concurrencyPolicy="Forbid"))
    bench.create(CRONJOBS, "replace", spec(concurrencyPolicy="Replace"))
    bench.wait(121)
    assert bench.names(JOBS) == [f"forbid-{MINUTE + 1}", f"replace-{MINUTE + 2}"]
    text = "Not starting job because prior execution is running and concurrency policy is Forbid"
    assert bench.events("forbid")[-1] == ("JobAlreadyActive", text)
    assert bench.events("replace")[1:] == [
        ("SuccessfulDelete", f"Deleted job replace-{MINUTE + 1}"),
        ("SuccessfulCreate", f"Created job replace-{MINUTE + 2}"),
    ]


def test_the_oldest_runs_are_removed_beyond_the_limits(bench: Bench) -> None:
    bench.create(CRONJOBS, "report", spec(successfulJobsHistoryLimit=1, failedJobsHistoryLimit=1))
    for number in range(1, 5):
        bench.wait(60.5 if number == 1 else 60)
        finish(bench, f"report-{MINUTE + number}", code=number % 2)
    assert bench.names(JOBS) == [f"report-{MINUTE + 3}", f"report-{MINUTE + 4}"]
    assert ("SuccessfulDelete", f"Deleted job report-{MINUTE + 1}") in bench.events("report")


def test_a_suspended_schedule_makes_nothing_and_a_late_start_is_missed(bench: Bench) -> None:
    bench.create(CRONJOBS, "report", spec("0 * * * *", suspend=True, startingDeadlineSeconds=30))
    bench.wait(3700)
    assert bench.names(JOBS) == []
    bench.change(CRONJOBS, "report", suspend=False)
    assert bench.names(JOBS) == [], "the last full hour is longer ago than the deadline allows"


def test_a_new_schedule_begins_with_its_next_time(bench: Bench) -> None:
    bench.create(CRONJOBS, "report", spec("0 0 1 1 *"))
    bench.wait(600)
    bench.change(CRONJOBS, "report", schedule="*/5 * * * *")
    assert bench.names(JOBS) == []
    bench.wait(300)
    assert len(bench.names(JOBS)) == 1


def test_a_zone_is_honoured_and_an_unknown_one_told(bench: Bench) -> None:
    bench.create(CRONJOBS, "tokyo", spec("0 9 * * *", timeZone="Asia/Tokyo"))
    bench.create(CRONJOBS, "mars", spec("0 9 * * *", timeZone="Mars/Olympus"))
    while not bench.names(JOBS):
        bench.wait(3600)
    (run,) = bench.store.list(JOBS)
    stamp = run["metadata"]["annotations"]["batch.kubernetes.io/cronjob-scheduled-timestamp"]
    assert stamp.endswith("T09:00:00+09:00")
    assert bench.events("mars") == [
        ("UnknownTimeZone", 'invalid timeZone: "Mars/Olympus": unknown time zone Mars/Olympus')
    ]


def test_a_refused_job_is_told_and_a_vanished_one_missed(bench: Bench) -> None:
    bench.create(QUOTAS, "none", {"hard": {"count/jobs.batch": "0"}})
    bench.create(CRONJOBS, "report", spec())
    bench.wait(61)
    words = "exceeded quota: none, requested: count/jobs.batch=1, used: count/jobs.batch=0, limited: count/jobs.batch=0"
    refused = f'Error creating job: jobs.batch "report-{MINUTE + 1}" is forbidden: {words}'
    assert bench.events("report") == [("FailedCreate", refused)]
    bench.delete(QUOTAS, "none")
    bench.wait(15)
    assert bench.names(JOBS) == [f"report-{MINUTE + 1}"]
    bench.delete(JOBS, f"report-{MINUTE + 1}")
    assert bench.events("report")[-1] == ("MissingJob", f"Active job went missing: report-{MINUTE + 1}")
    assert "active" not in bench.get(CRONJOBS, "report")["status"]
