"""Relay connections, made for each type that is listed. Their source is a ``Page``."""

from __future__ import annotations

from typing import Any

import strawberry

from graph.api.types.cluster import StatusCounts, counted


@strawberry.type(description="What is around a page.")
class PageInfo:
    has_next_page: bool = strawberry.field(description="Whether something follows.")
    has_previous_page: bool = strawberry.field(description="Whether something precedes.")
    start_cursor: str | None = strawberry.field(description="The cursor of the first edge.")
    end_cursor: str | None = strawberry.field(description="The cursor of the last edge.")


def connection(name: str, node: Any, *, judged: bool = False) -> type[Any]:
    """The type ``<name>Connection`` and its edge. ``judged``: its nodes have a status, so they are counted by it."""
    edge = object_type(
        f"{name}Edge",
        f"One {name} of a list.",
        {
            "cursor": (str, strawberry.field(description="Its place in the list.")),
            "node": (node, strawberry.field(description=f"The {name}.")),
        },
    )
    fields = {
        "edges": (list[edge], strawberry.field(description="With their places.")),  # type: ignore[valid-type] # a type at run time
        "nodes": (list[node], strawberry.field(description="Without their places.")),
        "page_info": (PageInfo, strawberry.field(description="What is around the page.")),
        "total_count": (int, strawberry.field(description="How many there are on all pages.")),
    }
    return object_type(f"{name}Connection", f"A page of {name}s.", fields | (_COUNTS if judged else {}))


_COUNTS = {
    "counts": (
        StatusCounts,
        strawberry.field(
            resolver=lambda root: counted(root.everything), description="Those on all pages by their state."
        ),
    )
}


def object_type(
    name: str, description: str, fields: dict[str, tuple[Any, Any]], *, base: type[Any] = object, **members: Any
) -> type[Any]:
    """An object type that is only known at run time. ``fields``: attribute → (type, Strawberry's field)."""
    annotations = {attribute: type_ for attribute, (type_, _) in fields.items()}
    values = {attribute: field for attribute, (_, field) in fields.items()}
    body = {"__annotations__": annotations, "__module__": __name__, **values, **members}
    return strawberry.type(type(name, (base,), body), name=name, description=description)
