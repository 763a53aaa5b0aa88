"""Numbers that a spec may give as a share of a whole, and numbers that the API leaves out when they are 0."""

from __future__ import annotations

from math import ceil

from graph.demo.objects import Object


def portion(value: int | str | None, whole: int, *, up: bool) -> int:
    """``3`` or ``"25%"`` of a whole; ``up``: a fraction counts as one more. None is 0."""
    if isinstance(value, str):
        share = whole * int(value.removesuffix("%"))
        return ceil(share / 100) if up else share // 100
    return value or 0


def nonzero(**counters: int) -> Object:
    """Without those that are 0."""
    return {name: value for name, value in counters.items() if value}
