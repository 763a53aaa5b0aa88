"""The recorded transitions and log entries of several clusters as one sequence, each with the position that it stands
at.

Within a cluster the order is that of the seqs; between clusters it is by time, so a position says how far every
cluster has come.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Generic, TypeVar

from msgspec import Struct

from graph.model.action import LogEntry
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
