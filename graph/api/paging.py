"""Relay pages with stable cursors: a cursor holds the sort key of its item, so that a page goes on at the same place
when items before it came or went, or when the item itself is gone.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import msgspec
from strawberry import UNSET

from graph.api.errors import Code, refused
from graph.errors import BadCursor
from graph.model.ref import decode_id, encode_id

DEFAULT = 50
CAP = 100

Rank = tuple[Any, ...]
"""What an item is sorted by; one is less than another when its item comes first."""


class Term(NamedTuple):
    """One part of a sort key: a value that JSON can hold."""

    value: Callable[[Any], Any]
    descending: bool = False


class Order:
    """A total order of items by ``terms``, the last of which tells any two apart.

    ``name``: cursors of an order of another name are refused.
    """

    def __init__(self, name: str, *terms: Term) -> None:
        self.name = name
        self._terms = terms

    def rank(self, item: Any) -> Rank:
        """Where an item stands."""
        return self._ranked([term.value(item) for term in self._terms])

    def sort(self, items: Iterable[Any]) -> list[Any]:
        """The items in this order: by the last term first, which compares plain values and no ranks."""
        found = list(items)
        for term in reversed(self._terms):
            found.sort(key=term.value, reverse=term.descending)
        return found

    def cursor(self, item: Any) -> str:
        """The place of an item."""
        values = [term.value(item) for term in self._terms]
        return encode_id("PAGE", self.name, msgspec.json.encode(values).decode())

    def after(self, items: Sequence[Any], cursor: str) -> int:
        """The index of the first of the sorted ``items`` that follows the cursor."""
        return self._find(items, cursor, bisect=bisect_right)

    def before(self, items: Sequence[Any], cursor: str) -> int:
        """The index behind the last of the sorted ``items`` that precedes the cursor."""
        return self._find(items, cursor, bisect=bisect_left)

    def _ranked(self, values: Iterable[Any]) -> Rank:
        pairs = zip(self._terms, values, strict=True)
        return tuple(_reversed(value) if term.descending else value for term, value in pairs)

    def _find(self, items: Sequence[Any], cursor: str, *, bisect: Callable[..., int]) -> int:
        try:
            kind, name, text = decode_id(cursor)
            if (kind, name) != ("PAGE", self.name):
                raise BadCursor("this cursor belongs to another list or another order")
            values = msgspec.json.decode(text, type=list[Any])
            return bisect(items, self._ranked(_tuple(values)), key=self.rank)
        except (BadCursor, ValueError, TypeError, RecursionError) as error:
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
        self.after, self.before = _cursor(self.after), _cursor(self.before)
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
    """A page of ``items``, which are sorted. ``node``: what is shown of an item."""

    def __init__(
        self, items: Sequence[Any], order: Order, range_: Range, *, node: Callable[[Any], Any] = lambda x: x
    ) -> None:
        self._cut, self._order, self._node = range_.slice(items, order), order, node
        self._items = items[self._cut]
        self.everything = items
        self.total_count = len(items)

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


_INVERTED = bytes(range(255, -1, -1))


def _reversed(value: Any) -> Any:
    """What sorts the other way round, of plain values, too: ranks are compared very often."""
    if isinstance(value, str):
        return value.encode().translate(_INVERTED) + b"\xff"  # the longer of two that begin alike comes first
    if isinstance(value, tuple):
        return tuple(map(_reversed, value))
    return -value


def _size(name: str, given: Any) -> int | None:
    if given is None or given is UNSET:
        return None
    if not 1 <= given <= CAP:
        raise refused(Code.BAD_PAGE, f"{name} must be from 1 to {CAP}")
    return int(given)


def _cursor(given: Any) -> Any:
    return None if given is UNSET else given


def _tuple(values: Any) -> Any:
    return tuple(_tuple(value) for value in values) if isinstance(values, list) else values
