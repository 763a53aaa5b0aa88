"""What a namespace gets when it is made, and how it goes: first all that is in it, then itself."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable

from graph.demo.history import Change
from graph.demo.objects import Object, deleting, written
from graph.demo.resources import EVENTS, NAMESPACES, RESOURCES, SERVICE_ACCOUNTS, Resource
from graph.demo.store import Store

CONTENTS = tuple(resource for resource in RESOURCES if resource.namespaced)
FINE = {
    "NamespaceDeletionDiscoveryFailure": ("ResourcesDiscovered", "All resources successfully discovered"),
    "NamespaceDeletionGroupVersionParsingFailure": (
        "ParsedGroupVersions",
        "All legacy kube types successfully parsed",
    ),
    "NamespaceDeletionContentFailure": (
        "ContentDeleted",
        "All content successfully deleted, may be waiting on finalization",
    ),
    "NamespaceContentRemaining": ("ContentRemoved", "All content successfully removed"),
    "NamespaceFinalizersRemaining": ("ContentHasNoFinalizers", "All content-preserving finalizers finished"),
}
"""The conditions of a namespace that goes, and what they say when nothing is in the way."""


class NamespaceController:
    """Makes the default ServiceAccount; empties a namespace that goes."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def keys(self, resource: Resource, change: Change) -> Iterable[Hashable]:
        """A namespace; one that goes also with whatever leaves it."""
        metadata = change.object["metadata"]
        if resource is NAMESPACES:
            yield metadata["name"]
        elif resource.namespaced and change.type == "DELETED" and resource is not EVENTS:
            yield metadata["namespace"]

    def reconcile(self, key: Hashable) -> float | None:
        """One look."""
        name = str(key)
        namespace = self._store.find(NAMESPACES, "", name)
        if namespace is None:
            return None
        if deleting(namespace):
            self._empty(name)
        elif self._store.find(SERVICE_ACCOUNTS, name, "default") is None:
            self._store.create(SERVICE_ACCOUNTS, {"metadata": {"name": "default", "namespace": name}})
        return None

    def _empty(self, name: str) -> None:
        for resource in CONTENTS:
            for obj in self._store.list(resource, name):
                if not deleting(obj):
                    self._store.delete(resource, name, obj["metadata"]["name"])
        namespace = self._store.get(NAMESPACES, "", name)
        left = {resource: there for resource in CONTENTS if (there := self._store.list(resource, name))}
        told = _conditions(namespace, left, self._store.clock())
        status = {**namespace.get("status", {}), "conditions": told}
        namespace = self._store.update(NAMESPACES, {**namespace, "status": status}, status=True)
        if not left:
            spec = {key: value for key, value in namespace["spec"].items() if key != "finalizers"}
            self._store.update(NAMESPACES, {**namespace, "spec": spec})


def _conditions(namespace: Object, left: dict[Resource, list[Object]], now: float) -> list[Object]:
    wrong = _remaining(left)
    old = {one["type"]: one for one in namespace.get("status", {}).get("conditions") or ()}
    return [_condition(type_, wrong.get(type_), old.get(type_), now) for type_ in FINE]


def _remaining(left: dict[Resource, list[Object]]) -> dict[str, tuple[str, str]]:
    if not left:
        return {}
    counted = (f"{one.plural}.{one.group} has {len(there)} resource instances" for one, there in left.items())
    wrong = {
        "NamespaceContentRemaining": (
            "SomeResourcesRemain",
            f"Some resources are remaining: {', '.join(sorted(counted))}",
        )
    }
    finalizers = Counter(
        finalizer for there in left.values() for obj in there for finalizer in obj["metadata"].get("finalizers") or ()
    )
    if finalizers:
        counted = (f"{finalizer} in {count} resource instances" for finalizer, count in finalizers.items())
        text = f"Some content in the namespace has finalizers remaining: {', '.join(sorted(counted))}"
        wrong["NamespaceFinalizersRemaining"] = ("SomeFinalizersRemain", text)
    return wrong


def _condition(type_: str, wrong: tuple[str, str] | None, old: Object | None, now: float) -> Object:
    reason, message = wrong or FINE[type_]
    said = {"type": type_, "status": str(bool(wrong)), "reason": reason, "message": message}
    if old is not None and all(old[name] == value for name, value in said.items()):
        return old
    return {**said, "lastTransitionTime": written(now)}
