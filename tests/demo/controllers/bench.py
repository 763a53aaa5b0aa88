"""A store with controllers and a clock that tests move, and a kubelet that does what it is told, at once."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from random import Random
from typing import Any

from graph.demo.controllers.manager import Controller, Manager
from graph.demo.defaults import defaulted
from graph.demo.objects import Object, controller_of, written
from graph.demo.resources import EVENTS, NODES, PODS, Resource
from graph.demo.store import Store

START = 1_790_000_040.0
"""A full minute."""
CAPACITY = {"cpu": "4", "memory": "8Gi", "pods": "110"}


class Bench:
    """``settle`` lets the controllers do all that is to be done now."""

    def __init__(self, controllers: Callable[[Store], Sequence[Controller]]) -> None:
        self.now = START
        self.store = Store(lambda: self.now, Random(1))
        self._manager = Manager(self.store, controllers(self.store))
        self.versions: list[tuple[Resource, Object]] = []
        self.store.listen(lambda resource, change: self.versions.append((resource, change.object)))

    def create(self, resource: Resource, name: str, spec: Object, **metadata: Any) -> Object:
        """As by the API, in the namespace ``test``; and what comes of it."""
        place = {"name": name, "namespace": "test"} if resource.namespaced else {"name": name}
        made = self.store.create(resource, defaulted(resource, {"metadata": {**place, **metadata}, "spec": spec}))
        self.settle()
        return made

    def change(self, resource: Resource, name: str, **spec: Any) -> None:
        """Other values in its spec; and what comes of it."""
        old = self.get(resource, name)
        self.store.update(resource, {**old, "spec": {**old["spec"], **spec}})
        self.settle()

    def delete(self, resource: Resource, name: str, propagation: str = "Background") -> None:
        """And what comes of it."""
        self.store.delete(resource, "test" if resource.namespaced else "", name, propagation=propagation)
        self.settle()

    def get(self, resource: Resource, name: str) -> Object:
        """Raises NotFound."""
        return self.store.get(resource, "test" if resource.namespaced else "", name)

    def names(self, resource: Resource) -> list[str]:
        """Of all that is in the namespace."""
        return [one["metadata"]["name"] for one in self.store.list(resource, "test" if resource.namespaced else "")]

    def settle(self) -> None:
        """Until nothing waits; a controller that fails fails the test."""
        failures = _Failures()
        logger = logging.getLogger("graph.demo.controllers.manager")
        logger.addHandler(failures)
        try:
            while self._manager.step():
                assert not failures.records, failures.records
        finally:
            logger.removeHandler(failures)

    def wait(self, seconds: float) -> None:
        """Time passes, in steps of a tenth of a second at least."""
        end = self.now + seconds
        while self.now < end:
            self.now = min(end, self.now + max(0.1, seconds / 500))
            self.settle()

    def events(self, about: str) -> list[tuple[str, str]]:
        """(reason, message) of what was told of an object, in order."""
        told = [event for resource, event in self.versions if resource is EVENTS]
        names = dict.fromkeys(event["metadata"]["name"] for event in told if event["involvedObject"]["name"] == about)
        last = {event["metadata"]["name"]: event for event in told}
        return [(last[name]["reason"], last[name]["message"]) for name in names]

    def statuses(self, resource: Resource, name: str) -> list[Object]:
        """Each status that was written, in order."""
        versions = (obj for of, obj in self.versions if of is resource and obj["metadata"]["name"] == name)
        found: list[Object] = []
        for obj in versions:
            if obj.get("status") and (not found or found[-1] != obj["status"]):
                found.append(obj["status"])
        return found

    def pods(self, owner: str = "") -> list[Object]:
        """Those of a controller, or all."""
        pods = self.store.list(PODS, "test")
        return [pod for pod in pods if not owner or (controller_of(pod) or {}).get("name") == owner]

    def add_node(self, name: str, *, labels: dict[str, str] | None = None, **spec: Any) -> None:
        """A node that is ready."""
        labels = {"kubernetes.io/hostname": name, **(labels or {})}
        node = {"metadata": {"name": name, "labels": labels}, "spec": spec, "status": node_status(self.now)}
        self.store.create(NODES, node)
        self.settle()

    def run(self, pod: Object, *, node: str = "node-1", ready: bool = True) -> None:
        """The kubelet of its node says that it runs."""
        if not pod["spec"].get("nodeName"):
            pod = self.store.update(PODS, {**pod, "spec": {**pod["spec"], "nodeName": node}})
        self._report(pod, "Running", {"running": {"startedAt": written(self.now)}}, ready=ready)

    def end(self, pod: Object, code: int = 0) -> None:
        """Its containers ended."""
        state = {"terminated": {"exitCode": code, "finishedAt": written(self.now)}}
        self._report(pod, "Failed" if code else "Succeeded", state, ready=False)

    def remove(self, pod: Object) -> None:
        """A deleted pod is gone from its node."""
        metadata = pod["metadata"]
        self.store.delete(PODS, metadata["namespace"], metadata["name"], grace=0)
        self.settle()

    def _report(self, pod: Object, phase: str, state: Object, *, ready: bool) -> None:
        names = [container["name"] for container in pod["spec"]["containers"]]
        statuses = [{"name": name, "restartCount": 0, "ready": ready, "state": state} for name in names]
        condition = {"type": "Ready", "status": str(ready), "lastTransitionTime": written(self.now)}
        fresh = self.store.get(PODS, pod["metadata"]["namespace"], pod["metadata"]["name"])
        others = [one for one in fresh["status"].get("conditions", ()) if one["type"] != "Ready"]
        told = {"phase": phase, "containerStatuses": statuses, "conditions": [*others, condition]}
        self.store.update(PODS, {**fresh, "status": {**fresh["status"], **told}}, status=True)
        self.settle()


def node_status(now: float, ready: str = "True") -> Object:
    """As its kubelet reports it."""
    times = {"lastHeartbeatTime": written(now), "lastTransitionTime": written(now)}
    return {
        "allocatable": CAPACITY,
        "conditions": [{"type": "Ready", "status": ready, **times, "reason": "KubeletReady"}],
    }


class _Failures(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.records: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(f"{record.getMessage()}: {record.exc_info and record.exc_info[1]!r}")
