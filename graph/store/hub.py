"""Hands a replica's changes to bounded subscribers. One Hub per api process, fed by the followers, read by
subscriptions.

Contract: a subscriber sees every item that is published after it was made, in order, or ends with
SubscriberOverflow; it never holds up anybody else. Since all this runs in one event loop, making a subscriber and
reading the replica without an ``await`` between gives a snapshot and what follows it, without a gap.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Iterable
from enum import StrEnum

from msgspec import Struct

from graph.errors import SubscriberOverflow
from graph.model.resource import Change, Cursor


class ResetReason(StrEnum):
    """Why a subscription cannot go on from its cursor."""

    EPOCH_CHANGED = "EPOCH_CHANGED"
    CURSOR_EXPIRED = "CURSOR_EXPIRED"


class Delivery(Struct, frozen=True, gc=False):
    """A change, already applied to the replica, and its position."""

    cursor: Cursor
    change: Change


class Reset(Struct, frozen=True, gc=False):
    """Positions of a cluster mean nothing any more, or not all that followed is known; it goes on from ``cursor``."""

    cursor: Cursor
    reason: ResetReason


class News(Struct, frozen=True, gc=False):
    """A cluster's freshness may have changed."""

    cluster: str


Item = Delivery | Reset | News


class Subscriber:
    """A bounded queue. Iterate it once; leave the iteration to end it."""

    def __init__(self, hub: Hub, limit: int) -> None:
        self._hub = hub
        self._limit = limit
        self.waiting: deque[Item] = deque()
        self._ready = asyncio.Event()
        self._overflow = False

    @property
    def ended(self) -> bool:
        """More came than it holds: nothing will come any more."""
        return self._overflow

    def put(self, items: Iterable[Item]) -> None:
        """Queues items; the hub calls this. What is published at once, e.g. all that was missed, is no backlog yet."""
        if len(self.waiting) < self._limit:
            self.waiting.extend(items)
        else:
            self._overflow = True
            self.waiting.clear()
            self._hub.leave(self)
        self._ready.set()

    async def __aiter__(self) -> AsyncIterator[Item]:
        try:
            while True:
                while self.waiting:
                    yield self.waiting.popleft()
                if self._overflow:
                    raise SubscriberOverflow(
                        "too many changes wait for this subscription; resume after its last cursor"
                    )
                self._ready.clear()
                await self._ready.wait()
        finally:
            self._hub.leave(self)


class Hub:
    """See the module. ``limit``: how many items may wait for one subscriber."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._subscribers: set[Subscriber] = set()

    def __len__(self) -> int:
        return len(self._subscribers)

    def subscribe(self) -> Subscriber:
        """A new subscriber: it sees what is published from now on."""
        subscriber = Subscriber(self, self._limit)
        self._subscribers.add(subscriber)
        return subscriber

    def leave(self, subscriber: Subscriber) -> None:
        """Nothing more is queued for it."""
        self._subscribers.discard(subscriber)

    def publish(self, items: list[Item]) -> None:
        """Hands the items to everyone."""
        for subscriber in tuple(self._subscribers):
            subscriber.put(items)
