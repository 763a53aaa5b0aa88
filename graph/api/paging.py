"""Relay pages with stable cursors: a cursor holds the sort key of its item, so that a page goes on at the same place
when items before it came or went, or when the item itself is gone.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cmp_to_key
from typing import Any, NamedTuple

import msgspec
from strawberry import UNSET

from graph.api.errors import Code, refused
from graph.errors import BadCursor
from graph.model.ref import decode_id, encode_id

DEFAULT = 50
CAP = 100


class Term(NamedTuple):
    """One part of a sort key: a value that JSON can hold."""

    value: Callable[[Any], Any]
    descending: bool = False


class Order:
    """A total order of items by ``terms``, the last of which tells any two apart.

    ``name``: cursors of an order of another name are refused.
    """

    def __init__(self, name: str, *terms: Term) -> None:
        self._name = name
        self._terms = terms

    def sort(self, items: Sequence[Any]) -> list[Any]:
        """The items in this order."""
        found = list(items)
        for term in reversed(self._terms):
            found.sort(key=term.value, reverse=term.descending)
        return found

    def cursor(self, item: Any) -> str:
        """The place of an item."""
        return encode_id("PAGE", self._name, msgspec.json.encode(self._values(item)).decode())

    def after(self, items: Sequence[Any], cursor: str) -> int:
        """The index of the first of the sorted ``items`` that follows the cursor."""
        return self._find(items, cursor, bisect=bisect_right)

    def before(self, items: Sequence[Any], cursor: str) -> int:
        """The index behind the last of the sorted ``items`` that precedes the cursor."""
        return self._find(items, cursor, bisect=bisect_left)

    def _values(self, item: Any) -> tuple[Any, ...]:
        return tuple(term.value(item) for term in self._terms)

    def _compare(self, left: tuple[Any, ...], right: tuple[Any, ...]) -> int:
        for term, one, other in zip(self._terms, left, right, strict=True):
            if one != other:
                return 1 if (one > other) != term.descending else -1
        return 0

    def _find(self, items: Sequence[Any], cursor: str, *, bisect: Callable[..., int]) -> int:
        key = cmp_to_key(self._compare)
        try:
            kind, name, text = decode_id(cursor)
            if (kind, name) != ("PAGE", self._name):
                raise BadCursor("this cursor belongs to another list or another order")
            values = msgspec.json.decode(text, type=list[Any])
            return bisect(items, key(_tuple(values)), key=lambda item: key(self._values(item)))
        except (BadCursor, ValueError, TypeError, msgspec.DecodeError) as error:
            raise refused(Code.BAD_CURSOR, "this cursor belongs to another list or another order") from error


@dataclass(slots=True)
class Range:
    """The arguments of a connection as they were given; absent and null mean the same."""

    first: Any = UNSET
    after: Any = UNSET
    last: Any = UNSET
    before: Any = UNSET

    def __post_init__(self) -> None:
        self.first, self.last = _size("first", self.first), _size("last", self.last)
        self.after, self.before = self.after or None, self.before or None
        if self.first is not None and self.last is not None:
            raise refused(Code.BAD_PAGE, "give first or last, not both")

    def slice(self, items: Sequence[Any], order: Order) -> slice:
        """Which of the sorted items are on the page."""
        start = order.after(items, self.after) if self.after is not None else 0
        end = order.before(items, self.before) if self.before is not None else len(items)
        if self.last is not None:
            return slice(max(start, end - self.last), max(start, end))
        return slice(start, max(start, min(end, start + (self.first or DEFAULT))))


class Edge(NamedTuple):
    """An item of a page and its place."""

    cursor: str
    node: Any


class PageInfo(NamedTuple):
    """What is around a page."""

    has_next_page: bool
    has_previous_page: bool
    start_cursor: str | None
    end_cursor: str | None


class Page:
    """A page of ``items``, which need not be sorted. ``node``: what is shown of an item."""

    def __init__(
        self, items: Sequence[Any], order: Order, range_: Range, *, node: Callable[[Any], Any] = lambda x: x
    ) -> None:
        found = order.sort(items)
        cut = range_.slice(found, order)
        self._cut, self._order, self._node = cut, order, node
        self._items = found[cut]
        self.total_count = len(found)

    @property
    def nodes(self) -> list[Any]:
        """What is on the page."""
        return [self._node(item) for item in self._items]

    @property
    def edges(self) -> list[Edge]:
        """The same, with cursors."""
        return [Edge(self._order.cursor(item), self._node(item)) for item in self._items]

    @property
    def page_info(self) -> PageInfo:
        """What is around the page."""
        ends = [self._order.cursor(item) for item in (self._items[0], self._items[-1])] if self._items else [None, None]
        return PageInfo(self._cut.stop < self.total_count, self._cut.start > 0, *ends)


def _size(name: str, given: Any) -> int | None:
    if given is None or given is UNSET:
        return None
    if not 1 <= given <= CAP:
        raise refused(Code.BAD_PAGE, f"{name} must be from 1 to {CAP}")
    return int(given)


def _tuple(values: Any) -> Any:
    return tuple(_tuple(value) for value in values) if isinstance(values, list) else values
