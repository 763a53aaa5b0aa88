"""When a controller whose work was refused tries again: soon, then ever more slowly, as its work queue would."""

from __future__ import annotations

from collections.abc import Hashable

FIRST, LAST = 0.005, 1000.0
"""Seconds: after the first refusal, and never more than."""


class Retries:
    """Counts the refusals in a row of each key."""

    def __init__(self) -> None:
        self._refusals: dict[Hashable, int] = {}

    def refused(self, key: Hashable) -> float:
        """The seconds to wait now."""
        count = self._refusals.get(key, 0)
        self._refusals[key] = count + 1
        return min(FIRST * 2.0 ** min(count, 32), LAST)

    def forget(self, key: Hashable) -> None:
        """It went well, or is gone."""
        self._refusals.pop(key, None)
