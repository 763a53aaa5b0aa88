"""Settling: the stage between verdict and transition (status-rules, section 2).

Objects pass through states that nobody should be woken by. A new (state, reason) is published once it has stood
``settle_up`` seconds; leaving FAILED, DEGRADED or UNKNOWN for something less severe takes ``settle_down``, counted from
the last verdict that was as bad: what is well in turns (a Cronjob that runs, and waits, and runs) is well. The first
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
    left: float
    """Since when the verdicts have been less severe than what is published, or more so, without a break."""


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
    candidate = _candidate(before, candidate, verdict, now)
    due = candidate.first_seen + rules.settle_up
    if _is_slow(before, verdict):
        due = max(due, candidate.left + rules.settle_down)
    if now < due:
        return Settled(before, candidate, due)
    earliest = instant.parse(before.since) or 0.0  # the new state cannot have begun before the old one
    seen = candidate.first_seen  # nor later than it was first seen, though the cluster may date it later
    return Settled(_status(verdict, began=max(verdict.began or seen, earliest), now=seen))


def _candidate(before: Status, waiting: Candidate | None, verdict: Verdict, now: float) -> Candidate:
    if waiting is None:
        return Candidate(verdict.state, verdict.reason, now, now)
    if (waiting.state, waiting.reason) == (verdict.state, verdict.reason):
        return waiting
    left = waiting.left if _is_less(waiting.state, before) == _is_less(verdict.state, before) else now
    return Candidate(verdict.state, verdict.reason, now, left)


def _is_slow(before: Status, verdict: Verdict) -> bool:
    leaving = before.state in _TROUBLE and _is_less(verdict.state, before)
    return leaving and verdict.state is not State.TERMINATING and verdict.reason not in _ENDS


def _is_less(state: State, before: Status) -> bool:
    return SEVERITY[state] > SEVERITY[before.state]


def _same(before: Status, verdict: Verdict) -> Status:
    if (before.message, before.hint, before.because) == (verdict.message, verdict.hint, verdict.because):
        return before
    return Status(before.state, before.reason, verdict.message, verdict.hint, before.since, verdict.because)


def _status(verdict: Verdict, *, began: float, now: float) -> Status:
    since = instant.show(min(began, now))
    return Status(verdict.state, verdict.reason, verdict.message, verdict.hint, since, verdict.because)
