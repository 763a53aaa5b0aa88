"""How long a Job waits before it makes another pod: 10 s after the first failure, twice as long after each."""

from __future__ import annotations

from dataclasses import dataclass

from graph.demo.controllers.job.pods import ended_at
from graph.demo.objects import Object

FIRST = 10.0
LONGEST = 600.0


@dataclass(frozen=True, slots=True)
class Backoff:
    """What is remembered of a Job: its failures since its last success, and when the last one was."""

    failures: int = 0
    last: float = 0.0

    def after(self, succeeded: list[Object], failed: list[Object]) -> Backoff:
        """Pods that ended since."""
        ends = sorted(map(ended_at, failed))
        if succeeded:
            success = max(map(ended_at, succeeded))
            later = [end for end in ends if end > success]
            return Backoff(len(later), later[-1] if later else 0.0)
        return Backoff(self.failures + len(ends), ends[-1]) if ends else self

    def until(self) -> float:
        """The instant before which there is no new pod."""
        return self.last + min(FIRST * 2.0 ** min(self.failures - 1, 10), LONGEST) if self.failures else 0.0
