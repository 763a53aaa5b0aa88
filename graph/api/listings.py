"""Sorted lists of everything of a kind, kept from one request to the next: a change costs its own place in them, not
the sorting of all.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, OrderedDict
from collections.abc import Iterable, Sequence

from graph.api.paging import Order
from graph.api.trail import Trail
from graph.model.ref import Key
from graph.model.resource import Cursor, Resource
from graph.store.catalog import Catalog
from graph.store.replica import Replica

KEEP = 200_000
"""Items of all lists together; beyond them the list that was not asked for the longest is forgotten."""
MOST = 500
"""Lists, as many as there are orders that somebody invents."""
FEW = 0.01
"""The part of a list that may have changed for it to be mended; more is sorted anew."""


class Listing:
    """One kind of one cluster in one order."""

    def __init__(self, replica: Replica, kind: str, order: Order) -> None:
        self.replica, self._kind, self._order = replica, kind, order
        self._cursor: Cursor | None = None
        self.items: list[Resource] = []
        self._held: dict[Key, Resource] = {}
        self.namespaces: Counter[str] = Counter()
        self._load()

    def refresh(self, trail: Trail) -> None:
        """Brings it to what the replica holds now."""
        if self._cursor == self.replica.cursor:
            return
        touched = trail.after(self._cursor) if self._cursor is not None else None
        most = len(self.items) * FEW
        changed: set[Key] = set()
        for each in touched or ():
            if each.key is not None and each.key.kind == self._kind:
                changed.add(each.key)
                if len(changed) > most:
                    break
        if touched is None or len(changed) > most:
            self._load()
            return
        self._cursor = None  # one that cannot be read leaves it half done: then all is loaded the next time
        for key in changed:
            self._mend(key)
        self._cursor = self.replica.cursor

    def _load(self) -> None:
        self.items = self._order.sort(self.replica.of_kind(self._kind))
        self._held = {item.key: item for item in self.items}
        self.namespaces = Counter(item.key.namespace for item in self.items)
        self._cursor = self.replica.cursor

    def _mend(self, key: Key) -> None:
        before, now = self._held.pop(key, None), self.replica.resources.get(key)
        if before is not None:
            del self.items[self._place(before)]
            self.namespaces[key.namespace] -= 1
        if now is not None:
            self._held[key] = now
            self.items.insert(self._place(now), now)
            self.namespaces[key.namespace] += 1

    def _place(self, item: Resource) -> int:
        return bisect_left(self.items, self._order.rank(item), key=self._order.rank)


class Listings:
    """All lists that were asked for."""

    def __init__(self, catalog: Catalog, trail: Trail) -> None:
        self._catalog, self._trail = catalog, trail
        self._listings: OrderedDict[tuple[str, str, str], Listing] = OrderedDict()

    def of(self, kind: str, order: Order, clusters: Iterable[str] | None) -> list[Listing]:
        """The lists of these clusters, of all when None."""
        found = [self._listing(replica, kind, order) for replica in self._catalog.replicas(clusters)]
        while len(self._listings) > len(found) and self._too_many():
            self._listings.popitem(last=False)
        return found

    def _too_many(self) -> bool:
        return len(self._listings) > MOST or sum(len(each.items) for each in self._listings.values()) > KEEP

    def _listing(self, replica: Replica, kind: str, order: Order) -> Listing:
        name = replica.cluster, kind, order.name
        listing = self._listings.get(name)
        if listing is None or listing.replica is not replica:
            listing = self._listings[name] = Listing(replica, kind, order)
        else:
            listing.refresh(self._trail)
        self._listings.move_to_end(name)
        return listing


def merged(lists: Sequence[Sequence[Resource]], order: Order) -> Sequence[Resource]:
    """Several sorted lists as one."""
    return lists[0] if len(lists) == 1 else order.sort(item for each in lists for item in each)
