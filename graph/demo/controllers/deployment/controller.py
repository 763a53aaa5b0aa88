"""Looks at a Deployment with its ReplicaSets and has done what is next."""

from __future__ import annotations

from collections.abc import Hashable, Iterable

from graph.demo.controllers.children import Children, key_of
from graph.demo.controllers.deployment import conditions, revisions, rollout
from graph.demo.controllers.deployment.sets import CreateRefused, Sync
from graph.demo.controllers.deployment.sizes import rolling
from graph.demo.controllers.events import Recorder
from graph.demo.controllers.retries import Retries
from graph.demo.history import Change
from graph.demo.objects import Object, controller_of, deleting
from graph.demo.resources import DEPLOYMENTS, PODS, REPLICA_SETS, Resource
from graph.demo.store import Place, Store


class DeploymentController:
    """Remembers nothing but how often a ReplicaSet was refused."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._recorder = Recorder(store, "deployment-controller")
        self._sets = Children(store, DEPLOYMENTS, REPLICA_SETS)
        self._retries = Retries()

    def keys(self, resource: Resource, change: Change) -> Iterable[Hashable]:
        """A Deployment, whether it or one of its ReplicaSets changed, or the last pod of an old one went."""
        if resource is DEPLOYMENTS:
            return (key_of(change.object),)
        if resource is REPLICA_SETS:
            return self._sets.keys(change)
        return self._recreated(change.object) if resource is PODS and change.type == "DELETED" else ()

    def reconcile(self, key: Hashable) -> float | None:
        """One look; when the next is due."""
        assert isinstance(key, tuple)
        deployment = self._store.find(DEPLOYMENTS, *key)
        if deployment is None:
            self._retries.forget(key)
            return None
        try:
            again = self._look(deployment)
        except CreateRefused:
            return self._store.clock() + self._retries.refused(key)
        self._retries.forget(key)
        return again

    def _look(self, deployment: Object) -> float | None:
        sets = self._sets.claim(deployment)
        new = revisions.current(deployment, sets)
        old = [one for one in revisions.by_age(sets) if one is not new]
        sync = Sync(self._store, self._recorder, deployment, new, old, self._store.clock())
        if deleting(deployment):
            sync.follow()
            rollout.tell_size(sync)
            return None
        rollout.tell_pause(sync)
        sync.follow()
        if deployment["spec"].get("paused") or rollout.scaled(sync):
            rollout.resize(sync)
            if deployment["spec"].get("paused"):
                sync.clean_up()
            rollout.tell_size(sync)
            return None
        if rolling(deployment):
            rollout.roll(sync)
        else:
            rollout.recreate(sync)
        return conditions.next_check(sync.deployment, sync.deployment.get("status", {}))

    def _recreated(self, pod: Object) -> Iterable[Place]:
        """The Deployment that may wait for this pod to go."""
        owner = controller_of(pod)
        if owner is None or owner["kind"] != REPLICA_SETS.kind:
            return ()
        replica_set = self._store.find(REPLICA_SETS, pod["metadata"]["namespace"], owner["name"])
        above = controller_of(replica_set) if replica_set else None
        if above is None or above["kind"] != DEPLOYMENTS.kind:
            return ()
        deployment = self._store.find(DEPLOYMENTS, pod["metadata"]["namespace"], above["name"])
        return (key_of(deployment),) if deployment and not rolling(deployment) else ()
