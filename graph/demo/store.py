"""The demo's etcd: objects in memory, versions that only grow, and what a write means to an object's metadata.

Every call is synchronous and atomic. Objects are shared, see ``objects``. Who writes (the HTTP API, controllers) has
defaulted and checked the object before.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Callable, Iterator
from random import Random
from typing import Any
from uuid import UUID

from graph.demo.defaults import born, grown
from graph.demo.history import Change, History
from graph.demo.objects import Object, annotations_of, controller_of, with_metadata, written
from graph.demo.problems import AlreadyExists, Conflict, NotFound
from graph.demo.resources import DEPLOYMENTS, EVENTS, NAMESPACES, PODS, RESOURCES, Resource

HISTORY = 20_000
LETTERS = "bcdfghjklmnpqrstvwxz2456789"
FOREGROUND, ORPHAN = "foregroundDeletion", "orphan"

Listener = Callable[[Resource, Change], None]
Place = tuple[str, str]
"""(namespace, name); the namespace of what has none is empty."""


class Store:
    """``clock``: POSIX seconds. ``random`` makes UIDs and generated names, so that a seed repeats them: whatever else
    happens meanwhile, but for the UIDs of events."""

    def __init__(self, clock: Callable[[], float], random: Random, *, history: int = HISTORY) -> None:
        self.clock = clock
        self.random = random
        self._salt = random.getrandbits(64)
        self._thrown: dict[tuple[str, str, str], int] = {}
        self.version = 1
        self._objects: dict[Resource, dict[Place, Object]] = {one: {} for one in RESOURCES}
        self._places: dict[Resource, list[Place]] = {one: [] for one in RESOURCES}
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
        objects, places = self._objects[resource], self._places[resource]
        if namespace:
            places = places[bisect_left(places, (namespace, "")) : bisect_left(places, (namespace + "\0", ""))]
        return [objects[place] for place in places]

    def owned(self, uid: str, resource: Resource | None = None) -> Iterator[Object]:
        """What names this owner as its controller, the oldest first."""
        for of, place in list(self._owned.get(uid, {}).values()):
            if resource in (None, of):
                yield self._objects[of][place]

    def create(self, resource: Resource, obj: Object, *, dry: bool = False) -> Object:
        """As stored. Raises AlreadyExists. ``dry``: as it would be stored; so also for the other writes."""
        metadata = obj["metadata"]
        dice = self._dice(resource, metadata)
        name = metadata.get("name") or metadata["generateName"][:58] + "".join(dice.choices(LETTERS, k=5))
        place = (metadata.get("namespace", "") if resource.namespaced else "", name)
        if place in self._objects[resource]:
            raise AlreadyExists(f'{_named(resource)} "{name}" already exists')
        fresh: dict[str, Any] = {
            "name": name,
            "uid": str(UUID(int=dice.getrandbits(128), version=4)),
            "creationTimestamp": written(self.clock()),
            "deletionTimestamp": None,
        }
        if resource.generation:
            fresh["generation"] = 1
        head: Object = {"apiVersion": resource.api_version, "kind": resource.kind}
        if resource.status:
            head["status"] = {}
        new = {**head, **born(resource, with_metadata(obj, **fresh))}
        return new if dry else self._keep(resource, place, "ADDED", new)

    def update(self, resource: Resource, obj: Object, *, status: bool = False, dry: bool = False) -> Object:
        """Replaces all but the status, or the status alone, with the annotations that come with it; as stored.

        What changes nothing writes nothing. A ``resourceVersion`` that is not the stored one is a Conflict. What is
        being deleted goes with its last finalizer.
        """
        metadata = obj["metadata"]
        place = (metadata.get("namespace", "") if resource.namespaced else "", metadata["name"])
        old = self.get(resource, *place)
        self._check(resource, old, uid=metadata.get("uid"), version=metadata.get("resourceVersion"))
        new = _with_status(old, obj) if status else self._replaced(resource, old, obj)
        if new == old or dry:
            return new
        if "deletionTimestamp" in new["metadata"] and not new["metadata"].get("finalizers") and not _stays(new):
            self._drop(resource, place, old)  # so watchers hear of it with what held it
            return with_metadata(new, resourceVersion=str(self.version))
        return self._keep(resource, place, "MODIFIED", new)

    def bind(self, pod: Object) -> Object:
        """A pod with its node and the condition that says so, in one write that counts no generation."""
        metadata = pod["metadata"]
        place = (metadata["namespace"], metadata["name"])
        self._check(PODS, self.get(PODS, *place), uid=metadata["uid"], version=metadata["resourceVersion"])
        return self._keep(PODS, place, "MODIFIED", pod)

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
        dry: bool = False,
    ) -> Object:
        """The object as it was, or as it is while it is going. Raises NotFound, Conflict (of the preconditions).

        A pod that runs on a node is given its grace: the kubelet removes it by a second call with a grace of 0.
        """
        old = self.get(resource, namespace, name)
        _require(resource, old, uid=uid, version=version)
        if dry:
            return old
        new = _going(resource, old, grace=grace, propagation=propagation, now=self.clock())
        held = "deletionTimestamp" in new["metadata"] and (_stays(new) or new["metadata"].get("finalizers"))
        if new != old and (held or resource is PODS):  # a pod is marked even if it goes at once
            old = self._keep(resource, (namespace, name), "MODIFIED", new)
        return old if held else self._drop(resource, (namespace, name), old)

    def _replaced(self, resource: Resource, old: Object, obj: Object) -> Object:
        """What no writer may change is as it was."""
        kept = ("name", "namespace", "uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds")
        fixed = {name: old["metadata"].get(name) for name in (*kept, "generation", "resourceVersion")}
        new = with_metadata({**old, **obj}, **fixed)
        if resource.status and "status" in old:
            new["status"] = old["status"]
        new = {name: value for name, value in new.items() if name in obj or name in ("apiVersion", "kind", "status")}
        new = grown(resource, old, new)
        changed = new.get("spec") != old.get("spec")
        if resource is DEPLOYMENTS:  # its annotations are copied to its ReplicaSets
            changed = changed or annotations_of(new) != annotations_of(old)
        if resource.generation and changed:
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
        if old is None:
            insort(self._places[resource], place)
        self._index(resource, place, old, new)
        self._tell(resource, Change(type_, self.version, new, old))
        return new

    def _drop(self, resource: Resource, place: Place, obj: Object) -> Object:
        """The last that watchers hear of it carries the version of its deletion."""
        self.version += 1
        old = self._objects[resource].pop(place)
        places = self._places[resource]
        del places[bisect_left(places, place)]
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

    def _dice(self, resource: Resource, metadata: Object) -> Random:
        """One for each object that is to be called so. Of events that would be too many to remember."""
        if resource is EVENTS:
            return self.random
        key = resource.plural, metadata.get("namespace", ""), metadata.get("name") or metadata["generateName"]
        self._thrown[key] = self._thrown.get(key, 0) + 1
        return Random(f"{self._salt}/{'/'.join(key)}/{self._thrown[key]}")


def _with_status(old: Object, obj: Object) -> Object:
    annotations = obj["metadata"].get("annotations", old["metadata"].get("annotations"))
    return {**with_metadata(old, annotations=annotations), "status": obj.get("status", {})}


def _require(resource: Resource, old: Object, *, uid: str | None, version: str | None) -> None:
    """The preconditions of a deletion."""
    metadata = old["metadata"]
    wrong = ""
    if uid and uid != metadata["uid"]:
        again = "The object might have been deleted and then recreated"
        wrong = f"the UID in the precondition ({uid}) does not match the UID in record ({metadata['uid']}). {again}"
    elif version and version != metadata["resourceVersion"]:
        words = f"does not match the ResourceVersion in record ({metadata['resourceVersion']})"
        wrong = f"the ResourceVersion in the precondition ({version}) {words}. The object might have been modified"
    if wrong:
        words = f'Operation cannot be fulfilled on {resource.kind} "{metadata["name"]}": {wrong}'
        raise Conflict(words, name=metadata["name"], kind=resource.kind)


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
    if not finalizers and resource is not PODS and not (resource is NAMESPACES and _stays(old)):
        return with_metadata(old, deletionTimestamp=None)
    first = "deletionTimestamp" not in metadata
    changed: dict[str, Any] = {"finalizers": finalizers or None}
    if first or seconds < metadata.get("deletionGracePeriodSeconds", 0):
        changed |= {"deletionTimestamp": written(now + seconds)}
        changed |= {} if resource is NAMESPACES else {"deletionGracePeriodSeconds": seconds}
        if resource.generation and first:
            changed["generation"] = metadata.get("generation", 0) + 1
    new = with_metadata(old, **changed)
    return {**new, "status": {**new["status"], "phase": "Terminating"}} if resource is NAMESPACES else new


def _stays(obj: Object) -> bool:
    """A pod in its grace, a namespace that is not empty yet."""
    if obj["kind"] == "Namespace":
        return bool(obj["spec"].get("finalizers"))
    return obj["kind"] == "Pod" and bool(obj["metadata"].get("deletionGracePeriodSeconds"))


def _named(resource: Resource) -> str:
    return f"{resource.plural}.{resource.group}" if resource.group else resource.plural


def _not_found(resource: Resource, name: str) -> str:
    return f'{_named(resource)} "{name}" not found'
