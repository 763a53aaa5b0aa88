"""Looks at a DaemonSet: each node that is meant gets its pod, the others lose theirs, and old pods are replaced."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator

from graph.demo.controllers.children import Children, key_of
from graph.demo.controllers.daemonset import rolling
from graph.demo.controllers.daemonset.nodes import HASH, Place, node_of, place, template_for
from graph.demo.controllers.daemonset.rolling import Changes, Look
from graph.demo.controllers.daemonset.status import by_age, status_of
from graph.demo.controllers.events import Recorder
from graph.demo.controllers.pods import NamespaceGoing, create_pod, ended, next_available, phase, ready
from graph.demo.controllers.retries import Retries
from graph.demo.controllers.revisions import History, Revisions
from graph.demo.history import Change
from graph.demo.objects import Object, deleting, labels_of
from graph.demo.problems import Problem
from graph.demo.resources import CONTROLLER_REVISIONS, DAEMON_SETS, NODES, PODS, Resource
from graph.demo.store import Store

AT_ONCE = 250
"""The most pods that one look makes, and removes."""


class DaemonSetController:
    """Remembers how often pods were refused, and where they failed."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._recorder = Recorder(store, "daemonset-controller")
        self._pods = Children(store, DAEMON_SETS, PODS)
        self._revisions = Revisions(store, DAEMON_SETS, HASH)
        self._retries = Retries()
        self._failed = Failed()

    def keys(self, resource: Resource, change: Change) -> Iterable[Hashable]:
        """A DaemonSet, whether it, one of its pods or a revision changed; all, when a node is another than before."""
        if resource is DAEMON_SETS:
            return (key_of(change.object),)
        if resource is PODS:
            return self._pods.keys(change)
        if resource is CONTROLLER_REVISIONS:
            return self._revisions.keys(change)
        if resource is NODES and (change.type != "MODIFIED" or change.old is None or _moved(change.old, change.object)):
            return map(key_of, self._store.list(DAEMON_SETS))
        return ()

    def reconcile(self, key: Hashable) -> float | None:
        """One look; when the next is due."""
        assert isinstance(key, tuple)
        daemon_set = self._store.find(DAEMON_SETS, *key)
        if daemon_set is None or deleting(daemon_set):
            self._retries.forget(key)
            self._failed.forget(key)
            return None
        now = self._store.clock()
        try:
            history = self._revisions.of(daemon_set)
        except Problem:
            return now + self._retries.refused(key)
        pods = self._pods.claim(daemon_set)
        look = self._look(daemon_set, history, pods, now)
        problem, again = self._bring(look)
        if problem is None:
            self._trim(look, history, pods)
        self._tell(look, history)
        if problem is not None:
            return now + self._retries.refused(key)
        self._retries.forget(key)
        return min(filter(None, (again, self._next_available(look))), default=None)

    def _look(self, daemon_set: Object, history: History, pods: list[Object], now: float) -> Look:
        places = {node["metadata"]["name"]: place(daemon_set, node) for node in self._store.list(NODES)}
        on: dict[str, list[Object]] = {}
        for pod in pods:
            node = node_of(pod)
            if node and not (ended(pod) and deleting(pod)):
                on.setdefault(node, []).append(pod)
        return Look(daemon_set, labels_of(history.latest)[HASH], places, on, now)

    def _bring(self, look: Look) -> tuple[Problem | None, float | None]:
        """Pods where they are to be; only then is anything updated. What it was refused, when a failed pod may go."""
        changes, again = Changes(), None
        for node, here in look.places.items():
            due = self._place(look, node, here, changes)
            again = min(filter(None, (again, due)), default=None)
        changes.remove += [
            pod for node, on in look.pods.items() for pod in on if node not in look.places and _unplaced(pod)
        ]
        if not changes.add and not changes.remove and _rolls(look.daemon_set):
            changes = rolling.step(look)
        return self._apply(look, changes), again

    def _place(self, look: Look, node: str, here: Place, changes: Changes) -> float | None:
        """What one node needs; when its failed pod may go."""
        pods = look.pods.get(node)
        if pods is None:
            changes.add += [node] if here.run else []
            return None
        alive = [pod for pod in pods if not deleting(pod)]
        if not here.stay:
            changes.remove += alive
            return None
        again = None
        for pod in filter(ended, alive):
            due = self._end(look, node, pod)
            again = min(filter(None, (again, due)), default=None)
            changes.remove += [] if due else [pod]
        running = by_age(pod for pod in alive if not ended(pod))
        if not rolling.surge(look.daemon_set, 1):
            changes.remove += running[1:]
        elif not running:
            changes.add += [node] if here.run else []
        else:
            changes.remove += _surplus(look, running)
        return again

    def _end(self, look: Look, node: str, pod: Object) -> float | None:
        """A pod that ended is told of; when it failed too often, it may go later."""
        name = f"{pod['metadata']['namespace']}/{pod['metadata']['name']}"
        if phase(pod) == "Succeeded":
            message = f"Found succeeded daemon pod {name} on node {node}, will try to delete it"
            self._recorder.tell(look.daemon_set, "Normal", "SucceededDaemonPod", message)
            return None
        if due := self._failed.again(look.daemon_set, node, look.now):
            return due
        message = f"Found failed daemon pod {name} on node {node}, will try to kill it"
        self._recorder.tell(look.daemon_set, "Warning", "FailedDaemonPod", message)
        return None

    def _apply(self, look: Look, changes: Changes) -> Problem | None:
        daemon_set, refused = look.daemon_set, None
        for node in changes.add[:AT_ONCE]:
            try:
                pod = create_pod(self._store, daemon_set, template_for(daemon_set, node, look.hash))
            except NamespaceGoing:
                break
            except Problem as problem:
                self._recorder.tell(daemon_set, "Warning", "FailedCreate", f"Error creating: {problem}")
                refused = problem
                break
            self._recorder.tell(daemon_set, "Normal", "SuccessfulCreate", f"Created pod: {pod['metadata']['name']}")
        for pod in changes.remove[:AT_ONCE]:
            self._store.delete(PODS, *key_of(pod))
            self._recorder.tell(daemon_set, "Normal", "SuccessfulDelete", f"Deleted pod: {pod['metadata']['name']}")
        return refused

    def _trim(self, look: Look, history: History, pods: list[Object]) -> None:
        """The history keeps so many, and what a pod was made from."""
        surplus = len(history.earlier) - look.daemon_set["spec"].get("revisionHistoryLimit", 10)
        live = {labels_of(pod).get(HASH) for pod in pods}
        past = [one for one in history.earlier if labels_of(one).get(HASH) not in live]
        self._revisions.remove(past[: max(surplus, 0)])

    def _tell(self, look: Look, history: History) -> None:
        status = status_of(look)
        if history.collisions:
            status["collisionCount"] = history.collisions
        self._store.update(DAEMON_SETS, {**look.daemon_set, "status": status}, status=True)

    @staticmethod
    def _next_available(look: Look) -> float | None:
        pods = (pod for on in look.pods.values() for pod in on if ready(pod))
        return next_available(pods, look.daemon_set["spec"].get("minReadySeconds", 0), look.now)


