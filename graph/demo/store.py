"""The demo's etcd: objects in memory, versions that only grow, and what a write means to an object's metadata.

Every call is synchronous and atomic. Objects are shared, see ``objects``. Who writes (the HTTP API, controllers) has
defaulted and checked the object before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from random import Random
from typing import Any
from uuid import UUID

from graph.demo.history import Change, History
from graph.demo.objects import Object, controller_of, with_metadata, written
from graph.demo.problems import AlreadyExists, Conflict, NotFound
from graph.demo.resources import PODS, RESOURCES, Resource

HISTORY = 20_000
LETTERS = "bcdfghjklmnpqrstvwxz2456789"
FOREGROUND, ORPHAN = "foregroundDeletion", "orphan"

Listener = Callable[[Resource, Change], None]
Place = tuple[str, str]
"""(namespace, name); the namespace of what has none is empty."""


class Store:
    """``clock``: POSIX seconds. ``random`` makes UIDs and generated names, so that a seed repeats them."""

    def __init__(self, clock: Callable[[], float], random: Random, *, history: int = HISTORY) -> None:
        self.clock = clock
        self.random = random
        self.version = 1
        self._objects: dict[Resource, dict[Place, Object]] = {one: {} for one in RESOURCES}
        self._histories = {one: History(history) for one in RESOURCES}
        self._owned: dict[str, dict[str, tuple[Resource, Place]]] = {}
        self._listeners: list[Listener] = []

    def listen(self, listener: Listener) -> None:
        """Told of every change, at once and in order; it must not write."""
        self._listeners.append(listener)

    def history(self, resource: Resource) -> History:
        """For watches."""
        return self._histories[resource]

    def find(self, resource: Resource, namespace: str, name: str) -> Object | None:
        """None when there is none."""
        return self._objects[resource].get((namespace, name))

    def get(self, resource: Resource, namespace: str, name: str) -> Object:
        """Raises NotFound."""
        found = self.find(resource, namespace, name)
        if found is None:
            raise NotFound(_not_found(resource, name))
        return found

    def list(self, resource: Resource, namespace: str = "") -> list[Object]:
        """All of it, or of one namespace; by namespace and name."""
        objects = self._objects[resource]
        return [objects[place] for place in sorted(objects) if not namespace or place[0] == namespace]

    def owned(self, uid: str, resource: Resource | None = None) -> Iterator[Object]:
        """What names this owner as its controller, the oldest first."""
        for of, place in list(self._owned.get(uid, {}).values()):
            if resource in (None, of):
                yield self._objects[of][place]

    def create(self, resource: Resource, obj: Object) -> Object:
        """As stored. Raises AlreadyExists."""
        metadata = obj["metadata"]
        name = metadata.get("name") or metadata["generateName"] + self._letters(5)
        place = (metadata.get("namespace", "") if resource.namespaced else "", name)
        if place in self._objects[resource]:
            raise AlreadyExists(f'{_named(resource)} "{name}" already exists')
        fresh: dict[str, Any] = {
            "name": name,
            "uid": str(UUID(int=self.random.getrandbits(128), version=4)),
            "creationTimestamp": written(self.clock()),
            "deletionTimestamp": None,
        }
        if resource.generation:
            fresh["generation"] = 1
        head = {"apiVersion": resource.api_version, "kind": resource.kind}
        return self._keep(resource, place, "ADDED", {**head, **with_metadata(obj, **fresh)})

    def update(self, resource: Resource, obj: Object, *, status: bool = False) -> Object:
        """Replaces all but the status, or the status alone; as stored.

        What changes nothing writes nothing. A ``resourceVersion`` that is not the stored one is a Conflict. What is
        being deleted goes with its last finalizer.
        """
        metadata = obj["metadata"]
        place = (metadata.get("namespace", "") if resource.namespaced else "", metadata["name"])
        old = self.get(resource, *place)
        self._check(resource, old, uid=metadata.get("uid"), version=metadata.get("resourceVersion"))
        new = {**old, "status": obj.get("status", {})} if status else self._replaced(resource, old, obj)
        if new == old:
            return old
        if "deletionTimestamp" in new["metadata"] and not new["metadata"].get("finalizers") and not _stays(new):
            return self._drop(resource, place, new)
        return self._keep(resource, place, "MODIFIED", new)

    def delete(
        self,
        resource: Resource,
        namespace: str,
        name: str,
        *,
        uid: str | None = None,
        version: str | None = None,
        grace: int | None = None,
        propagation: str = "Background",
    ) -> Object:
        """The object as it was, or as it is while it is going. Raises NotFound, Conflict (of the preconditions).

        A pod that runs on a node is given its grace: the kubelet removes it by a second call with a grace of 0.
        """
        old = self.get(resource, namespace, name)
        self._check(resource, old, uid=uid, version=version)
        new = _going(resource, old, grace=grace, propagation=propagation, now=self.clock())
        if "deletionTimestamp" not in new["metadata"] or not (_stays(new) or new["metadata"].get("finalizers")):
            return self._drop(resource, (namespace, name), old)
        return old if new == old else self._keep(resource, (namespace, name), "MODIFIED", new)

    def _replaced(self, resource: Resource, old: Object, obj: Object) -> Object:
        """What no writer may change is as it was."""
        kept = ("name", "namespace", "uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds")
        fixed = {name: old["metadata"].get(name) for name in (*kept, "generation", "resourceVersion")}
        new = with_metadata({**old, **obj}, **fixed)
        if resource.status and "status" in old:
            new["status"] = old["status"]
        new = {name: value for name, value in new.items() if name in obj or name in ("apiVersion", "kind", "status")}
        if resource.generation and new.get("spec") != old.get("spec"):
            new = with_metadata(new, generation=old["metadata"].get("generation", 0) + 1)
        return new

    def _check(self, resource: Resource, old: Object, *, uid: str | None, version: str | None) -> None:
        metadata = old["metadata"]
        if uid and uid != metadata["uid"]:
            raise Conflict(f"Precondition failed: UID in precondition: {uid}, UID in object meta: {metadata['uid']}")
        if version and version != metadata["resourceVersion"]:
            raise Conflict(
                f'Operation cannot be fulfilled on {_named(resource)} "{metadata["name"]}": the object has been '
                "modified; please apply your changes to the latest version and try again"
            )

    def _keep(self, resource: Resource, place: Place, type_: str, obj: Object) -> Object:
        self.version += 1
        new = with_metadata(obj, resourceVersion=str(self.version))
        old = self._objects[resource].get(place)
        self._objects[resource][place] = new
        self._index(resource, place, old, new)
        self._tell(resource, Change(type_, self.version, new, old))
        return new

    def _drop(self, resource: Resource, place: Place, obj: Object) -> Object:
        """The last that watchers hear of it carries the version of its deletion."""
        self.version += 1
        old = self._objects[resource].pop(place)
        gone = with_metadata(obj, resourceVersion=str(self.version))
        self._index(resource, place, old, None)
        self._tell(resource, Change("DELETED", self.version, gone, old))
        return gone

    def _index(self, resource: Resource, place: Place, old: Object | None, new: Object | None) -> None:
        before, after = (controller_of(one) if one else None for one in (old, new))
        if before is not None and old is not None and (after is None or after["uid"] != before["uid"]):
            mine = self._owned[before["uid"]]
            del mine[old["metadata"]["uid"]]
            if not mine:
                del self._owned[before["uid"]]
        if after is not None and new is not None:
            self._owned.setdefault(after["uid"], {})[new["metadata"]["uid"]] = (resource, place)

    def _tell(self, resource: Resource, change: Change) -> None:
        self._histories[resource].add(change)
        for listener in self._listeners:
            listener(resource, change)

    def _letters(self, count: int) -> str:
        return "".join(self.random.choices(LETTERS, k=count))


def _going(resource: Resource, old: Object, *, grace: int | None, propagation: str, now: float) -> Object:
    metadata = old["metadata"]
    finalizers = list(metadata.get("finalizers") or ())
    wanted = {"Foreground": FOREGROUND, "Orphan": ORPHAN}.get(propagation)
    if wanted and wanted not in finalizers and "deletionTimestamp" not in metadata:
        finalizers.append(wanted)
    seconds = 0
    if resource is PODS and old["spec"].get("nodeName") and old["status"].get("phase") not in ("Succeeded", "Failed"):
        usual = old["spec"].get("terminationGracePeriodSeconds", 30)
        seconds = min(usual if grace is None else grace, metadata.get("deletionGracePeriodSeconds", 1 << 31))
    if not finalizers and not seconds:
        return with_metadata(old, deletionTimestamp=None)
    first = "deletionTimestamp" not in metadata
    changed: dict[str, Any] = {"finalizers": finalizers or None}
    if first or seconds < metadata.get("deletionGracePeriodSeconds", 0):
        changed |= {"deletionTimestamp": written(now + seconds), "deletionGracePeriodSeconds": seconds}
        if resource.generation and first:
            changed["generation"] = metadata.get("generation", 0) + 1
    return with_metadata(old, **changed)


def _stays(obj: Object) -> bool:
    """A pod in its grace."""
    return obj["kind"] == "Pod" and bool(obj["metadata"].get("deletionGracePeriodSeconds"))


def _named(resource: Resource) -> str:
    return f"{resource.plural}.{resource.group}" if resource.group else resource.plural


def _not_found(resource: Resource, name: str) -> str:
    return f'{_named(resource)} "{name}" not found'
