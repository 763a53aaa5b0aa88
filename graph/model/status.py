"""The one honest status of an object, and what explains it."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct

from graph.model.ref import ObjectRef


class State(StrEnum):
    """The normalized states (status-rules, section 1)."""

    HEALTHY = "HEALTHY"
    """It does what it should."""
    PROGRESSING = "PROGRESSING"
    """On its way, within its time."""
    DEGRADED = "DEGRADED"
    """It works in part, or works but something is wrong."""
    FAILED = "FAILED"
    """It does not work and will not by itself."""
    SUSPENDED = "SUSPENDED"
    """Somebody stopped it on purpose."""
    TERMINATING = "TERMINATING"
    """It is being deleted."""
    UNKNOWN = "UNKNOWN"
    """The cluster does not tell enough to judge it."""


SEVERITY: dict[State, int] = {
    state: rank
    for rank, state in enumerate(
        (
            State.FAILED,
            State.DEGRADED,
            State.UNKNOWN,
            State.PROGRESSING,
            State.TERMINATING,
            State.SUSPENDED,
            State.HEALTHY,
        )
    )
}
"""0 is the worst. The order of ``ServiceOrderField.SEVERITY``."""


class Evidence(StrEnum):
    """What a cause rests on."""

    STATUS = "STATUS"
    """A field of the object's status."""
    CONDITION = "CONDITION"
    """A condition of the object."""
    CONTAINER_STATE = "CONTAINER_STATE"
    """The state of a container."""
    TERMINATION = "TERMINATION"
    """How a container ended."""
    EVENT = "EVENT"
    """A Kubernetes event."""
    SCHEDULE = "SCHEDULE"
    """A schedule, and what it made of it."""
    CHILD = "CHILD"
    """The status of an object below."""
    STEP = "STEP"
    """A step of a build or an action."""


class Cause(Struct, frozen=True, gc=False, array_like=True):
    """One link of the chain from a status to what explains it. ``at``: RFC 3339 with milliseconds, where known."""

    object: ObjectRef
    reason: str
    message: str
    evidence: Evidence
    at: str | None = None


class Status(Struct, frozen=True, gc=False, array_like=True):
    """A published status. Messages hold absolute instants, never ages: they stay true while nothing changes."""

    state: State
    reason: str
    message: str
    hint: str | None
    since: str
    """When this (state, reason) began; RFC 3339 with milliseconds."""
    because: tuple[Cause, ...] = ()
    """From the nearest cause to the root; empty only when HEALTHY."""


class Verdict(Struct, frozen=True, gc=False):
    """What a judge returns: a status, and when time alone may change it.

    ``began``: when this (state, reason) began by the cluster's own times, where it tells; seconds. ``recheck_at``:
    judge again then, even if nothing changed; seconds. ``row``: the row of the status rules that decided, e.g. ``P34``.
    """

    state: State
    reason: str
    message: str
    row: str
    hint: str | None = None
    because: tuple[Cause, ...] = ()
    began: float | None = None
    recheck_at: float | None = None
