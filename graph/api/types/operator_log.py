"""The operator log as lists: of everything, or of one service."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import strawberry
from strawberry import UNSET

from graph.api import reading
from graph.api.arguments import After, First
from graph.api.context import Context, Info
from graph.api.history import Record, beginning, entries, records
from graph.api.orders import NEWEST
from graph.api.paging import Page, Range
from graph.api.types.connection import connection
from graph.api.types.records import OperatorLogEntry
from graph.model.action import LogEntry
from graph.model.ref import Key
from graph.model.resource import Resource

OperatorLogEntryConnection = connection("OperatorLogEntry", OperatorLogEntry)


def page(context: Context, range_: Range, matches: Callable[[LogEntry], bool]) -> Page:
    """The visible entries that match, newest first."""
    replicas = context.catalog.replicas()
    found = records(replicas, entries, beginning(replicas, entries))
    return Page(
        [record for record in found if reading.readable(context, record.value) and matches(record.value)],
        NEWEST,
        range_,
        node=_entry,
    )


def operator_log() -> tuple[Any, Any]:
    """The field of a Service."""
    return OperatorLogEntryConnection, strawberry.field(
        resolver=_of_service, name="operatorLog", description="What the operator did for it, newest first."
    )


def _of_service(root: Resource, info: Info, first: First = UNSET, after: After = UNSET) -> Any:
    service: Key = root.key
    return page(info.context, Range(first, after), lambda entry: entry.service == service)


def _entry(record: Record[LogEntry]) -> LogEntry:
    return record.value
