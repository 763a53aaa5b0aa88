"""When a schedule is due, for the CronJob controller: the five fields, names and ``@every`` of robfig/cron v3.

Written for the demo, which shares no code with the program that it is watched by: were both wrong in the same way,
nobody would see it. It walks over the minutes that exist on the zone's clock, so a time in the spring gap does not
come and one in the repeated autumn hour comes twice. robfig itself slips where a midnight is missing; that is not
imitated. Instants are POSIX seconds.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache, partial
from zoneinfo import ZoneInfo

Next = Callable[[float], float | None]
"""The first instant after the given one; None when there is none in five years."""

MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
NAMED = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}
FIELDS: tuple[tuple[int, int, dict[str, int]], ...] = (
    (0, 59, {}),
    (0, 23, {}),
    (1, 31, {}),
    (1, 12, dict(zip(MONTHS, range(1, 13), strict=True))),
    (0, 6, dict(zip(DAYS, range(7), strict=True))),
)
UNITS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
YEARS = 5


class ScheduleError(ValueError):
    """The text is no schedule."""


def clock(name: str) -> tzinfo:
    """A zone by its name. Raises ScheduleError."""
    try:
        return ZoneInfo(name) if name not in ("", "UTC") else UTC
    except (KeyError, ValueError, OSError) as error:
        raise ScheduleError(f"unknown time zone {name}") from error


@lru_cache(maxsize=1024)
def parse(text: str, zone: str = "") -> Next:
    """What a schedule means on the clock of a zone. Raises ScheduleError."""
    if found := re.fullmatch(r"(?:CRON_)?TZ=(\S+) +(.*)", text):
        zone, text = found[1], found[2]
    at = clock(zone)
    if text.startswith("@every "):
        return partial(_tick, _seconds(text.removeprefix("@every ")))
    words = NAMED.get(text, text).split()
    if len(words) != len(FIELDS):
        raise ScheduleError(f"expected exactly 5 fields, found {len(words)}: {words}")
    return partial(_search, [_field(word, *field) for word, field in zip(words, FIELDS, strict=True)], at)


def _tick(delay: int, after: float) -> float:
    return float(int(after) + delay)


def _seconds(duration: str) -> int:
    """A Go duration, of at least a second, without its fraction."""
    parts = re.findall(r"(\d*\.?\d+|\d+\.)(ns|us|µs|ms|s|m|h)", duration)
    if "".join(number + unit for number, unit in parts) != duration.lstrip("+") or not parts:
        raise ScheduleError(f"failed to parse duration @every {duration}")
    return max(1, int(sum(float(number) * UNITS[unit] for number, unit in parts)))


def _field(text: str, low: int, high: int, names: dict[str, int]) -> frozenset[int | None]:
    """The values of a field; None among them stands for ``*``, which leaves the day to the other field of the two."""
    found: set[int | None] = set()
    for part in filter(None, text.split(",")):
        span, slash, step = part.partition("/")
        first, dash, last = span.partition("-")
        by = _number(step, {}) if slash else 1
        if first in ("*", "?"):
            begin, end = low, high
            found |= {None} if by == 1 else set()
        else:
            begin = _number(first, names)
            end = _number(last, names) if dash else high if slash else begin
        if by == 0 or begin < low or end > high or begin > end:
            raise ScheduleError(f"no such range: {part}")
        found.update(range(begin, end + 1, by))
    if not found:
        raise ScheduleError(f"empty field: {text}")
    return frozenset(found)


def _number(text: str, names: dict[str, int]) -> int:
    value = names.get(text.lower())
    if value is None and not text.isdecimal():
        raise ScheduleError(f"failed to parse int from {text}")
    return int(text) if value is None else value


def _search(fields: list[frozenset[int | None]], zone: tzinfo, after: float) -> float | None:
    minutes, hours, *days = fields
    at = (int(after) // 60 + 1) * 60
    first = datetime.fromtimestamp(at, zone)
    while (here := datetime.fromtimestamp(at, zone)).year <= first.year + YEARS:
        if not _on(days, here):
            midnight = datetime(here.year, here.month, here.day, tzinfo=zone) + timedelta(days=1)
            at = max(int(midnight.timestamp()), at + 60)
        elif here.hour not in hours:
            at += (60 - here.minute) * 60 - here.second
        elif here.minute not in minutes or here.second:
            at += 60 - here.second
        else:
            return float(at)
    return None


def _on(days: list[frozenset[int | None]], here: datetime) -> bool:
    """Day of month and day of week are alternatives when both are restricted."""
    of_month, months, of_week = days
    if here.month not in months:
        return False
    both = here.day in of_month, here.isoweekday() % 7 in of_week
    return all(both) if None in of_month or None in of_week else any(both)
