"""When a CronJob is due: the dialect of robfig/cron v3 (``ParseStandard``), which the CronJob controller uses.

Ported and not borrowed, since every Python cron library knows another dialect: here a time inside the spring gap does
not fire, a time in the repeated autumn hour fires twice, ``7`` and ``L`` are invalid, ``@every`` counts from the last
run, and day of month and day of week are OR-ed when both are restricted. ``tests/corpus/cron/vectors.json`` holds
robfig's own answers. Instants are POSIX seconds; nothing here raises, whatever an object says.
"""

from __future__ import annotations

import re
from calendar import timegm
from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

_YEARS = 5  # after which robfig, and with it the controller, gives up
_STAR = 1 << 63
_MONTHS = {"jan": 1, "feb": 2, "mar": 3, "apr": 4, "may": 5, "jun": 6}
_MONTHS |= {"jul": 7, "aug": 8, "sep": 9, "oct": 10, "nov": 11, "dec": 12}
_DAYS = {"sun": 0, "mon": 1, "tue": 2, "wed": 3, "thu": 4, "fri": 5, "sat": 6}
_DESCRIPTORS = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}
_ATOI = re.compile(r"[+-]?[0-9]{1,18}")
_PREFIX = re.compile(r"(?:CRON_)?TZ=([^ ]*) (.*)", re.DOTALL)
_DURATION = re.compile(r"[+-]?(?:0|(?:(?:[0-9]{1,19}(?:\.[0-9]*)?|\.[0-9]+)(?:ns|us|µs|μs|ms|s|m|h))+)")
_PART = re.compile(r"([0-9]*)(?:\.([0-9]*))?([a-zµμ]+)")
_SECOND = 10**9
_UNITS = {
    "ns": 1,
    "us": 10**3,
    "µs": 10**3,
    "μs": 10**3,
    "ms": 10**6,
    "s": _SECOND,
    "m": 60 * _SECOND,
    "h": 3600 * _SECOND,
}


