"""The garbage collector: what has lost its owners goes, in the order that the deletion of the owner asked for."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator
from typing import NamedTuple

from graph.demo.history import Change
from graph.demo.objects import Object, deleting, with_metadata
from graph.demo.resources import RESOURCES, Resource
from graph.demo.store import FOREGROUND, ORPHAN, Store


class Item(NamedTuple):
    """A place in the store, whether or not something is there."""

    resource: Resource
    namespace: str
    name: str


BY_KIND = {(resource.api_version, resource.kind): resource for resource in RESOURCES}


class GarbageCollector:
    """Remembers which objects name which owner, by the owner's UID; the store knows only the controllers."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._dependents: dict[str, dict[Item, None]] = {}
        for resource in RESOURCES:
            for obj in store.list(resource):
                self._index(resource, None, obj)

    def keys(self, resource: Resource, change: Change) -> Iterable[Hashable]:
        """What names an owner or is going; with an owner that went or is going, all that names it."""
        obj = change.object
        self._index(resource, change.old, None if change.type == "DELETED" else obj)
        item = _item(resource, obj)
        if change.type == "DELETED":
            yield from list(self._dependents.get(obj["metadata"]["uid"], ()))
            yield from self._owners(change.old or obj)
        elif deleting(obj) or _references(obj) != _references(change.old):
            yield item

    def reconcile(self, key: Hashable) -> float | None:
        """One object."""
        assert isinstance(key, Item)
        obj = self._store.find(*key)
        if obj is None:
            return None
        finalizers = obj["metadata"].get("finalizers") or ()
        if deleting(obj) and ORPHAN in finalizers:
            self._orphan(key, obj)
        elif deleting(obj) and FOREGROUND in finalizers:
            self._delete_first(key, obj)
        elif not deleting(obj) and _references(obj):
            self._check_owners(key, obj)
        return None

    def _check_owners(self, item: Item, obj: Object) -> None:
        """Stays while one of its owners does; names of others are taken off."""
        known = [(reference, self._state(reference, item.namespace)) for reference in _references(obj)]
        solid = [reference for reference, state in known if state == "solid"]
        if solid:
            if len(solid) < len(known):
                self._store.update(item.resource, with_metadata(obj, ownerReferences=solid))
            return
        finalizers = obj["metadata"].get("finalizers") or ()
        waited_for = any(state == "waiting" for _, state in known)
        propagation = "Background"
        if ORPHAN in finalizers:
            propagation = "Orphan"
        elif FOREGROUND in finalizers or (waited_for and self._dependents.get(obj["metadata"]["uid"])):
            propagation = "Foreground"
        self._store.delete(*item, uid=obj["metadata"]["uid"], propagation=propagation)

    def _state(self, reference: Object, namespace: str) -> str:
        """Of an owner: solid, gone, or waiting for its dependents to go first."""
        resource = BY_KIND.get((reference["apiVersion"], reference["kind"]))
        if resource is None:
            return "solid"  # of a kind that is not ours to judge
        owner = self._store.find(resource, namespace if resource.namespaced else "", reference["name"])
        if owner is None or owner["metadata"]["uid"] != reference["uid"]:
            return "gone"
        waits = deleting(owner) and FOREGROUND in (owner["metadata"].get("finalizers") or ())
        return "waiting" if waits else "solid"

    def _delete_first(self, item: Item, obj: Object) -> None:
        """Deletes what it owns; itself only when nothing of that holds it any more."""
        mine = list(self._present(obj))
        for of, dependent in mine:
            if not deleting(dependent):
                self._check_owners(of, dependent)
        if not any(_blocks(dependent, obj) for _, dependent in self._present(obj)):
            self._finish(item, obj, FOREGROUND)

    def _orphan(self, item: Item, obj: Object) -> None:
        uid = obj["metadata"]["uid"]
        for of, dependent in list(self._present(obj)):
            rest = [one for one in _references(dependent) if one["uid"] != uid]
            self._store.update(of.resource, with_metadata(dependent, ownerReferences=rest or None))
        self._finish(item, obj, ORPHAN)

    def _finish(self, item: Item, obj: Object, finalizer: str) -> None:
        rest = [one for one in obj["metadata"]["finalizers"] if one != finalizer]
        self._store.update(item.resource, with_metadata(obj, finalizers=rest or None))

    def _present(self, owner: Object) -> Iterator[tuple[Item, Object]]:
        for item in list(self._dependents.get(owner["metadata"]["uid"], ())):
            if obj := self._store.find(*item):
                yield item, obj

    def _owners(self, obj: Object) -> Iterator[Item]:
        """Those that may wait for this one to be gone."""
        for reference in _references(obj):
            if resource := BY_KIND.get((reference["apiVersion"], reference["kind"])):
                namespace = obj["metadata"].get("namespace", "") if resource.namespaced else ""
                yield Item(resource, namespace, reference["name"])

    def _index(self, resource: Resource, old: Object | None, new: Object | None) -> None:
        before, after = ({one["uid"] for one in _references(obj)} for obj in (old, new))
        if before == after:
            return
        item = _item(resource, new or old or {})
        for uid in before - after:
            mine = self._dependents.get(uid, {})
            mine.pop(item, None)
            if not mine:
                self._dependents.pop(uid, None)
        for uid in after - before:
            self._dependents.setdefault(uid, {})[item] = None


def _blocks(dependent: Object, owner: Object) -> bool:
    uid = owner["metadata"]["uid"]
    return any(one["uid"] == uid and one.get("blockOwnerDeletion") for one in _references(dependent))


def _references(obj: Object | None) -> list[Object]:
    return (obj["metadata"].get("ownerReferences") or []) if obj else []


def _item(resource: Resource, obj: Object) -> Item:
    metadata = obj["metadata"]
    return Item(resource, metadata.get("namespace", "") if resource.namespaced else "", metadata["name"])
