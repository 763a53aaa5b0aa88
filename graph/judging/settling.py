"""Settling: the stage between verdict and transition (status-rules, section 2).

Objects pass through states that nobody should be woken by. A new (state, reason) is published once it has stood
``settle_up`` seconds; leaving FAILED, DEGRADED or UNKNOWN for something less severe takes ``settle_down``. The first
verdict of an object is published at once. ``since`` is when the state began, not when it was published.
"""

from __future__ import annotations

from msgspec import Struct

from graph.config import Rules
from graph.model import instant
from graph.model.status import SEVERITY, State, Status, Verdict

_TROUBLE = frozenset({State.FAILED, State.DEGRADED, State.UNKNOWN})
_ENDS = frozenset({"Completed", "Succeeded"})


class Candidate(Struct, frozen=True, gc=False):
    """A (state, reason) that waits to be published."""

    state: State
    reason: str
    first_seen: float


class Settled(Struct, frozen=True, gc=False):
    """The published status, what waits behind it, and when to look again (seconds, None: nothing waits)."""

    status: Status
    candidate: Candidate | None = None
    due: float | None = None


def settle(before: Status | None, candidate: Candidate | None, verdict: Verdict, rules: Rules, now: float) -> Settled:
    """One step of the stage: the status that is to be public now."""
    if before is None:
        return Settled(_status(verdict, began=verdict.began or now, now=now))
    if (verdict.state, verdict.reason) == (before.state, before.reason):
        return Settled(_same(before, verdict))
    if candidate is None or (candidate.state, candidate.reason) != (verdict.state, verdict.reason):
        candidate = Candidate(verdict.state, verdict.reason, now)
    due = candidate.first_seen + _wait(before, verdict, rules)
    if now < due:
        return Settled(before, candidate, due)
    earliest = instant.parse(before.since) or 0.0  # the new state cannot have begun before the old one
    seen = candidate.first_seen  # nor later than it was first seen, though the cluster may date it later
    return Settled(_status(verdict, began=max(verdict.began or seen, earliest), now=seen))


def _wait(before: Status, verdict: Verdict, rules: Rules) -> float:
    leaving = before.state in _TROUBLE and SEVERITY[verdict.state] > SEVERITY[before.state]
    if leaving and verdict.state is not State.TERMINATING and verdict.reason not in _ENDS:
        return rules.settle_down
    return rules.settle_up


def _same(before: Status, verdict: Verdict) -> Status:
    if (before.message, before.hint, before.because) == (verdict.message, verdict.hint, verdict.because):
        return before
    return Status(before.state, before.reason, verdict.message, verdict.hint, before.since, verdict.because)


def _status(verdict: Verdict, *, began: float, now: float) -> Status:
    since = instant.show(min(began, now))
    return Status(verdict.state, verdict.reason, verdict.message, verdict.hint, since, verdict.because)
