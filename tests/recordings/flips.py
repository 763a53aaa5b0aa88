"""Statuses that went there and back within a moment (A→B→A), and why some of them must."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from graph.model import instant
from graph.model.resource import Transition

MOMENT = 5.0
"""Seconds from B to A."""


class Told(NamedTuple):
    """A published transition: ``word`` is ``STATE/Reason``, empty where the object left."""

    kind: str
    namespace: str
    name: str
    word: str
    at: float


class Flip(NamedTuple):
    """A→B→A of one object."""

    first: Told
    there: Told
    back: Told

    @property
    def name(self) -> str:
        """``POD space/web-1``."""
        return f"{self.back.kind} {self.back.namespace}/{self.back.name}"

    def __str__(self) -> str:
        shown = " → ".join(f"{one.word} {instant.show(one.at)}" for one in self)
        return f"{self.name}: {shown} ({self.back.at - self.there.at:.1f} s)"


def told(transition: Transition) -> Told:
    """As the ledger publishes it, at the instant when it was published."""
    after, key = transition.after, transition.key
    at = instant.parse(transition.recorded_at)
    assert at is not None
    return Told(key.kind, key.namespace, key.name, f"{after.state}/{after.reason}" if after else "", at)


def flips(history: Iterable[Told]) -> Iterator[Flip]:
    """All of them, in the order in which they ended."""
    objects: dict[tuple[str, str, str], list[Told]] = {}
    for one in history:
        of = objects.setdefault(one[:3], [])
        of.append(one)
        last = of[-3:]
        if len(last) == 3 and all(each.word for each in last) and _back(Flip(*last)):
            yield Flip(*last)


def _back(flip: Flip) -> bool:
    return flip.first.word == flip.back.word and flip.back.at - flip.there.at <= MOMENT
