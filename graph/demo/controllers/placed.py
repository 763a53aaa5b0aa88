"""Which pods are on which node: an index that the scheduler and the node controllers share."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from graph.demo.controllers.amounts import asked
from graph.demo.controllers.pods import ended
from graph.demo.history import Change
from graph.demo.objects import Object, controller_of
from graph.demo.resources import PODS, Resource
from graph.demo.store import Store


class Placed:
    """Listens to the store itself, so that it is right whenever a controller asks."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._pods: dict[str, dict[tuple[str, str], None]] = {}
        self._taken: dict[str, Counter[str]] = {}
        self._owners: dict[str, Counter[str]] = {}
        for pod in store.list(PODS):
            self._add(pod)
        store.listen(self._hear)

    def on(self, node: str) -> Iterator[Object]:
        """Its pods, as the store has them."""
        for place in list(self._pods.get(node, ())):
            if pod := self._store.find(PODS, *place):
                yield pod

    def nodes(self) -> list[str]:
        """Those that have pods."""
        return list(self._pods)

    def taken(self, node: str) -> Counter[str]:
        """What the pods there that have not ended ask for, in thousandths; ``pods``: their number, too."""
        return self._taken.get(node, Counter())

    def siblings(self, node: str, owner: str) -> int:
        """How many of the pods there belong to a controller."""
        return self._owners.get(node, Counter())[owner]

    def _hear(self, resource: Resource, change: Change) -> None:
        if resource is not PODS:
            return
        if change.type == "MODIFIED" and change.old is not None and _standing(change.old) == _standing(change.object):
            return
        if change.old is not None:
            self._remove(change.old)
        if change.type != "DELETED":
            self._add(change.object)

    def _add(self, pod: Object) -> None:
        if node := pod["spec"].get("nodeName"):
            self._pods.setdefault(node, {})[_place(pod)] = None
            self._count(pod, node, 1)

    def _remove(self, pod: Object) -> None:
        if node := pod["spec"].get("nodeName"):
            places = self._pods[node]
            places.pop(_place(pod))
            if not places:
                del self._pods[node]
            self._count(pod, node, -1)

    def _count(self, pod: Object, node: str, sign: int) -> None:
        if ended(pod):
            return
        taken = self._taken.setdefault(node, Counter())
        for name, value in [*asked(pod).items(), ("pods", 1000)]:
            taken[name] += sign * value
        if owner := controller_of(pod):
            self._owners.setdefault(node, Counter())[owner["uid"]] += sign


def _standing(pod: Object) -> tuple[object, bool, object]:
    """All that this index knows of a pod."""
    return pod["spec"].get("nodeName"), ended(pod), controller_of(pod)


def _place(pod: Object) -> tuple[str, str]:
    return pod["metadata"]["namespace"], pod["metadata"]["name"]
