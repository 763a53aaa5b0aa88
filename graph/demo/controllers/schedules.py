"""Which time of its schedule a CronJob has to serve now, and when to look again. Pure.

As the CronJob controller reckons: only the latest of the missed times counts, and how many were missed is estimated
from the distance of the first two.
"""

from __future__ import annotations

from typing import NamedTuple

from graph.demo.controllers.cron import Next
from graph.demo.objects import Object, read

MANY = 100
MARGIN = 0.1
"""Seconds after a time of the schedule at which it is looked at."""


class InvalidSchedule(ValueError):
    """It is well-formed and never comes: the 31st of February."""


class Due(NamedTuple):
    """The latest time that has come; ``since`` is what was reckoned from."""

    since: float
    at: float | None
    missed: int


def latest(job: Object, following: Next, now: float, *, within_deadline: bool) -> Due:
    """Raises InvalidSchedule."""
    since = read(job.get("status", {}).get("lastScheduleTime") or job["metadata"]["creationTimestamp"])
    deadline = job["spec"].get("startingDeadlineSeconds")
    if within_deadline and deadline is not None:
        since = max(since, now - deadline)
    first = following(since)
    second = None if first is None else following(first)
    if first is None or second is None or round(second - first) < 1:
        raise InvalidSchedule("time difference between two schedules is less than 1 second")
    if now < first:
        return Due(since, None, 0)
    if now < second:
        return Due(since, first, 0)
    distance = round(second - first)
    missed = int(now - first) // distance + 1
    found, at = None, following(first + (missed - 2) * distance)
    while at is not None and at <= now:
        found, at = at, following(at)
    return Due(since, found, missed)


def following(job: Object, schedule: Next, now: float) -> float | None:
    """When to look again."""
    try:
        due = latest(job, schedule, now, within_deadline=False)
    except InvalidSchedule:
        return schedule(now)
    begin = due.at if due.at is not None else now if due.missed else due.since
    at = schedule(begin)
    return None if at is None else at + MARGIN
