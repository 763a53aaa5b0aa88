"""The scalars of the schema, for Strawberry's ``scalar_map``. Their values are kept as the strings that go out."""

from __future__ import annotations

from typing import NewType

import strawberry
from graphql import GraphQLError
from strawberry.types.scalar import ScalarDefinition

from graph.model.kind import Time

Cursor = NewType("Cursor", str)
"""A position in the change streams of several clusters, as ``graph.store.codec`` writes it."""


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise GraphQLError("this is a string")
    return value


SCALARS: dict[object, ScalarDefinition] = {
    Time: strawberry.scalar(
        name="DateTime",
        description="RFC 3339, UTC, milliseconds.",
        specified_by_url="https://www.rfc-editor.org/rfc/rfc3339",
        parse_value=_text,
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
