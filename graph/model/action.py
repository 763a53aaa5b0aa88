"""Actions that somebody asks for, and the log in which the operator tells what it did."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct

from graph.model.ref import Key, ObjectRef


class ActionState(StrEnum):
    """Of an action, and of each of its steps."""

    ACCEPTED = "ACCEPTED"
    """Asked for; the operator has not begun."""
    RUNNING = "RUNNING"
    """The operator is doing it."""
    SUCCEEDED = "SUCCEEDED"
    """Done."""
    FAILED = "FAILED"
    """Given up; the error says why."""


class LogLevel(StrEnum):
    """Of an operator log entry."""

    DEBUG = "DEBUG"
    """For those who look for a fault of the operator."""
    INFO = "INFO"
    """What was done."""
    WARNING = "WARNING"
    """It went on, but not as planned."""
    ERROR = "ERROR"
    """It could not be done."""


class ActionStep(Struct, frozen=True, gc=False, array_like=True):
    """One step. ``at`` is RFC 3339 with milliseconds."""

    name: str
    state: ActionState
    at: str | None = None
    message: str | None = None


class ActionRequest(Struct, frozen=True, gc=False, array_like=True):
    """What the api asks of the operator, through the store. Two requests with one id are one request."""

    id: str
    name: str
    """As in the schema: stopCronjob."""
    target: Key
    requested_at: str
    requested_by: str | None = None
    reason: str | None = None
    replicas: int | None = None
    """Of scaleDeployment."""


class Action(Struct, frozen=True, gc=False, array_like=True):
    """An action and how far it is."""

    id: str
    name: str
    object: ObjectRef
    target: Key
    state: ActionState
    requested_at: str
    requested_by: str | None = None
    finished_at: str | None = None
    steps: tuple[ActionStep, ...] = ()
    error: str | None = None


class LogEntry(Struct, frozen=True, gc=False, array_like=True):
    """One line of the operator log. ``error`` is the API server's own message, whole."""

    id: str
    at: str
    level: LogLevel
    cluster: str
    object: ObjectRef
    service: Key | None
    message: str
    action: str | None = None
    """The id of the action."""
    step: str | None = None
    error: str | None = None
