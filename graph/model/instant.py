"""Instants. Inside, an instant is a ``float``: POSIX seconds, UTC. Outside, RFC 3339 UTC with milliseconds.

Kubernetes writes seconds (``2026-11-22T11:18:45Z``) or microseconds; both parse here, anything else is ``None``:
an absurd time in an object must never stop a judge.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache

_LAST = 253402300799.0  # 9999-12-31T23:59:59Z, the last instant that RFC 3339 can tell


@lru_cache(maxsize=65536)
def parse(text: str | None) -> float | None:
    """RFC 3339 to seconds; ``None`` for what is missing, unreadable or, as Go's zero time, before 1970."""
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    try:
        at = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (OverflowError, ValueError):
        return None
    return at if at >= 0 else None


def show(at: float) -> str:
    """Seconds to ``2026-11-22T11:18:45.000Z``, the form of the public schema."""
    at = min(max(at, 0.0), _LAST)
    whole, millis = divmod(round(at * 1000), 1000)
    return f"{datetime.fromtimestamp(whole, UTC):%Y-%m-%dT%H:%M:%S}.{millis:03d}Z"


def normal(text: str | None) -> str | None:
    """A cluster's time in the form of the public schema; ``None`` where it is missing or unreadable."""
    if text is not None and len(text) == 20 and text[19] == "Z":
        return f"{text[:19]}.000Z"  # by far the most common form; Kubernetes' own is always valid
    at = parse(text)
    return None if at is None else show(at)


def clock(at: float) -> str:
    """For messages: ``2026-11-22 14:02:11Z``. Absolute, so that the message stays true while nothing changes."""
    return f"{datetime.fromtimestamp(min(max(at, 0.0), _LAST), UTC):%Y-%m-%d %H:%M:%SZ}"
