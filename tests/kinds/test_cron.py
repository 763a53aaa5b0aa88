"""Our schedules fire when robfig/cron v3.0.1, the library of the CronJob controller, says so."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct

from graph.kinds.shared import cron
from graph.kinds.shared.cron import Every

VECTORS = Path(__file__).parent.parent / "corpus" / "cron" / "vectors.json"


class Vector(Struct):
    """A question to robfig and its answer; null: refused."""

    schedule: str
    zone: str
    at: int = msgspec.field(name="from")
    ticks: list[int] | None = None


def seconds(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def fires(schedule: str, zone: str, *, after: str, until: str) -> list[str]:
    parsed = cron.parse(schedule, zone)
    assert parsed is not None
    start = seconds(after)
    found = cron.ticks(parsed, after=start, until=seconds(until), base=start, most=101)
    return [f"{datetime.fromtimestamp(tick, cron.zone(zone)):%m-%dT%H:%M%z}" for tick in found]


def test_every_answer_is_the_same_as_that_of_robfig() -> None:
    vectors = msgspec.json.decode(VECTORS.read_bytes(), type=list[Vector])
    assert len(vectors) > 1000
    for vector in vectors:
        parsed = cron.parse(vector.schedule, vector.zone or None)
        found: list[int] | None = None if parsed is None else []
        tick: float | None = vector.at
        while parsed is not None and found is not None and tick is not None and len(found) < 4:
            tick = parsed.first(tick, base=tick)
            if tick is not None:
                found.append(int(tick))
        assert found == vector.ticks, vector


def test_a_time_inside_the_spring_gap_does_not_fire() -> None:
    found = fires("30 2 * * *", "Europe/Berlin", after="2026-03-28T00:00:00+01:00", until="2026-03-31T00:00:00+02:00")
    assert found == ["03-28T02:30+0100", "03-30T02:30+0200"]


def test_a_time_in_the_repeated_autumn_hour_fires_twice() -> None:
    found = fires("30 2 * * *", "Europe/Berlin", after="2026-10-25T00:00:00+02:00", until="2026-10-26T00:00:00+01:00")
    assert found == ["10-25T02:30+0200", "10-25T02:30+0100"]


def test_day_of_month_and_day_of_week_are_alternatives_only_when_both_are_restricted() -> None:
    days = {"after": "2026-06-01T12:00:00+00:00", "until": "2026-06-16T00:00:00+00:00"}
    assert fires("0 0 13 * FRI", "UTC", **days) == ["06-05T00:00+0000", "06-12T00:00+0000", "06-13T00:00+0000"]
    assert fires("0 0 * * FRI", "UTC", **days) == ["06-05T00:00+0000", "06-12T00:00+0000"]


@pytest.mark.parametrize(
    "text", ["0 0 * * 7", "0 0 L * *", "* * * *", "", "@every", "@every 5", "TZ=UTC", "TZ=Mars 0 0 * * *"]
)
def test_what_robfig_refuses_is_no_schedule(text: str) -> None:
    assert cron.parse(text) is None


@pytest.mark.parametrize("name", ["Mars/Olympus", "../etc", "Europe", "x" * 300, "a\0b"])
def test_a_name_that_is_no_zone_is_none(name: str) -> None:
    assert cron.zone(name) is None
    assert cron.parse("0 0 * * *", name) is None


def test_a_schedule_that_never_fires_is_given_up_after_five_years() -> None:
    parsed = cron.parse("0 0 31 2 *")
    assert parsed is not None
    assert parsed.first(1_800_000_000, base=0) is None


def test_every_counts_from_the_last_run() -> None:
    parsed = cron.parse("@every 90m")
    assert parsed == Every(5400)
    assert parsed.first(1_000_000, base=999_000) == 999_000 + 5400
    assert parsed.first(999_000 + 5400, base=999_000) == 999_000 + 2 * 5400


def test_the_number_of_ticks_is_bounded() -> None:
    parsed = cron.parse("@every 1s")
    assert parsed is not None
    assert len(cron.ticks(parsed, after=0, until=1e12, base=0, most=101)) == 101


def test_the_day_that_samoa_skipped_ends_the_search() -> None:
    parsed = cron.parse("0 0 30 12 *", "Pacific/Apia")
    assert parsed is not None
    assert parsed.first(seconds("2011-12-28T00:00:00+00:00"), base=0) is None


@given(
    st.text(alphabet="0123456789*/-,?@ TZ=everyhms.LMON", max_size=24), st.floats(allow_nan=False, allow_infinity=False)
)
def test_no_text_and_no_instant_raises(text: str, at: float) -> None:
    parsed = cron.parse(text)
    if isinstance(parsed, Every):
        first = parsed.first(at, base=at)
        assert first is None or first >= at
    elif parsed is not None:
        parsed.first(at, base=at)
