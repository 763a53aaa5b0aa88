"""Looks at a StatefulSet: what is missing comes in order, what is too much goes in reverse, then what is old is
replaced from the last to the first. Each step waits for the pods before it, unless pods are managed in parallel."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass

from graph.demo.controllers.children import Children, key_of
from graph.demo.controllers.events import Recorder
from graph.demo.controllers.pods import available, ended, next_available, phase, ready
from graph.demo.controllers.retries import Retries
from graph.demo.controllers.revisions import History, Revisions
from graph.demo.controllers.statefulset import identity
from graph.demo.controllers.statefulset.identity import ordinal, ordinals, partition, revision_of
from graph.demo.controllers.statefulset.making import Making
from graph.demo.controllers.statefulset.status import Counters, counters, created, min_ready, status_of
from graph.demo.history import Change
from graph.demo.objects import Object, deleting
from graph.demo.problems import Problem
from graph.demo.resources import CONTROLLER_REVISIONS, PODS, STATEFUL_SETS, Resource
from graph.demo.store import Store

HASH = "controller.kubernetes.io/hash"


@dataclass(slots=True)
class Sync:
    """One look. ``replicas``: a pod for each ordinal, planned or there; ``condemned``: the surplus, the last first.

    ``unhealthy``: the first of them that is not available.
    """

    stateful_set: Object
    history: History
    current: Object
    replicas: list[Object]
    condemned: list[Object]
    now: float
    unhealthy: Object | None = None

    @property
    def ordered(self) -> bool:
        """Whether one pod waits for the other."""
        return bool(self.stateful_set["spec"]["podManagementPolicy"] != "Parallel")

    def available(self, pod: Object) -> bool:
        """Ready for long enough."""
        return available(pod, min_ready(self.stateful_set), self.now)

    def lacking(self, pod: Object) -> bool:
        """Not available, or going."""
        return not self.available(pod) or deleting(pod)

    def count(self, pods: Iterable[Object]) -> Counters:
        """As they were when this look began."""
        names = {"current": self.current["metadata"]["name"], "updated": self.history.latest["metadata"]["name"]}
        return counters(pods, min_ready(self.stateful_set), **names, now=self.now)


class StatefulSetController:
    """Remembers nothing but how often something was refused."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._making = Making(store, Recorder(store, "statefulset-controller"))
        self._pods = Children(store, STATEFUL_SETS, PODS)
        self._revisions = Revisions(store, STATEFUL_SETS, HASH)
        self._retries = Retries()

    def keys(self, resource: Resource, change: Change) -> Iterable[Hashable]:
        """A StatefulSet, whether it, one of its pods or a revision changed."""
        if resource is STATEFUL_SETS:
            return (key_of(change.object),)
        if resource is PODS:
            return self._pods.keys(change)
        return self._revisions.keys(change) if resource is CONTROLLER_REVISIONS else ()

    def reconcile(self, key: Hashable) -> float | None:
        """One look; when the next is due."""
        assert isinstance(key, tuple)
        stateful_set = self._store.find(STATEFUL_SETS, *key)
        if stateful_set is None:
            self._retries.forget(key)
            return None
        now = self._store.clock()
        pods = self._pods.claim(stateful_set, only=lambda pod: identity.member(stateful_set, pod))
        try:
            sync = self._seen(stateful_set, pods, now)
        except Problem:
            return now + self._retries.refused(key)
        problem = self._bring(sync, pods)
        self._trim(sync, pods)
        if problem is not None:
            return now + self._retries.refused(key)
        self._retries.forget(key)
        return next_available(pods, min_ready(stateful_set), now)

    def _seen(self, stateful_set: Object, pods: list[Object], now: float) -> Sync:
        history = self._revisions.of(stateful_set)
        current = history.named(stateful_set.get("status", {}).get("currentRevision"))
        here = {ordinal(pod): pod for pod in pods}
        replicas = [
            here.get(number) or identity.planned(stateful_set, number, history=history, current=current)
            for number in ordinals(stateful_set)
        ]
        surplus = sorted(here.keys() - set(ordinals(stateful_set)), reverse=True)
        sync = Sync(stateful_set, history, current, replicas, [here[number] for number in surplus], now)
        sync.unhealthy = next(filter(sync.lacking, [*replicas, *reversed(sync.condemned)]), None)
        return sync

    def _bring(self, sync: Sync, pods: list[Object]) -> Problem | None:
        """One step; what it was refused. The status is told in either case."""
        found, problem = sync.count(pods), None
        if not deleting(sync.stateful_set):
            found = sync.count([*sync.replicas, *sync.condemned])
            try:
                if self._step(sync) and self._update(sync):
                    found.current -= 1
            except Problem as refused:
                problem = refused
        name = sync.current["metadata"]["name"]
        status = status_of(sync.stateful_set, found, history=sync.history, current=name)
        if _differs(sync.stateful_set.get("status", {}), status):
            self._store.update(STATEFUL_SETS, {**sync.stateful_set, "status": status}, status=True)
        return problem

    def _step(self, sync: Sync) -> bool:
        """Whether all is there that is to be, and no more: only then is anything updated."""
        return self._each(sync, sync.replicas, self._complete) and self._each(sync, sync.condemned, self._reduce)

    @staticmethod
    def _each(sync: Sync, pods: Sequence[Object], act: Callable[[Sync, Object], bool]) -> bool:
        """``act`` says whether the pods after this one have to wait; in order they do."""
        return not any(act(sync, pod) and sync.ordered for pod in pods)

    def _complete(self, sync: Sync, pod: Object) -> bool:
        stateful_set = sync.stateful_set
        if ended(pod):
            if not deleting(pod):
                self._making.remove(stateful_set, pod)
            return True
        if not created(pod):
            self._making.add(stateful_set, pod)
            return True
        if phase(pod) == "Pending":
            self._making.claim(stateful_set, pod)
        if sync.ordered and (deleting(pod) or not (phase(pod) == "Running" and ready(pod) and sync.available(pod))):
            return True
        self._making.name(stateful_set, pod)
        return False

    def _reduce(self, sync: Sync, pod: Object) -> bool:
        if deleting(pod):
            return True
        if sync.ordered and not sync.available(pod) and pod is not sync.unhealthy:
            return True
        self._making.remove(sync.stateful_set, pod)
        return True

    def _update(self, sync: Sync) -> bool:
        """Whether a pod was removed, to come back with the new template."""
        if sync.stateful_set["spec"]["updateStrategy"]["type"] == "OnDelete":
            return False
        for pod in reversed(sync.replicas[partition(sync.stateful_set) :]):
            if revision_of(pod) != sync.history.latest["metadata"]["name"] and not deleting(pod):
                self._making.remove(sync.stateful_set, pod)
                return True
            if sync.lacking(pod):
                return False
        return False

    def _trim(self, sync: Sync, pods: list[Object]) -> None:
        """The history keeps what a pod was made from, and so many more."""
        limit = sync.stateful_set["spec"].get("revisionHistoryLimit", 10)
        live = {sync.current["metadata"]["name"], *map(revision_of, pods)}
        past = [one for one in sync.history.earlier if one["metadata"]["name"] not in live]
        self._revisions.remove(past[: max(len(past) - limit, 0)])


def _differs(old: Object, new: Object) -> bool:
    """The collisions alone are not worth a write."""
    return any(old.get(name, 0) != new.get(name, 0) for name in {*old, *new} if name != "collisionCount")
