"""What the operator tells Prometheus of its writing; shown at ``/metrics`` of its own port."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from prometheus_client import Counter, Gauge

WAITING = Gauge("statusgraph_outbox_waiting", "Changes that wait to be written to Redis.", ["cluster"])
OLDEST = Gauge("statusgraph_outbox_oldest_seconds", "For how long the oldest of them has waited.", ["cluster"])
REFUSED = Gauge(
    "statusgraph_redis_refuses_writes",
    "1 while Redis answers and refuses writes: its memory is full, a right is missing, it is a replica.",
    ["cluster"],
)
LOSSES = Counter(
    "statusgraph_redis_losses", "How often Redis had lost data and everything was written again.", ["cluster"]
)


class Queue(Protocol):
    """What waits to be written."""

    refused: bool

    def __len__(self) -> int: ...

    @property
    def oldest(self) -> float: ...


@contextmanager
def shown(queue: Queue, cluster: str) -> Iterator[None]:
    """While this is open, the gauges tell of this queue, read when they are scraped."""
    gauges = (gauge.labels(cluster) for gauge in (WAITING, OLDEST, REFUSED))
    waiting, oldest, refused = gauges
    waiting.set_function(lambda: len(queue))
    oldest.set_function(lambda: queue.oldest)
    refused.set_function(lambda: queue.refused)
    try:
        yield
    finally:
        for gauge in (waiting, oldest, refused):
            gauge.set_function(lambda: 0)
