"""The demo's schedules are due when robfig/cron, the CronJob controller's library, says so."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from msgspec import Struct

from graph.demo.controllers import cron

VECTORS = Path(__file__).parents[2] / "corpus" / "cron" / "vectors.json"

SPELLINGS = {"@every 0", "@every -5m", "@every 9223372037s", " @hourly", ", * * * *", "+5 * * * *", "TZ= 0 0 * * *"}
SLIPS = {
    "54-54 3 * * *",
    "? * 26,9-24 * *",
    "* 15,11 * * */8",
    "33 1 */2 * *",
    "26 3 * * 3/3",
    "45-51/4 * * ? */7",
    "4 3 * * SAT,5",
    "* * * * fri",
}
"""Each asked for a day on which its zone's clock changes: robfig loses its way there."""


class Vector(Struct):
    """A question to robfig and its answer; null: refused."""

    schedule: str
    zone: str
    at: int = msgspec.field(name="from")
    ticks: list[int] | None = None


def answer(vector: Vector) -> list[int] | None:
    try:
        following = cron.parse(vector.schedule, vector.zone)
    except cron.ScheduleError:
        return None
    found: list[int] = []
    tick: float | None = vector.at
    while len(found) < 4 and tick is not None and (tick := following(tick)) is not None:
        found.append(int(tick))
    return found


def test_schedules_are_due_when_robfig_says_so() -> None:
    vectors = msgspec.json.decode(VECTORS.read_bytes(), type=list[Vector])
    differing = {vector.schedule for vector in vectors if answer(vector) != vector.ticks}
    assert differing == SPELLINGS | SLIPS


@pytest.mark.parametrize("text", ["", "* * * *", "60 * * * *", "*/0 * * * *", "@every 5", "@every x", "5-1 * * * *"])
def test_what_is_no_schedule_is_refused(text: str) -> None:
    with pytest.raises(cron.ScheduleError):
        cron.parse(text)
