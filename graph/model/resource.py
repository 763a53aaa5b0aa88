"""What the store keeps: resources, transitions, and changes of them."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Generic

from msgspec import Struct
from typing_extensions import TypeVar

from graph.model.action import Action, LogEntry
from graph.model.ref import Key, ObjectRef
from graph.model.status import Status

F = TypeVar("F", default=Any)


class Resource(Struct, Generic[F], frozen=True, gc=False, array_like=True):
    """One object of the graph: its view (the public fields), its published status and its place."""

    key: Key
    uid: str | None
    word: str
    """The cluster's word for what it is: Pod; of our own Service and Build the schema's."""
    api_version: str | None
    labels: dict[str, str]
    created_at: str | None
    deleted_at: str | None
    """Set where only the record is left."""
    status: Status | None
    """None for a kind without a judge (Event)."""
    service: Key | None
    owner: Key | None
    """The nearest owner that the graph knows; of an event the object it is about."""
    fields: F
    """The struct ``Kind.fields`` of its kind."""

    @property
    def ref(self) -> ObjectRef:
        """The object as the cluster names it: not stored, since all of it is."""
        key = self.key
        return ObjectRef(self.word, key.name, key.namespace, self.uid, self.api_version, key=key)


class Transition(Struct, frozen=True, gc=False, array_like=True):
    """Old status → new status; the cause is ``after.because``.

    ``before`` None: seen for the first time. ``after`` None: gone. Times are RFC 3339, ms.
    """

    object: ObjectRef
    key: Key
    service: Key | None
    before: Status | None
    after: Status | None
    at: str
    """When it happened, by the cluster's own times where it tells."""
    observed_at: str
    recorded_at: str
    inferred: bool
    """Found by comparing across a gap in watching."""
    flaps: int = 0
    """How often the object returned, within ``flap_win``, to a status that it had left within it."""


class ChangeType(StrEnum):
    """What happened to a resource."""

    ADDED = "ADDED"
    MODIFIED = "MODIFIED"
    DELETED = "DELETED"


class ResourceChange(Struct, Generic[F], frozen=True, gc=False, array_like=True):
    """A resource was added, modified or deleted (then ``resource`` is None)."""

    type: ChangeType
    key: Key
    resource: Resource[F] | None
    transition: Transition | None = None


class ActionChange(Struct, frozen=True, gc=False, array_like=True):
    """An action was accepted or made a step."""

    action: Action


class LogChange(Struct, frozen=True, gc=False, array_like=True):
    """The operator wrote an entry of its log."""

    entry: LogEntry


Change = ResourceChange | ActionChange | LogChange
"""One item of the change stream: it has one seq."""


class FreshnessState(StrEnum):
    """How far what we show may be behind the cluster."""

    LIVE = "LIVE"
    """All watches are up to date."""
    CATCHING_UP = "CATCHING_UP"
    """The operator reads the cluster or has news that wait for over a second, or this server reads what it wrote."""
    STALE = "STALE"
    """The cluster cannot be watched, or the operator was silent for a while; what is shown may be old."""
    DISCONNECTED = "DISCONNECTED"
    """The store cannot be reached; what is shown is the last that was known."""


class Freshness(Struct, frozen=True, gc=False, array_like=True):
    """``observed_at``:

    the last instant for which all watches were known to be up to date; RFC 3339 with milliseconds.
    """

    state: FreshnessState
    observed_at: str | None = None
    lag_ms: int | None = None


class Whole(Struct, frozen=True, gc=False):
    """Since when what was recorded is whole, retention aside; RFC 3339 with milliseconds, None where nobody knows."""

    since: str | None = None
    lost: bool = False
    """The store lost data then, or may have; else it was new."""


class Cursor(Struct, frozen=True, order=True, gc=False, array_like=True):
    """A position in one cluster's change stream."""

    cluster: str
    epoch: str
    seq: int
