"""The recorded transitions and log entries of several clusters as one sequence, each with the position that it stands
at.

Within a cluster the order is that of the seqs; between clusters it is by time, so a position says how far every
cluster has come.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from typing import Generic, TypeVar, overload
from weakref import WeakKeyDictionary

from msgspec import Struct

from graph.api.lasting import Stay, Stays
from graph.model.action import LogEntry
from graph.model.ref import Key
from graph.model.resource import Cursor, Transition
from graph.store.replica import History, Replica

T = TypeVar("T", bound=Transition | LogEntry)


class Record(Struct, Generic[T], frozen=True, gc=False):
    """A record, where it stands in its cluster, and ``position``: how far all clusters have come with it."""

    at: str
    cluster: str
    seq: int
    position: tuple[Cursor, ...]
    value: T


def transitions(replica: Replica) -> History[Transition]:
    """What ``statusTransitions`` tells."""
    return replica.transitions


def entries(replica: Replica) -> History[LogEntry]:
    """What ``operatorLog`` tells."""
    return replica.log


def records(
    replicas: Sequence[Replica], kind: Callable[[Replica], History[T]], since: Mapping[str, Cursor]
) -> Iterator[Record[T]]:
    """All that followed ``since``, which names each of the replicas, oldest first."""
    position = dict(since)
    each = (_of_one(replica, kind, since[replica.cluster]) for replica in replicas)
    for at, cursor, value in heapq.merge(*each, key=lambda found: found[0]):
        position[cursor.cluster] = cursor
        yield Record(at, cursor.cluster, cursor.seq, tuple(position.values()), value)


def beginning(replicas: Sequence[Replica], kind: Callable[[Replica], History[T]]) -> dict[str, Cursor]:
    """The positions before the oldest that is kept."""
    return {
        replica.cluster: Cursor(replica.cluster, replica.cursor.epoch, kind(replica).complete_from)
        for replica in replicas
        if replica.cursor is not None
    }


def _of_one(replica: Replica, kind: Callable[[Replica], History[T]], since: Cursor) -> Iterator[tuple[str, Cursor, T]]:
    for seq, value in kind(replica).after(since.seq):
        yield time_of(value), Cursor(replica.cluster, since.epoch, seq), value


def time_of(value: Transition | LogEntry) -> str:
    """When it was recorded."""
    return value.recorded_at if isinstance(value, Transition) else value.at


class _Newest(Sequence[Record[T]]):
    """Records are made of what is kept when they are asked for: of thousands a page shows a few."""

    def __init__(self, replica: Replica, kept: deque[tuple[int, T]]) -> None:
        self._replica, self._kept = replica, kept

    def __len__(self) -> int:
        return len(self._kept)

    @overload
    def __getitem__(self, at: int) -> Record[T]: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[Record[T]]: ...
    def __getitem__(self, at: int | slice) -> Record[T] | Sequence[Record[T]]:
        if isinstance(at, slice):
            return [self[one] for one in range(*at.indices(len(self)))]
        return _record(self._replica, *self._kept[-1 - at])


class Shelf(Generic[T]):
    """A cluster's records of a kind by what they are about, so that a service's own are found without all others'.
    ``about``: Nones are nothing.

    It holds what the replica holds, and catches up with it when it is asked.
    """

    def __init__(self, kept: Callable[[Replica], History[T]], about: Callable[[T], Iterable[Hashable]]) -> None:
        self._kept, self._about = kept, about
        self._cursor: Cursor | None = None
        self._order: deque[tuple[int, T]] = deque()
        self._by: dict[Hashable, deque[tuple[int, T]]] = {}

    def of(self, replica: Replica, key: Hashable) -> Sequence[Record[T]]:
        """Newest first, to be read at once. The position of each tells of its own cluster alone."""
        self._refresh(replica)
        return _Newest(replica, self._by.get(key, deque()))

    def _refresh(self, replica: Replica) -> None:
        before, now, history = self._cursor, replica.cursor, self._kept(replica)
        if before == now or now is None:
            return
        since = before.seq if before is not None and before.epoch == now.epoch else None
        fresh = list(history.after(-1 if since is None else since))  # all or, where one cannot be read, nothing
        if since is None:
            self._order, self._by = deque(), {}
        self._cursor = now
        for pair in fresh:
            self._order.append(pair)
            for key in self._keys(pair[1]):
                self._by.setdefault(key, deque()).append(pair)
        self._forget(history.complete_from)

    def _forget(self, complete_from: int) -> None:
        while self._order and self._order[0][0] <= complete_from:
            for key in self._keys(self._order.popleft()[1]):
                of_one = self._by[key]
                of_one.popleft()
                if not of_one:
                    del self._by[key]

    def _keys(self, value: T) -> set[Hashable]:
        return {key for key in self._about(value) if key is not None}


class Shelves:
    """The shelves of all clusters, as long as their replicas are followed."""

    def __init__(self) -> None:
        self._stays: WeakKeyDictionary[Replica, Stays] = WeakKeyDictionary()
        self._transitions: WeakKeyDictionary[Replica, Shelf[Transition]] = WeakKeyDictionary()
        self._entries: WeakKeyDictionary[Replica, Shelf[LogEntry]] = WeakKeyDictionary()

    def transitions(self, replica: Replica, key: Key) -> Sequence[Record[Transition]]:
        """Of an object, or of a service and all that belongs to it; newest first."""
        shelf = self._transitions.setdefault(replica, Shelf(transitions, lambda one: (one.key, one.service)))
        return shelf.of(replica, key)

    def stays(self, replica: Replica) -> Mapping[int, Stay]:
        """How long the states lasted that the transitions tell, by their seqs."""
        return self._stays.setdefault(replica, Stays()).of(replica)

    def entries(self, replica: Replica, about: Key | str) -> Sequence[Record[LogEntry]]:
        """What was done for a service, newest first; or the entry of an id."""
        shelf = self._entries.setdefault(replica, Shelf(entries, lambda one: (one.service, one.id)))
        return shelf.of(replica, about)


def _record(replica: Replica, seq: int, value: T) -> Record[T]:
    assert replica.cursor is not None, "only loaded ones are read"
    return Record(time_of(value), replica.cluster, seq, (Cursor(replica.cluster, replica.cursor.epoch, seq),), value)
