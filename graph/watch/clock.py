"""The cluster's clock: whatever is judged happened by the times that the API server writes, so ``now`` must be its too.

An operator whose machine is an hour off would call a fresh pod stuck, or a stuck one fresh. Every answer of the API
server says in its ``Date`` header what time it is there.
"""

from __future__ import annotations

from collections.abc import Callable

import structlog

TOLERANCE = 5.0
"""Seconds by which the clocks may differ: below the least threshold of the rules, above what a slow answer costs."""
AGREE = 3
"""So many answers in a row must say it before a clock that was believed is no longer: API servers may differ, too."""

log = structlog.get_logger(__name__)


class ClusterClock:
    """POSIX seconds: this machine's where it agrees with the API server, else shifted by what they differ.

    Between two answers it goes on by ``ticks`` (monotonic seconds), whatever happens to the machine's own clock.
    """

    def __init__(
        self, wall: Callable[[], float], ticks: Callable[[], float], *, told: Callable[[float], None] = lambda _: None
    ) -> None:
        self.skew = 0.0
        self._wall = wall
        self._ticks = ticks
        self._told = told
        self._doubts = AGREE - 1  # the first answer is believed
        self._set()

    def __call__(self) -> float:
        return self._at + self._ticks() - self._ticked

    def hear(self, date: float) -> None:
        """What the API server said a moment ago, in whole seconds."""
        off = date + 0.5 - self._wall() - self.skew
        self._doubts = self._doubts + 1 if abs(off) > TOLERANCE else 0
        if self._doubts >= AGREE:
            self._doubts = 0
            self._shift(self.skew + off)
        if not self._doubts:
            self._set()

    def _shift(self, skew: float) -> None:
        self.skew = skew if abs(skew) > TOLERANCE else 0.0
        self._told(self.skew)
        if self.skew:
            log.warning(
                "this machine's clock and the API server's differ, judging by the API server's", skew=round(self.skew)
            )
        else:
            log.info("this machine's clock and the API server's agree again")

    def _set(self) -> None:
        self._at, self._ticked = self._wall() + self.skew, self._ticks()
