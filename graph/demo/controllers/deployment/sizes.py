"""How many pods a Deployment may have beyond or below its number, and how a change is shared out. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from math import floor

from graph.demo.controllers.deployment.revisions import MAX, number
from graph.demo.controllers.percent import portion
from graph.demo.objects import Object


def wanted(obj: Object) -> int:
    """``spec.replicas``, of a Deployment or a ReplicaSet."""
    replicas: int = obj["spec"]["replicas"]
    return replicas


def total(sets: Iterable[Object]) -> int:
    """How many pods the ReplicaSets are to have."""
    return sum(map(wanted, sets))


def counted(sets: Iterable[Object], counter: str) -> int:
    """How many pods they say that they have."""
    return sum(one.get("status", {}).get(counter, 0) for one in sets)


def rolling(deployment: Object) -> bool:
    """Whether old pods make room for new ones step by step."""
    return bool(deployment["spec"]["strategy"]["type"] == "RollingUpdate")


def surge(deployment: Object) -> int:
    """How many more than wanted."""
    return _fences(deployment)[0] if rolling(deployment) else 0


def unavailable(deployment: Object) -> int:
    """How many fewer than wanted may be available."""
    return min(_fences(deployment)[1], wanted(deployment)) if rolling(deployment) and wanted(deployment) else 0


def room(deployment: Object, sets: Iterable[Object], current: int) -> int:
    """How large the new ReplicaSet, of ``current`` pods, may be beside the pods of all ``sets``."""
    if not rolling(deployment):
        return wanted(deployment)
    pace, size = deployment["spec"]["strategy"]["rollingUpdate"], wanted(deployment)
    free = size + portion(pace.get("maxSurge"), size, up=True) - total(sets)
    return current + min(free, size - current) if free > 0 else current


def shared(deployment: Object, sets: list[Object]) -> dict[str, int]:
    """New sizes, by name, when a Deployment is scaled in the middle of a rollout: each in proportion.

    ``sets``: those that have pods, the largest first; the first gets what rounding leaves over.
    """
    allowed = wanted(deployment) + surge(deployment) if wanted(deployment) else 0
    more = allowed - total(sets)
    sizes, added = {}, 0
    for one in sets:
        share = _share(deployment, one, more=more, added=added)
        sizes[one["metadata"]["name"]] = wanted(one) + share
        added += share
    if more:
        first = sets[0]["metadata"]["name"]
        sizes[first] = max(sizes[first] + more - added, 0)
    return sizes


def _share(deployment: Object, one: Object, *, more: int, added: int) -> int:
    if more == added:
        return 0
    fraction = _fraction(deployment, one)
    return min(fraction, more - added) if more > 0 else max(fraction, more - added)


def _fraction(deployment: Object, one: Object) -> int:
    if not wanted(deployment):
        return -wanted(one)
    before = number(one, MAX) or deployment.get("status", {}).get("replicas", 0)
    if not before:
        return 0
    exact = wanted(one) * (wanted(deployment) + surge(deployment)) / before
    return floor(exact + 0.5) - wanted(one)


def _fences(deployment: Object) -> tuple[int, int]:
    pace, size = deployment["spec"]["strategy"].get("rollingUpdate") or {}, wanted(deployment)
    above = portion(pace.get("maxSurge"), size, up=True)
    below = portion(pace.get("maxUnavailable"), size, up=False)
    return above, below if above or below else 1
