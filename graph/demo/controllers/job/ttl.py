"""Removes a finished Job once its ``ttlSecondsAfterFinished`` have passed, its pods first."""

from __future__ import annotations

from collections.abc import Hashable, Iterable

from graph.demo.controllers.job.conditions import finished
from graph.demo.history import Change
from graph.demo.objects import deleting, read
from graph.demo.resources import JOBS, Resource
from graph.demo.store import Store


class TtlController:
    """Kubernetes' ttl-after-finished controller."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def keys(self, resource: Resource, change: Change) -> Iterable[Hashable]:
        """Jobs that end some day."""
        if resource is JOBS and "ttlSecondsAfterFinished" in change.object["spec"]:
            yield change.object["metadata"]["namespace"], change.object["metadata"]["name"]

    def reconcile(self, key: Hashable) -> float | None:
        """When its time has come."""
        assert isinstance(key, tuple)
        job = self._store.find(JOBS, *key)
        end = finished(job) if job else None
        if job is None or end is None or deleting(job) or "ttlSecondsAfterFinished" not in job["spec"]:
            return None
        due = read(end["lastTransitionTime"]) + float(job["spec"]["ttlSecondsAfterFinished"])
        if due > self._store.clock():
            return due
        self._store.delete(JOBS, *key, uid=job["metadata"]["uid"], propagation="Foreground")
        return None