class Failed:
    """Where pods failed, and how long each next one is left there: twice as long as the one before."""

    FIRST, LAST = 1.0, 900.0

    def __init__(self) -> None:
        self._delays: dict[tuple[str, str], dict[tuple[str, int], tuple[float, float]]] = {}

    def again(self, daemon_set: Object, node: str, now: float) -> float | None:
        """None: it may go now, and the next waits longer."""
        generation = daemon_set.get("status", {}).get("observedGeneration", 0)
        delays = self._delays.setdefault(key_of(daemon_set), {})
        delay, since = delays.get((node, generation), (0.0, now))
        if now - since < delay:
            return since + delay
        fresh = now - since > 2 * self.LAST or not delay
        delays[node, generation] = (self.FIRST if fresh else min(2 * delay, self.LAST), now)
        return None

    def forget(self, key: Hashable) -> None:
        """The DaemonSet is gone."""
        self._delays.pop(key, None)  # type: ignore[call-overload]  # other keys are not there


def _surplus(look: Look, running: list[Object]) -> Iterator[Object]:
    """With surge: beside the oldest new pod an old one, until the new is available or the old is broken."""
    new, old = (
        [pod for pod in running if (labels_of(pod).get(HASH) == look.hash) is wanted] for wanted in (True, False)
    )
    yield from (pod for pod in running if pod in new[1:] or pod in old[1:])
    if new and old and (not ready(old[0]) or look.available(new[0])):
        yield old[0]


def _moved(old: Object, new: Object) -> bool:
    return labels_of(old) != labels_of(new) or old["spec"].get("taints") != new["spec"].get("taints")


def _unplaced(pod: Object) -> bool:
    return not pod["spec"].get("nodeName")


def _rolls(daemon_set: Object) -> bool:
    return bool(daemon_set["spec"]["updateStrategy"]["type"] == "RollingUpdate")
