"""What a run of trials found of a promise, and how long it may go on."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field


@dataclass
class Tally:
    """A promise's line in the printed ledger. ``worst``: the greatest of each figure; ``broken``: what was not kept."""

    promise: str
    says: str
    trials: int = 0
    worst: dict[str, float] = field(default_factory=dict)
    broken: list[str] = field(default_factory=list)

    def figure(self, name: str, value: float, *, limit: float | None = None) -> None:
        """Remembers the worst; beyond the limit the promise is broken."""
        self.worst[name] = max(value, self.worst.get(name, 0.0))
        if limit is not None and value > limit:
            self.broken.append(f"{name} {value:.2f} > {limit:g}")

    def none_of(self, name: str, found: Iterable[object]) -> None:
        """A figure that has to be 0."""
        listed = [str(one) for one in found]
        self.worst[name] = self.worst.get(name, 0.0) + len(listed)
        self.broken += [f"{name}: {one}" for one in listed]

    def line(self) -> str:
        """As it is printed."""
        figures = ", ".join(f"{name} {value:.2f}".removesuffix(".00") for name, value in self.worst.items())
        verdict = f"BROKEN {len(self.broken)} times" if self.broken else "kept" if self.trials else "NOT TRIED"
        return f"{self.promise}  {self.says:<44} {self.trials:>6} trials  {verdict:<16} {figures}"


class Budget:
    """So many trials, or as many as begin within so many seconds; one at least."""

    def __init__(self, *, trials: int | None = None, seconds: float | None = None) -> None:
        self._trials = trials
        self._seconds = seconds

    def __iter__(self) -> Iterator[int]:
        began, done = time.monotonic(), 0
        while not done or (
            (self._trials is None or done < self._trials)
            and (self._seconds is None or time.monotonic() - began < self._seconds)
        ):
            yield done
            done += 1
