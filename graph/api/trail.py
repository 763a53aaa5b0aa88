"""What each recent change touched: which object, and which services, those that an object left among them.

One for the whole process, read by whatever follows services or keeps a sorted list. A change tells where an object
is, not where it was; the trail remembers that, since a service is another one as well when something leaves it.

It reads the hub when it is asked, so it is never behind whoever asks. What piled up beyond the hub's bound while
nobody asked is gone: then it begins anew, and says so by ``after``.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import takewhile
from typing import NamedTuple

from graph.model.ref import Key
from graph.model.resource import ActionChange, Cursor, LogChange, ResourceChange
from graph.store.catalog import Catalog
from graph.store.hub import Delivery, News, Reset, Subscriber
from graph.store.replica import Replica

KEEP = 20_000
"""Changes of a cluster that are remembered."""


class Touched(NamedTuple):
    """Of one change: the object, where it is a resource, and the services to which something happened."""

    key: Key | None
    services: tuple[Key, ...]


class _Track:
    """Of one cluster, in one epoch."""

    def __init__(self, replica: Replica) -> None:
        self.steps: dict[int, list[Touched]] = {}
        self.begin(replica)

    def begin(self, replica: Replica) -> None:
        """From what the replica holds now."""
        assert replica.cursor is not None, "only loaded ones are followed"
        self.cursor = replica.cursor
        self.complete_from = replica.cursor.seq
        self._service = {key: resource.service for key, resource in replica.resources.items() if resource.service}

    def step(self, item: Delivery) -> None:
        """The next change."""
        self.cursor = item.cursor
        self.steps.setdefault(item.cursor.seq, []).append(self._touched(item))
        if len(self.steps) > KEEP:
            oldest = next(iter(self.steps))
            self.complete_from = max(self.complete_from, oldest)  # which may be from before a gap
            del self.steps[oldest]

    def after(self, seq: int) -> Iterator[Touched]:
        for at in takewhile(lambda at: at > seq, reversed(self.steps)):
            yield from self.steps[at]

    def _touched(self, item: Delivery) -> Touched:
        change = item.change
        if isinstance(change, LogChange):
            return Touched(None, _known(change.entry.service))
        if isinstance(change, ActionChange):
            return Touched(None, _known(self._service.get(change.action.target)))
        return Touched(change.key, self._moved(change))

    def _moved(self, change: ResourceChange) -> tuple[Key, ...]:
        key, now = change.key, change.resource.service if change.resource is not None else None
        before = self._service.pop(key, None)
        if now is not None:
            self._service[key] = now
        own = key if key.kind == "SERVICE" else None
        return _known(own, before, now)


class Trail:
    """See the module."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._feed: Subscriber | None = None
        self._tracks: dict[str, _Track] = {}

    @property
    def listens(self) -> bool:
        """Whether it is one of the hub's subscribers: from when it was first asked."""
        return self._feed is not None and not self._feed.ended

    def listen(self) -> None:
        """Everything from now on is remembered."""
        self._advance()

    def of(self, item: Delivery) -> list[Touched] | None:
        """What a change touched that the hub has told; None when that was missed. A reset follows a change of an epoch
        that is over.
        """
        self._advance()
        track = self._tracks.get(item.cursor.cluster)
        if track is None or track.cursor.epoch != item.cursor.epoch:
            return []
        return track.steps.get(item.cursor.seq)

    def after(self, cursor: Cursor) -> Iterator[Touched] | None:
        """All that was touched since, newest first; None when not all of it is remembered."""
        self._advance()
        track = self._tracks.get(cursor.cluster)
        if track is None or track.cursor.epoch != cursor.epoch or cursor.seq < track.complete_from:
            return None
        return track.after(cursor.seq)

    def _advance(self) -> None:
        feed = self._feed
        if feed is None or feed.ended:
            feed = self._feed = self._catalog.hub.subscribe()
            self._tracks.clear()
        while feed.waiting:
            item = feed.waiting.popleft()
            track = self._tracks.get(item.cursor.cluster) if not isinstance(item, News) else None
            if isinstance(item, Reset):
                self._tracks.pop(item.cursor.cluster, None)
            elif isinstance(item, Delivery) and track is not None and track.cursor.epoch == item.cursor.epoch:
                track.step(item)
        for replica in self._catalog.replicas():
            self._check(replica)

    def _check(self, replica: Replica) -> None:
        """A track is behind its replica where a reload tells less than all that led to it."""
        track = self._tracks.get(replica.cluster)
        if track is None or (replica.cursor and track.cursor.epoch != replica.cursor.epoch):
            self._tracks[replica.cluster] = _Track(replica)
        elif track.cursor != replica.cursor:
            track.begin(replica)


def _known(*services: Key | None) -> tuple[Key, ...]:
    return tuple(dict.fromkeys(service for service in services if service is not None))
