"""The operator log and the recorded transitions as lists: of everything, or of one object."""

from __future__ import annotations

from typing import Any

import strawberry
from strawberry import UNSET

from graph.api import reading
from graph.api.arguments import After, Before, First, Last
from graph.api.context import Info
from graph.api.history import Record
from graph.api.orders import LATEST
from graph.api.paging import Page, Range
from graph.api.types.connection import connection
from graph.api.types.records import OperatorLogEntry, StatusTransition
from graph.model.action import LogEntry
from graph.model.resource import Resource, Transition

OperatorLogEntryConnection = connection("OperatorLogEntry", OperatorLogEntry)
StatusTransitionConnection = connection("StatusTransition", StatusTransition)


def operator_log() -> tuple[Any, Any]:
    """The field of a Service."""
    return OperatorLogEntryConnection, strawberry.field(
        resolver=_entries, name="operatorLog", description="What the operator did for it, newest first."
    )


def transitions() -> tuple[Any, Any]:
    """The field of whatever has a status."""
    return StatusTransitionConnection, strawberry.field(
        resolver=_transitions,
        name="transitions",
        description="Its recorded transitions, of a Service also those of all that belongs to it; newest first.",
    )


def entry_of(record: Record[LogEntry]) -> LogEntry:
    """What is shown of a record."""
    return record.value


def transition_of(record: Record[Transition]) -> StatusTransition:
    """What is shown of a record."""
    return StatusTransition(position=record.position, record=record.value)


def _entries(
    root: Resource,
    info: Info,
    first: First = UNSET,
    after: After = UNSET,
    last: Last = UNSET,
    before: Before = UNSET,
) -> Any:
    return Page(reading.entries_of(info.context, root.key), LATEST, Range(first, after, last, before), node=entry_of)


def _transitions(
    root: Resource,
    info: Info,
    first: First = UNSET,
    after: After = UNSET,
    last: Last = UNSET,
    before: Before = UNSET,
) -> Any:
    found = reading.transitions_of(info.context, root.key)
    return Page(found, LATEST, Range(first, after, last, before), node=transition_of)