class Every(NamedTuple):
    """``@every``: each ``delay`` seconds after the last run."""

    delay: int

    def first(self, after: float, *, base: float) -> float | None:
        """The first tick later than ``after``, counted from ``base``, the last run."""
        start = int(base // 1)
        return float(start + max(1, int((after - start) // self.delay) + 1) * self.delay)


class Calendar(NamedTuple):
    """Five fields as bit sets, on the clock of a zone."""

    minute: int
    hour: int
    dom: int
    month: int
    dow: int
    zone: tzinfo

    def first(self, after: float, *, base: float) -> float | None:
        """The first tick later than ``after``; None where there is none within five years."""
        return _searched(self, int(after // 1)) if self.minute and self.hour and self.month else None

    def on(self, day: datetime) -> bool:
        """Whether the day of the month and of the week fit: OR-ed where both are restricted."""
        dom, dow = self.dom >> day.day & 1, self.dow >> day.isoweekday() % 7 & 1
        return bool(dom and dow) if (self.dom | self.dow) & _STAR else bool(dom or dow)


Schedule = Every | Calendar


@lru_cache(maxsize=4096)
def _searched(schedule: Calendar, after: int) -> float | None:
    """Kept, since the rules of one judgement ask for the same ticks again and again."""
    try:
        return _Search(schedule, after).run()
    except (OverflowError, ValueError, OSError):
        return None  # an absurd time: the year 9999, or before year 1


def ticks(schedule: Schedule, *, after: float, until: float, base: float, most: int) -> list[float]:
    """The ticks in ``(after, until]``, oldest first, at most the first ``most`` of them."""
    found: list[float] = []
    tick = schedule.first(after, base=base)
    while tick is not None and tick <= until and len(found) < most:
        found.append(tick)
        tick = schedule.first(tick, base=base)
    return found


@lru_cache(maxsize=1024)
def zone(name: str) -> tzinfo | None:
    """The time zone of that name; None where this machine's database does not know it."""
    if name in ("", "UTC"):
        return UTC
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return None


@lru_cache(maxsize=4096)
def parse(text: str, zone_name: str | None = None) -> Schedule | None:
    """What ``text`` means on the clock of that zone; a ``TZ=`` in it wins. None: robfig refuses it."""
    if zone_name and "TZ" not in text:
        text = f"TZ={zone_name} {text}"  # as the controller does
    clock: tzinfo | None = UTC
    if text.startswith(("TZ=", "CRON_TZ=")):
        prefix = _PREFIX.fullmatch(text)
        clock, text = (None, "") if prefix is None else (zone(prefix[1]), prefix[2].strip())
    if clock is None:
        return None
    if text.startswith("@every "):
        return _every(text.removeprefix("@every "))
    return _calendar(_DESCRIPTORS.get(text, text).split(), clock)


def _every(duration: str) -> Every | None:
    """A Go duration, at least a second, its fraction cut off."""
    if _DURATION.fullmatch(duration) is None:
        return None
    nanos = sum(_nanos(*part) for part in _PART.findall(duration))
    if nanos >= 1 << 63:
        return None
    return Every(1 if duration.startswith("-") else max(1, nanos // _SECOND))


def _nanos(whole: str, fraction: str, unit: str) -> int:
    """One part of a duration, in Go's own arithmetic."""
    scale = _UNITS[unit]
    fraction = fraction[:18]
    return int(whole or "0") * scale + int(float(int(fraction or "0")) * (float(scale) / 10.0 ** len(fraction)))


def _calendar(fields: list[str], at: tzinfo) -> Calendar | None:
    if len(fields) != 5:
        return None
    minute = _field(fields[0], 0, 59, {})
    hour = _field(fields[1], 0, 23, {})
    dom = _field(fields[2], 1, 31, {})
    month = _field(fields[3], 1, 12, _MONTHS)
    dow = _field(fields[4], 0, 6, _DAYS)
    if minute is None or hour is None or dom is None or month is None or dow is None:
        return None
    return Calendar(minute, hour, dom, month, dow, at)


def _field(text: str, low: int, high: int, names: dict[str, int]) -> int | None:
    """A comma-separated list of ranges as bits."""
    bits = 0
    for part in filter(None, text.split(",")):
        more = _range(part, low, high, names)
        if more is None:
            return None
        bits |= more
    return bits


def _range(text: str, low: int, high: int, names: dict[str, int]) -> int | None:
    """``N``, ``N-M``, ``*`` or ``?``, each with an optional ``/step``; ``N/step`` runs to the end."""
    span, slash, by = text.partition("/")
    ends = span.split("-")
    step = _number(by, {}) if slash else 1
    if step is None or step < 1:
        return None
    if ends[0] in ("*", "?"):
        return _bits(low, high, step) | (_STAR if step == 1 else 0)
    first = _number(ends[0], names)
    last = _number(ends[-1], names)
    if first is None or last is None or len(ends) > 2:
        return None
    if slash and len(ends) == 1:
        last = high
    return _bits(first, last, step) if low <= first <= last <= high else None


def _number(text: str, names: dict[str, int]) -> int | None:
    named = names.get(text.lower())
    if named is not None:
        return named
    return int(text) if _ATOI.fullmatch(text) else None


def _bits(first: int, last: int, step: int) -> int:
    return sum(1 << n for n in range(first, last + 1, step))


class _Search:
    """robfig's search, move by move: its quirks around a change of the clock are the controller's too.

    Each method moves to the next fitting value of its unit and tells whether a greater unit began anew meanwhile: then
    the search starts over. ``cut``: the smaller units are at their start already.
    """

    def __init__(self, schedule: Calendar, after: int) -> None:
        self.schedule = schedule
        self.at = after + 1
        self.cut = False

    def run(self) -> float | None:
        last = self.local().year + _YEARS
        while self.local().year <= last:
            if not (self.month() or self.day() or self.hour() or self.minute() or self.second()):
                return float(self.at)
        return None

    def local(self) -> datetime:
        return datetime.fromtimestamp(self.at, self.schedule.zone)

    def move(self, start: datetime) -> None:
        """To the start of the unit, before the first step away from it."""
        if not self.cut:
            self.cut, self.at = True, self.instant(start)

    def month(self) -> bool:
        while not self.schedule.month >> (now := self.local()).month & 1:
            self.move(now.replace(day=1, hour=0, minute=0, second=0))
            self.at = self.instant(self.local(), months=1)
            if self.local().month == 1:
                return True
        return False

    def day(self) -> bool:
        while not self.schedule.on(now := self.local()):
            self.move(now.replace(hour=0, minute=0, second=0))
            start, self.at = self.at, self.instant(self.local(), days=1)
            if self.at <= start:
                raise ValueError("no next day here")  # as Samoa's 29 December 2011, on which robfig never ends
            hour = self.local().hour
            if hour:  # no midnight here: the clock jumped over it
                self.at += 3600 * (24 - hour if hour > 12 else -hour)
            if self.local().day == 1:
                return True
        return False

    def hour(self) -> bool:
        while not self.schedule.hour >> (now := self.local()).hour & 1:
            self.move(now.replace(minute=0, second=0))
            self.at += 3600
            if self.local().hour == 0:
                return True
        return False

    def minute(self) -> bool:
        while not self.schedule.minute >> self.local().minute & 1:
            if not self.cut:
                self.cut, self.at = True, self.at - self.at % 60
            self.at += 60
            if self.local().minute == 0:
                return True
        return False

    def second(self) -> bool:
        second = self.local().second
        if second:
            self.cut = True
            self.at += 60 - second
        return second != 0

    def instant(self, now: datetime, *, months: int = 0, days: int = 0) -> int:
        """Go's ``time.Date``: that wall clock's instant; in a gap or a repeated hour whichever Go takes."""
        years, month = divmod(now.month - 1 + months, 12)
        first = now.replace(tzinfo=UTC, fold=0, year=now.year + years, month=month + 1, day=1)
        wall = timegm((first + timedelta(days=now.day - 1 + days)).timetuple())
        return wall - self.offset(wall - self.offset(wall))

    def offset(self, at: int) -> int:
        offset = datetime.fromtimestamp(at, self.schedule.zone).utcoffset()
        return 0 if offset is None else int(offset.total_seconds())
