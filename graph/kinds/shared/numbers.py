"""Numbers as the public schema carries them: GraphQL's Int has 32 bits, and an object may hold any number."""

from __future__ import annotations

_MOST = 2**31 - 1


def count(value: int) -> int:
    """The nearest number that can be told."""
    return value if -_MOST <= value <= _MOST else _MOST if value > 0 else -_MOST


def number(text: str | None) -> int | None:
    """A number that an annotation tells."""
    return int(text) if text and text.isdecimal() and len(text) < 10 else None
