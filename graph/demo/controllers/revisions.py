"""ControllerRevisions: the templates that a StatefulSet or a DaemonSet has had, numbered."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from graph.demo.controllers.children import Children
from graph.demo.controllers.hashes import hashed
from graph.demo.controllers.pods import create, owned_by
from graph.demo.history import Change
from graph.demo.objects import Object, annotations_of
from graph.demo.problems import AlreadyExists
from graph.demo.resources import CONTROLLER_REVISIONS, Resource
from graph.demo.store import Place, Store


@dataclass(frozen=True, slots=True)
class History:
    """``latest``: of the template as it is now. ``earlier``: the others, the oldest first.

    ``collisions``: how often the name of a revision was taken by another template.
    """

    latest: Object
    earlier: list[Object]
    collisions: int

    def named(self, name: str | None) -> Object:
        """The revision of a name; the latest where there is none."""
        return next((one for one in self.earlier if one["metadata"]["name"] == name), self.latest)


class Revisions:
    """``label``: under which a revision tells the hash that its name ends with."""

    def __init__(self, store: Store, owners: Resource, label: str) -> None:
        self._store = store
        self._label = label
        self._children = Children(store, owners, CONTROLLER_REVISIONS)

    def keys(self, change: Change) -> Iterator[Place]:
        """The owners that a change of a revision concerns."""
        return self._children.keys(change)

    def of(self, owner: Object) -> History:
        """The history of an owner, after its template as it is now was entered, or moved to the end, if need be.

        Raises NamespaceGoing and Forbidden.
        """
        known = sorted(self._children.claim(owner), key=_age)
        data, collisions = _data(owner["spec"]["template"]), owner.get("status", {}).get("collisionCount", 0)
        same = [one for one in known if one["data"] == data]
        earlier = [one for one in known if one["data"] != data]
        number = max((one["revision"] for one in earlier), default=0) + 1
        if not same:
            made, collisions = self._make(owner, data, number, collisions)
            return History(made, earlier, collisions)
        latest = same[-1]
        if latest["revision"] < number:
            latest = self._store.update(CONTROLLER_REVISIONS, {**latest, "revision": number})
        return History(latest, earlier, collisions)

    def remove(self, revisions: Iterable[Object]) -> None:
        """They are beyond the limit."""
        for one in revisions:
            self._store.delete(CONTROLLER_REVISIONS, one["metadata"]["namespace"], one["metadata"]["name"])

    def _make(self, owner: Object, data: Object, number: int, collisions: int) -> tuple[Object, int]:
        metadata, labels = owner["metadata"], (owner["spec"]["template"].get("metadata") or {}).get("labels") or {}
        while True:
            hash_ = hashed(data, collisions)
            told: Object = {
                "name": f"{metadata['name'][:223]}-{hash_}",
                "namespace": metadata["namespace"],
                "ownerReferences": [owned_by(owner)],
                "labels": {**labels, self._label: hash_},
            }
            if annotations := annotations_of(owner):
                told["annotations"] = annotations
            try:
                made = create(self._store, CONTROLLER_REVISIONS, {"metadata": told, "data": data, "revision": number})
                return made, collisions
            except AlreadyExists:
                collisions += 1


def template_of(revision: Object) -> Object:
    """The template that a revision keeps."""
    return {name: value for name, value in revision["data"]["spec"]["template"].items() if name != "$patch"}


def _data(template: Object) -> Object:
    return {"spec": {"template": {**template, "$patch": "replace"}}}


def _age(revision: Object) -> tuple[int, str, str]:
    return revision["revision"], revision["metadata"]["creationTimestamp"], revision["metadata"]["name"]
