"""Which of a DaemonSet's old pods give way to new ones, and where a new one may come before. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field

from graph.demo.controllers.daemonset.nodes import Place, updated
from graph.demo.controllers.percent import portion
from graph.demo.controllers.pods import available
from graph.demo.objects import Object, deleting


@dataclass(slots=True)
class Look:
    """A DaemonSet, its nodes and the pods that are on each, or are to come to it."""

    daemon_set: Object
    hash: str
    places: dict[str, Place]
    pods: dict[str, list[Object]]
    now: float

    @property
    def desired(self) -> int:
        """How many nodes should run a pod."""
        return sum(place.run for place in self.places.values())

    def available(self, pod: Object) -> bool:
        """Ready for long enough."""
        return available(pod, self.daemon_set["spec"].get("minReadySeconds", 0), self.now)


@dataclass(slots=True)
class Changes:
    """Pods to go, nodes to get one."""

    remove: list[Object] = field(default_factory=list)
    add: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Pair:
    """On one node: the pod of the new template and that of an old one, if there are."""

    node: str
    new: Object | None
    old: Object | None
    clear: bool = True
    """Not more than one of each."""


def surge(daemon_set: Object, count: int) -> int:
    """How many nodes of so many may have two pods in an update."""
    return portion(_pace(daemon_set).get("maxSurge"), count, up=True)


def step(look: Look) -> Changes:
    """What a rolling update does next."""
    above = surge(look.daemon_set, look.desired)
    below = portion(_pace(look.daemon_set).get("maxUnavailable"), look.desired, up=True)
    nodes = dict.fromkeys([*look.pods, *(node for node, place in look.places.items() if place.run)])
    pairs = [_pair(look, node) for node in nodes]
    return _surging(look, pairs, above) if above else _replacing(look, pairs, below or int(look.desired > 0))


def _replacing(look: Look, pairs: list[_Pair], most: int) -> Changes:
    """Old pods that are not available go at once; others as far as so many may be lacking."""
    lacking, broken, sound = 0, [], []
    for pair in pairs:
        if pair.old is None or pair.new is not None or not pair.clear:
            lacking += not (pair.clear and pair.old is None and pair.new is not None and look.available(pair.new))
        elif look.available(pair.old):
            sound.append(pair.old)
        else:
            broken.append(pair.old)
            lacking += 1
    return Changes(remove=[*broken, *sound[: max(most - lacking, 0)]])


def _surging(look: Look, pairs: list[_Pair], most: int) -> Changes:
    """New pods come beside old ones, which go once the new are available."""
    changes, candidates, misplaced, extra, there = Changes(), list[str](), list[Object](), 0, 0
    for pair in pairs:
        first = pair.old or pair.new
        there += pair.clear and first is not None and look.available(first)
        if not pair.clear:
            extra += 1
        elif pair.old is not None and pair.new is not None:
            if look.available(pair.new):
                changes.remove.append(pair.old)
            else:
                extra += 1
        elif pair.old is not None:
            here, sound = look.places.get(pair.node, Place(run=False, stay=False)), look.available(pair.old)
            if here.run:
                (candidates if sound else changes.add).append(pair.node)
            else:
                (misplaced if sound else changes.remove).append(pair.old)
    changes.remove += misplaced[: max(there - look.desired, 0)]
    changes.add += candidates[: max(most - extra, 0)]
    return changes


def _pair(look: Look, node: str) -> _Pair:
    alive = [pod for pod in look.pods.get(node, ()) if not deleting(pod)]
    new = [pod for pod in alive if updated(look.daemon_set, pod, look.hash)]
    old = [pod for pod in alive if not updated(look.daemon_set, pod, look.hash)]
    if len(new) > 1 or len(old) > 1:
        return _Pair(node, None, None, clear=False)
    return _Pair(node, new[0] if new else None, old[0] if old else None)


def _pace(daemon_set: Object) -> Object:
    strategy: Object = daemon_set["spec"]["updateStrategy"]
    return (strategy.get("rollingUpdate") or {}) if strategy["type"] == "RollingUpdate" else {}
