"""How far a subscription has come in each cluster that it spans, and where it starts."""

from __future__ import annotations

from collections.abc import Iterable

from graph.api.errors import Code, refused
from graph.errors import BadCursor
from graph.model.resource import Cursor
from graph.store.catalog import Catalog
from graph.store.codec import decode_cursor, encode_cursor
from graph.store.hub import Delivery, Item, News, Reset, ResetReason
from graph.store.replica import Replica

AHEAD = 1_000_000
"""Changes that another process may have seen before this one; a cursor that is further ahead was made up."""


class Positions:
    """Made without an ``await`` after the hub's Subscriber, so that nothing is missed between the two.

    A cursor may be ahead of the replica, when it was made by another process: then only what has a greater seq is new.
    """

    def __init__(self, catalog: Catalog, clusters: Iterable[str] | None) -> None:
        self._catalog = catalog
        self._only = None if clusters is None else frozenset(clusters)
        self.replicas = catalog.replicas(self._only)
        self.now = {cursor.cluster: cursor for cursor in catalog.cursors() if self.spans(cursor.cluster)}
        self._floor = dict(self.now)

    def spanned(self) -> list[Replica]:
        """The replicas of now: clusters that are new are among them."""
        return self._catalog.replicas(self._only)

    def spans(self, cluster: str) -> bool:
        """Whether the subscription is about this cluster."""
        return self._only is None or cluster in self._only

    @property
    def cursor(self) -> str:
        """For the client."""
        return encode_cursor(self.now.values())

    def resume(self, after: str) -> dict[str, Cursor]:
        """What the client has seen of each cluster of today's epoch; BAD_CURSOR for a cluster that was never known.

        A cluster that the cursor does not name was not known when it was made: nothing of it was seen.
        """
        try:
            given = decode_cursor(after)
        except (BadCursor, ValueError) as error:
            raise refused(Code.BAD_CURSOR, "this is not a cursor") from error
        unknown = given.keys() - set(self._catalog.clusters) - self._catalog.forgotten
        if unknown and self._catalog.loading:
            raise refused(Code.UNAVAILABLE, "not all clusters are loaded yet; try again")
        if unknown:
            raise refused(Code.BAD_CURSOR, "this cursor names a cluster that is not known here")
        for cluster, now in self.now.items():
            seen = given.get(cluster)
            if seen is not None and seen.epoch == now.epoch and seen.seq > now.seq:
                if seen.seq > now.seq + AHEAD:
                    raise refused(Code.BAD_CURSOR, "this cursor is ahead of everything that happened")
                self.now[cluster] = self._floor[cluster] = seen
        return given

    def forgotten(self, given: Iterable[str]) -> bool:
        """Whether one of these clusters was removed since: what is shown of it must go."""
        return any(self.spans(cluster) and cluster in self._catalog.forgotten for cluster in given)

    def join(self, item: Item) -> Replica | None:
        """Where an item is the first that is heard of a cluster: the subscription spans it from now on.

        What the replica holds is for the caller to tell; only what follows that will be taken.
        """
        cluster = cluster_of(item)
        replica = self._catalog.replica(cluster)
        if cluster in self.now or not self.spans(cluster) or replica is None or replica.cursor is None:
            return None
        self.now[cluster] = self._floor[cluster] = replica.cursor
        return replica

    def advance(self, item: Delivery | Reset) -> bool:
        """Takes an item's position; False when it is of no interest, or was seen before."""
        cursor = item.cursor
        if not self.spans(cursor.cluster):
            return False
        floor = self._floor.get(cursor.cluster)
        if isinstance(item, Reset) and self._catalog.replica(cursor.cluster) is None:
            return self.now.pop(cursor.cluster, None) is not None  # the cluster was forgotten
        if floor is not None and floor.epoch == cursor.epoch and cursor.seq <= floor.seq:
            return False
        self.now[cursor.cluster] = cursor
        return True


def cluster_of(item: Item) -> str:
    """Where something happened."""
    return item.cluster if isinstance(item, News) else item.cursor.cluster


def reset_reason(*, seen: Cursor | None, now: Cursor, complete_from: int) -> ResetReason | None:
    """Why a subscription cannot go on in a cluster from what it has seen of it; None when it can."""
    if seen is not None and seen.epoch != now.epoch:
        return ResetReason.EPOCH_CHANGED
    if (seen.seq if seen is not None else 0) < complete_from:
        return ResetReason.CURSOR_EXPIRED
    return None
