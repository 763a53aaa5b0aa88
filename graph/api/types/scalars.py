"""The scalars of the schema, for Strawberry's ``scalar_map``. Their values are kept as the strings that go out."""

from __future__ import annotations

import re
from typing import NewType

import strawberry
from graphql import GraphQLError
from strawberry.types.scalar import ScalarDefinition

from graph.model import instant
from graph.model.kind import Time

Cursor = NewType("Cursor", str)
"""A position in the change streams of several clusters, as ``graph.store.codec`` writes it."""


_RFC3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)", re.ASCII)


def _instant(value: object) -> str:
    """Compared as text, so it takes the form that goes out."""
    if isinstance(value, str) and _RFC3339.fullmatch(value):
        normal = instant.normal(value)
        if normal is not None and instant.parse(value) is not None:
            return normal
    raise GraphQLError("this is no instant; write it as 2026-11-22T12:00:00Z, in or after 1970")


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise GraphQLError("this is a string")
    return value


SCALARS: dict[object, ScalarDefinition] = {
    Time: strawberry.scalar(
        name="DateTime",
        description="RFC 3339, UTC, milliseconds.",
        specified_by_url="https://www.rfc-editor.org/rfc/rfc3339",
        parse_value=_instant,
    ),
    Cursor: strawberry.scalar(
        name="Cursor",
        description=(
            "Opaque position, base64url of (epoch, seq) for each cluster that the subscription spans. "
            "Unreadable: BAD_CURSOR."
        ),
        specified_by_url="https://www.rfc-editor.org/rfc/rfc4648#section-5",
        parse_value=_text,
    ),
}
