"""What the beat says of freshness, and one log line for each change of state."""

from __future__ import annotations

from structlog.testing import capture_logs

from graph.errors import ClusterUnreachable, Expired, Forbidden
from graph.model import instant
from graph.model.kind import Watched
from graph.model.resource import FreshnessState
from graph.watch.backoff import Backoff
from graph.watch.vitals import Vitals

PODS = Watched("v1", "pods", "Pod")
JOBS = Watched("batch/v1", "jobs", "Job")
EXTRA = Watched("v1", "nodes", "Node", namespaced=False, optional=True)
AWAY = ClusterUnreachable("connection refused")
NO = Forbidden("jobs is forbidden", status=403)


class Clock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.now = 1_772_452_800.0

    def __call__(self) -> float:
        return self.now


def test_freshness_follows_the_watches() -> None:
    clock = Clock()
    vitals = Vitals(clock)
    one, two = vitals.source(PODS, ""), vitals.source(JOBS, "")
    assert vitals.beat(0.0) == (FreshnessState.CATCHING_UP, None)
    for source in (one, two):
        source.synced = True
        source.works()
    assert vitals.beat(0.0) == (FreshnessState.LIVE, instant.show(clock.now))
    last = clock.now
    clock.now += 60
    one.works()
    two.fails(AWAY)
    assert vitals.beat(0.0) == (FreshnessState.STALE, instant.show(last))
    two.works()
    assert vitals.beat(0.0) == (FreshnessState.LIVE, instant.show(clock.now))


def test_what_is_stored_is_no_fresher_than_what_waits_to_be_judged_or_written() -> None:
    clock = Clock()
    vitals, began = Vitals(clock), clock.now
    one = vitals.source(PODS, "")
    one.synced = True
    one.works()
    assert vitals.beat(None) == (FreshnessState.CATCHING_UP, None), "nothing was written"
    assert vitals.beat(0.75) == (FreshnessState.LIVE, instant.show(began - 0.75))
    assert vitals.beat(1.5) == (FreshnessState.CATCHING_UP, instant.show(began - 1.5))
    vitals.heard()
    clock.now += 0.5
    vitals.heard()
    assert vitals.beat(0.25) == (FreshnessState.LIVE, instant.show(began)), "the older one of two counts"
    assert vitals.judges(clock.now) == began
    vitals.heard()
    clock.now += 2.5
    assert vitals.beat(0.75) == (FreshnessState.CATCHING_UP, instant.show(began))
    vitals.judging_since = None
    assert vitals.beat(0.0) == (FreshnessState.CATCHING_UP, instant.show(began + 0.5)), (
        "it came while others were judged"
    )
    assert vitals.judges(clock.now) == began + 0.5
    vitals.judging_since = None
    one.rests()
    assert vitals.beat(5) == (FreshnessState.STALE, instant.show(began - 2)), "older than when the watch broke"


def test_a_watch_that_may_not_list_again_is_stale() -> None:
    vitals = Vitals(Clock())
    one = vitals.source(PODS, "")
    one.synced = True
    one.works()
    one.fails(Expired("too old", status=410))
    assert vitals.beat(0.0)[0] is FreshnessState.STALE
    assert vitals.refused() is None, "it took too long, it was not forbidden"


def test_between_two_tries_nothing_is_live() -> None:
    vitals = Vitals(Clock())
    one = vitals.source(PODS, "")
    one.synced = True
    one.works()
    one.rests()
    assert vitals.beat(0.0)[0] is FreshnessState.STALE
    one.works()
    assert vitals.beat(0.0)[0] is FreshnessState.LIVE


def test_what_is_not_loaded_is_named() -> None:
    vitals = Vitals(Clock())
    vitals.source(PODS, "").synced = True
    vitals.source(JOBS, "shop")
    assert vitals.unready() == "not loaded yet: jobs.batch in shop"


def test_what_may_not_be_watched_is_named_with_the_servers_words_until_it_may() -> None:
    vitals = Vitals(Clock())
    source = vitals.source(JOBS, "")
    source.synced = True
    source.fails(NO)
    assert vitals.unready() == "cannot watch jobs.batch: jobs is forbidden"
    source.works()
    assert vitals.unready() is None


def test_an_optional_resource_that_is_refused_holds_nothing_up() -> None:
    vitals = Vitals(Clock())
    one, two = vitals.source(PODS, ""), vitals.source(EXTRA, "")
    one.synced = True
    one.works()
    assert vitals.unready() is not None
    two.fails(NO)
    assert vitals.unready() is None
    assert vitals.beat(0.0)[0] is FreshnessState.LIVE


def test_a_missing_right_is_logged_once_with_the_rule_that_is_missing() -> None:
    vitals = Vitals(Clock())
    source = vitals.source(JOBS, "")
    with capture_logs() as logged:
        source.fails(NO)
        source.fails(NO)
        source.works()
    assert [entry["event"] for entry in logged] == ["cannot watch", "watching again"]
    assert logged[0]["missing_rule"] == 'apiGroups: ["batch"], resources: ["jobs"], verbs: ["list", "watch"]'


def test_an_outage_is_one_line_and_its_end_another() -> None:
    vitals = Vitals(Clock())
    sources = [vitals.source(PODS, ""), vitals.source(JOBS, "")]
    with capture_logs() as logged:
        for _ in range(2):
            for _ in range(3):
                for source in sources:
                    source.fails(AWAY)
            for source in sources:
                source.works()
                source.works()
    assert [entry["event"] for entry in logged] == [
        "the API server does not answer, trying again",
        "the API server answers again",
    ] * 2


def test_waits_double_with_jitter_up_to_half_a_minute_and_begin_anew() -> None:
    backoff = Backoff()
    waits = [backoff.next() for _ in range(10)]
    for wait, base in zip(waits, (0.8, 1.6, 3.2, 6.4, 12.8, 15, 15, 15, 15, 15), strict=True):
        assert base <= wait <= 2 * base
    backoff.reset()
    assert 0.8 <= backoff.next() <= 1.6
    assert 0.08 <= Backoff(scale=0.1).next() <= 0.16


def test_what_is_optional_and_refused_is_one_line_however_the_refusal_is_worded() -> None:
    vitals = Vitals(Clock())
    source = vitals.source(EXTRA, "")
    with capture_logs() as logged:
        source.fails(NO)
        source.fails(Forbidden("still no", status=403))
        source.fails(AWAY)
        source.works()
    assert [(entry["event"], entry["log_level"]) for entry in logged if entry["event"].endswith("watching")] == [
        ("goes on without watching", "info")
    ]
    assert logged[0]["missing_rule"] == 'apiGroups: [""], resources: ["nodes"], verbs: ["list", "watch"]'
    assert not source.given_up


def test_whoever_waits_is_woken_when_a_right_is_refused_and_when_it_is_given() -> None:
    told: list[str] = []
    vitals = Vitals(Clock(), changed=lambda: told.append(str(vitals.unready())))
    required, extra = vitals.source(PODS, ""), vitals.source(EXTRA, "")
    required.synced = True
    extra.fails(NO)
    required.fails(NO)
    required.fails(NO)
    required.works()
    assert told == ["None", "cannot watch pods: jobs is forbidden", "None"]
