"""``heldFor``: of the transitions those whose state lasted.

A transition counts when its object was in the state that it tells for so many seconds, whatever the reason was; gone
is a state like any other. When the state was left earlier the transition is never told. Both follow from the records
alone, and from the instant up to which the cluster is known to have been seen: so a subscription that is resumed
decides as the one before, and while nobody watches the cluster nothing is said to last.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from graph.model import instant
from graph.model.ref import Key
from graph.model.resource import Cursor, Freshness, FreshnessState, Transition
from graph.model.status import State
from graph.store.replica import Replica

SLACK = 1.0
"""Seconds after which all that was recorded until an instant is known here."""


@dataclass(slots=True)
class Stay:
    """Of an object in a state, from one transition on. ``ended`` None: it is there still."""

    key: Key
    state: State | None
    began: float
    ended: float | None = None

    def lasted(self, seconds: float, known: float) -> bool | None:
        """Whether it was so long; None when that is not known yet."""
        due = self.began + seconds
        if self.ended is not None:
            return self.ended >= due
        return True if known >= due else None


def known_until(freshness: Freshness) -> float:
    """The instant up to which all transitions of a cluster are here."""
    observed = instant.parse(freshness.observed_at)
    behind = freshness.state in (FreshnessState.CATCHING_UP, FreshnessState.DISCONNECTED)
    return 0.0 if observed is None or behind else observed - SLACK


class Stays:
    """Of a cluster's transitions, by their seqs. It holds what the replica holds, and catches up when it is asked."""

    def __init__(self) -> None:
        self._cursor: Cursor | None = None
        self._stays: dict[int, Stay] = {}
        self._open: dict[Key, deque[Stay]] = {}

    def of(self, replica: Replica) -> Mapping[int, Stay]:
        """Of all transitions that are kept."""
        before, now = self._cursor, replica.cursor
        if before != now and now is not None:
            since = before.seq if before is not None and before.epoch == now.epoch else None
            fresh = list(replica.transitions.after(-1 if since is None else since))  # all or, if one is bad, nothing
            if since is None:
                self._stays, self._open = {}, {}
            self._cursor = now
            self.take(fresh)
            self.forget(replica.transitions.complete_from)
        return self._stays

    def take(self, records: Iterable[tuple[int, Transition]]) -> None:
        """The next ones, oldest first."""
        for seq, transition in records:
            state = transition.after.state if transition.after is not None else None
            stay = self._stays[seq] = Stay(transition.key, state, instant.parse(transition.recorded_at) or 0.0)
            same = self._open.setdefault(stay.key, deque())
            if same and same[0].state != state:
                for each in same:
                    each.ended = stay.began
                same.clear()
            same.append(stay)

    def forget(self, complete_from: int) -> None:
        """What is no longer kept."""
        while self._stays and (seq := next(iter(self._stays))) <= complete_from:
            stay = self._stays.pop(seq)
            if stay.ended is None:
                same = self._open[stay.key]
                same.popleft()
                if not same:
                    del self._open[stay.key]
