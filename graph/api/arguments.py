"""Arguments that many fields share."""

from __future__ import annotations

from typing import Annotated, TypeVar

import strawberry
from strawberry import UNSET

from graph.api.types.scalars import Cursor

T = TypeVar("T")

FILTER = strawberry.argument(name="filter", description="Only what matches.")
First = Annotated[int | None, strawberry.argument(description="How many at most, from 1 to 100; 50 when not given.")]
After = Annotated[str | None, strawberry.argument(description="Only what follows this edge's cursor.")]
Last = Annotated[int | None, strawberry.argument(description="Count from the end instead: how many, from 1 to 100.")]
Before = Annotated[str | None, strawberry.argument(description="Only what precedes this edge's cursor.")]
Position = Annotated[
    Cursor | None, strawberry.argument(description="The cursor of the last item that was seen; to go on from there.")
]


def given(argument: T | None) -> T | None:
    """An argument as it was given: absent and null mean the same."""
    return None if argument is UNSET else argument
