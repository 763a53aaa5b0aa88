"""Which objects belong to which owner: those that name it and match its selector. Others it lets go, and orphans that
match it takes."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from graph.demo.controllers.pods import owned_by
from graph.demo.history import Change
from graph.demo.objects import Object, controller_of, deleting, labels_of, with_metadata
from graph.demo.resources import Resource
from graph.demo.selectors import matches
from graph.demo.store import Place, Store


def key_of(obj: Object) -> Place:
    """The key of a controller for its own object."""
    return obj["metadata"]["namespace"], obj["metadata"]["name"]


class Children:
    """The objects of ``resource`` that belong, or could belong, to those of ``owners``.

    Orphans are remembered, so that no owner has to look through a namespace for them.
    """

    def __init__(self, store: Store, owners: Resource, resource: Resource) -> None:
        self._store = store
        self._owners = owners
        self._resource = resource
        self._orphans: dict[str, dict[Place, None]] = {}
        for obj in store.list(resource):
            self._remember(obj)

    def keys(self, change: Change) -> Iterator[Place]:
        """The owners that a change of a child concerns."""
        here = change.object if change.type != "DELETED" else None
        if here is None or controller_of(here):
            self._orphans.get(change.object["metadata"]["namespace"], {}).pop(key_of(change.object), None)
        for owner in filter(None, (controller_of(one) for one in (change.old, change.object) if one)):
            if owner["kind"] == self._owners.kind:
                yield change.object["metadata"]["namespace"], owner["name"]
        if here is not None and not controller_of(here):
            self._remember(here)
            if change.old is None or controller_of(change.old) or labels_of(change.old) != labels_of(here):
                yield from self._takers(here)

    def claim(self, owner: Object, *, only: Callable[[Object], bool] = lambda _: True) -> list[Object]:
        """What belongs to the owner now, the oldest first. ``only``: what is considered at all."""
        selector = owner["spec"]["selector"]
        mine = []
        for child in filter(only, self._store.owned(owner["metadata"]["uid"], self._resource)):
            if matches(selector, labels_of(child)):
                mine.append(child)
            elif not deleting(owner):
                self._release(owner, child)
        if not deleting(owner):
            mine += [self._adopt(owner, one) for one in self._adoptable(owner["metadata"]["namespace"], selector, only)]
        return mine

    def _takers(self, orphan: Object) -> Iterator[Place]:
        for owner in self._store.list(self._owners, orphan["metadata"]["namespace"]):
            if matches(owner["spec"]["selector"], labels_of(orphan)):
                yield key_of(owner)

    def _adoptable(self, namespace: str, selector: Object, only: Callable[[Object], bool]) -> list[Object]:
        found = (self._store.find(self._resource, *place) for place in self._orphans.get(namespace, ()))
        return [one for one in found if one and only(one) and not deleting(one) and matches(selector, labels_of(one))]

    def _adopt(self, owner: Object, orphan: Object) -> Object:
        owners = [*orphan["metadata"].get("ownerReferences", ()), owned_by(owner)]
        return self._store.update(self._resource, with_metadata(orphan, ownerReferences=owners))

    def _release(self, owner: Object, child: Object) -> None:
        uid = owner["metadata"]["uid"]
        others = [one for one in child["metadata"]["ownerReferences"] if one["uid"] != uid]
        self._store.update(self._resource, with_metadata(child, ownerReferences=others or None))

    def _remember(self, obj: Object) -> None:
        if not controller_of(obj):
            self._orphans.setdefault(obj["metadata"]["namespace"], {})[key_of(obj)] = None
