"""Time inside a judge: comparisons with ``now`` go through a Clock, which notes when one would turn out otherwise.

That makes ``Verdict.recheck_at`` a by-product: a verdict can change by time alone only if a comparison that led to it
does, and the rules behind the one that decided were never asked.
"""

from __future__ import annotations

from msgspec import Struct

INSTANT = 0.001
"""The resolution of public times: the first instant after ``t`` is ``t + INSTANT``."""
_AHEAD = 3600.0
"""Seconds that a clock of the cluster may be ahead; a start that lies farther ahead is none."""


class Clock(Struct, gc=False):
    """``now``, and the earliest later instant at which a comparison made so far changes."""

    now: float
    next: float | None = None

    def reached(self, at: float) -> bool:
        """now ≥ at."""
        if self.now >= at:
            return True
        if self.next is None or at < self.next:
            self.next = at
        return False

    def passed(self, at: float) -> bool:
        """now > at."""
        return self.now > at or self.reached(at + INSTANT)

    def younger(self, start: float | None, span: float) -> bool:
        """Whether less than ``span`` seconds went by since ``start``; an unknown or absurd start is long ago."""
        return start is not None and self.reached(start - _AHEAD) and not self.reached(start + span)

    def within(self, start: float | None, span: float) -> bool:
        """As ``younger``, the last instant included."""
        return start is not None and self.reached(start - _AHEAD) and not self.passed(start + span)
