"""The scheduler: gives a pod a node, or says why there is none; and tries again when that may have changed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable
from typing import NamedTuple

from graph.demo.controllers import fitting
from graph.demo.controllers.placed import Placed
from graph.demo.controllers.pods import ended
from graph.demo.controllers.series import SeriesRecorder
from graph.demo.controllers.status import with_condition
from graph.demo.history import Change
from graph.demo.objects import Object, controller_of, deleting
from graph.demo.resources import NODES, PODS, Resource
from graph.demo.store import Store

NAME = "default-scheduler"
UNHELPFUL = "Preemption is not helpful for scheduling"
NO_VICTIMS = "No preemption victims found for incoming pod"
NOT_PINNED = "node(s) didn't satisfy plugin(s) [NodeAffinity]"

FIRST, LONGEST = 1.0, 10.0
"""Seconds before a pod is tried again at the earliest: after its first attempt, and at most."""

Place = tuple[str, str]


class _Waiting(NamedTuple):
    """A pod that fits nowhere. ``for_room``: it would, if others went."""

    pause: float
    until: float
    for_room: bool


class Scheduler:
    """Remembers which pods wait for a node, and when each may be tried again."""

    def __init__(self, store: Store, placed: Placed) -> None:
        self._store = store
        self._placed = placed
        self._recorder = SeriesRecorder(store, NAME)
        self._waiting: dict[Place, _Waiting] = {}

    def keys(self, resource: Resource, change: Change) -> Iterable[Hashable]:
        """A pod without a node; with every change that may make room, all that wait."""
        if resource is PODS:
            place = (change.object["metadata"]["namespace"], change.object["metadata"]["name"])
            if _is_news(change):
                yield place
            elif _frees(change):
                yield from [one for one, waiting in self._waiting.items() if waiting.for_room]
        elif resource is NODES and change.type != "DELETED" and _opens(change):
            yield from list(self._waiting)

    def reconcile(self, key: Hashable) -> float | None:
        """One attempt."""
        assert isinstance(key, tuple)
        pod = self._store.find(PODS, *key)
        if pod is None or not _unplaced(pod) or pod["spec"].get("schedulingGates"):
            self._waiting.pop(key, None)
            return None
        waiting = self._waiting.get(key)
        if waiting is not None and waiting.until > self._store.clock():
            return waiting.until
        nodes = self._store.list(NODES)
        refused = {one["metadata"]["name"]: self._refusals(pod, one) for one in nodes}
        fitting_nodes = [name for name, reasons in refused.items() if not reasons]
        if fitting_nodes:
            self._waiting.pop(key, None)
            self._bind(pod, min(fitting_nodes, key=lambda name: self._crowd(pod, name)))
            return None
        pause = min(2 * waiting.pause, LONGEST) if waiting else FIRST
        for_room = any(_by_others(pod, one, refused[one["metadata"]["name"]]) for one in nodes)
        self._waiting[key] = _Waiting(pause, self._store.clock() + pause, for_room)
        self._refuse(pod, _told(pod, nodes, refused) if nodes else "no nodes available to schedule pods")
        return None

    def _refusals(self, pod: Object, node: Object) -> list[str]:
        name = node["metadata"]["name"]
        if (only := fitting.pinned(pod)) is not None and only != name:
            return [NOT_PINNED]
        return fitting.refusals(pod, node, self._placed.taken(name))

    def _crowd(self, pod: Object, node: str) -> tuple[int, int, int, str]:
        """The pods of one owner are spread, then the nodes filled evenly."""
        owner, taken = controller_of(pod), self._placed.taken(node)
        siblings = self._placed.siblings(node, owner["uid"]) if owner else 0
        return siblings, taken["pods"], taken["cpu"], node

    def _bind(self, pod: Object, node: str) -> None:
        """Node and condition come in one write, as by the API server's own binding."""
        now, metadata = self._store.clock(), pod["metadata"]
        status = with_condition(pod, "PodScheduled", now=now, observed=False)
        self._store.bind({**pod, "spec": {**pod["spec"], "nodeName": node}, "status": status})
        place = f"{metadata['namespace']}/{metadata['name']}"
        message = f"Successfully assigned {place} to {node}"
        self._recorder.tell(pod, "Normal", "Scheduled", action="Binding", message=message)

    def _refuse(self, pod: Object, message: str) -> None:
        self._recorder.tell(pod, "Warning", "FailedScheduling", action="Scheduling", message=message)
        now = self._store.clock()
        status = with_condition(pod, "PodScheduled", now=now, status="False", reason="Unschedulable", message=message)
        self._store.update(PODS, {**pod, "status": status}, status=True)


def _told(pod: Object, nodes: list[Object], refused: dict[str, list[str]]) -> str:
    """How many nodes refused it for which reason, and that no other pod could make room."""
    head = f"0/{len(nodes)} nodes are available"
    reasons = Counter(reason for of_node in refused.values() for reason in of_node)
    helpless = Counter(
        NO_VICTIMS if _by_others(pod, one, refused[one["metadata"]["name"]]) else UNHELPFUL for one in nodes
    )
    told = f"no new claims to deallocate, preemption: {head}: {_counted(helpless)}."
    return f"{head}: {_counted(reasons)}. {told}"


def _by_others(pod: Object, node: Object, reasons: list[str]) -> bool:
    return reasons != [NOT_PINNED] and fitting.could_ever(pod, node)


def _counted(reasons: Counter[str]) -> str:
    return ", ".join(sorted(f"{count} {reason}" for reason, count in reasons.items()))


def _unplaced(pod: Object) -> bool:
    named = pod["spec"].get("schedulerName", NAME) == NAME
    return named and not pod["spec"].get("nodeName") and not deleting(pod)


def _is_news(change: Change) -> bool:
    """A pod to be placed that is new, or whose spec changed; its condition is our own word."""
    if change.type == "DELETED" or not _unplaced(change.object):
        return False
    return change.old is None or change.old["spec"] != change.object["spec"]


def _frees(change: Change) -> bool:
    """A pod on a node went, or ended."""
    old = change.old
    if old is None or not old["spec"].get("nodeName") or ended(old):
        return False
    return change.type == "DELETED" or ended(change.object)


def _opens(change: Change) -> bool:
    """A node that is new, or was not so before."""

    def matters(node: Object) -> tuple[object, object, object]:
        return node["spec"], node["metadata"].get("labels"), node.get("status", {}).get("allocatable")

    return change.old is None or matters(change.old) != matters(change.object)
