"""ResourceQuotas: what a new object would exceed is refused, and the status tells how much is used."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable
from fractions import Fraction

from graph.demo.controllers.amounts import amount, asked, text_of
from graph.demo.history import Change
from graph.demo.objects import Object
from graph.demo.problems import Forbidden
from graph.demo.resources import PODS, QUOTAS, RESOURCES, Resource
from graph.demo.store import LETTERS, Store

BARE = ("pods", "services", "secrets", "configmaps", "persistentvolumeclaims", "resourcequotas")
"""Resources that a quota may count by their name alone."""
COMPUTE = ("cpu", "memory")


def admit(store: Store, obj: Object, resource: Resource = PODS) -> None:
    """Raises Forbidden, in the API server's words, when a quota of the namespace has no room for a new object."""
    namespace = obj["metadata"].get("namespace", "")
    for quota in store.list(QUOTAS, namespace) if resource.namespaced else ():
        hard = {name: amount(value) for name, value in quota["spec"].get("hard", {}).items()}
        if resource is PODS and (silent := _silent(obj, hard)):
            refused = f"failed quota: {quota['metadata']['name']}: must specify {silent}"
            raise Forbidden(f"{_named(store, resource, obj)} is forbidden: {refused}")
        wanted = {name: value for name, value in _uses(resource, obj).items() if name in hard}
        used = _used(store, namespace, frozenset(wanted))
        over = sorted(name for name, value in wanted.items() if value and used[name] + value > hard[name])
        if over:
            lists = (("requested", wanted), ("used", used), ("limited", hard))
            told = (f"{word}: {','.join(f'{name}={text_of(of[name])}' for name in over)}" for word, of in lists)
            raise Forbidden(
                f"{_named(store, resource, obj)} is forbidden: exceeded quota: "
                f"{quota['metadata']['name']}, {', '.join(told)}"
            )


class QuotaController:
    """Keeps the status of every quota."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def keys(self, resource: Resource, change: Change) -> Iterable[Hashable]:
        """Quotas of the namespace in which something came or went."""
        if resource is QUOTAS and change.type != "DELETED":
            yield change.object["metadata"]["namespace"], change.object["metadata"]["name"]
        elif resource.namespaced and (change.type != "MODIFIED" or resource is PODS):
            for quota in self._store.list(QUOTAS, change.object["metadata"]["namespace"]):
                yield quota["metadata"]["namespace"], quota["metadata"]["name"]

    def reconcile(self, key: Hashable) -> float | None:
        """Counts anew."""
        assert isinstance(key, tuple)
        quota = self._store.find(QUOTAS, *key)
        if quota is not None:
            hard = quota["spec"].get("hard", {})
            used = _used(self._store, key[0], frozenset(hard))
            told = {name: text_of(used[name]) for name in hard}
            self._store.update(QUOTAS, {**quota, "status": {"hard": hard, "used": told}}, status=True)
        return None


def _used(store: Store, namespace: str, names: frozenset[str]) -> dict[str, Fraction]:
    used = dict.fromkeys(names, Fraction(0))
    for resource in RESOURCES:
        if resource.namespaced and any(name in names for name in _names(resource)):
            for obj in store.list(resource, namespace):
                for name, value in _uses(resource, obj).items():
                    if name in used:
                        used[name] += value
    return used


def _names(resource: Resource) -> list[str]:
    """The words by which quotas may limit a resource."""
    named = f"{resource.plural}.{resource.group}" if resource.group else resource.plural
    names = [f"count/{named}", *([resource.plural] if resource.plural in BARE else ())]
    if resource is PODS:
        names += [*COMPUTE, *(f"{which}.{name}" for which in ("requests", "limits") for name in COMPUTE)]
    return names


def _uses(resource: Resource, obj: Object) -> dict[str, Fraction]:
    """What one object takes; a pod that has ended takes only its place in ``count/pods``."""
    uses = dict.fromkeys(_names(resource), Fraction(1))
    if resource is PODS:
        ended = obj.get("status", {}).get("phase") in ("Succeeded", "Failed")
        uses |= {"pods": Fraction(not ended)}
        for which in ("requests", "limits"):
            given = Counter[str]() if ended else asked(obj, which)
            uses |= {f"{which}.{name}": Fraction(given[name], 1000) for name in COMPUTE}
        uses |= {name: uses[f"requests.{name}"] for name in COMPUTE}
    return uses


def _silent(pod: Object, hard: Iterable[str]) -> str:
    """Which containers do not say how much they want of what is limited."""
    containers = [*pod["spec"]["containers"], *pod["spec"].get("initContainers", ())]
    told = []
    for limited in sorted(hard):
        which, _, name = limited.rpartition(".")
        if name in COMPUTE and which in ("", "requests", "limits"):
            given = which or "requests"
            names = [one["name"] for one in containers if name not in (one.get("resources") or {}).get(given, {})]
            told += [f"{limited} for: {','.join(sorted(names))}"] if names else []
    return "; ".join(told)


def _named(store: Store, resource: Resource, obj: Object) -> str:
    """With the name that it would have had."""
    metadata = obj["metadata"]
    name = metadata.get("name") or metadata["generateName"] + "".join(store.random.choices(LETTERS, k=5))
    return f'{_names(resource)[0].removeprefix("count/")} "{name}"'
