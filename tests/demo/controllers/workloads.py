"""What the tests of the workload controllers share: their objects, and short words for what they say."""

from __future__ import annotations

from typing import Any

from graph.demo.controllers.daemonset import DaemonSetController
from graph.demo.controllers.deployment import DeploymentController, revisions
from graph.demo.controllers.manager import Controller
from graph.demo.controllers.replicaset import ReplicaSetController
from graph.demo.controllers.statefulset import StatefulSetController
from graph.demo.defaults import defaulted
from graph.demo.objects import Object, annotations_of, deleting
from graph.demo.resources import DEPLOYMENTS, REPLICA_SETS, Resource
from graph.demo.store import Store
from tests.demo.controllers.bench import Bench

LABELS = {"app": "web"}


def controllers(store: Store) -> list[Controller]:
    """Those under test."""
    return [
        ReplicaSetController(store),
        DeploymentController(store),
        StatefulSetController(store),
        DaemonSetController(store),
    ]


def template(image: str = "web:1", **spec: Any) -> Object:
    """Of a pod with one container."""
    return {"metadata": {"labels": LABELS}, "spec": {"containers": [{"name": "web", "image": image}], **spec}}


def workload(image: str = "web:1", **spec: Any) -> Object:
    """The spec of any of them."""
    return {"selector": {"matchLabels": LABELS}, "template": template(image), **spec}


def run_all(bench: Bench, *, ready: bool = True) -> None:
    """The kubelet starts what is not running, and removes what is to go; once."""
    for pod in bench.pods():
        if deleting(pod):
            bench.remove(pod)
        elif pod["status"]["phase"] == "Pending":
            bench.run(pod, ready=ready)


def finish(bench: Bench) -> None:
    """Until nothing is left to start or to remove."""
    for _ in range(60):
        if all(pod["status"]["phase"] == "Running" and not deleting(pod) for pod in bench.pods()):
            return
        run_all(bench)
    raise AssertionError("it does not come to rest")


def told(obj: Object) -> list[str]:
    """Its conditions in one line each: ``Available=True MinimumReplicasAvailable``."""
    conditions = obj.get("status", obj).get("conditions", ())
    return [f"{one['type']}={one['status']} {one['reason']}" for one in conditions]


def counters(obj: Object) -> Object:
    """The numbers of its status."""
    status = obj.get("status", obj)
    return {name: value for name, value in status.items() if isinstance(value, int) and name != "observedGeneration"}


def image(bench: Bench, resource: Resource, name: str, image: str) -> None:
    """Another image in its template."""
    old = bench.get(resource, name)
    bench.store.update(resource, defaulted(resource, {**old, "spec": {**old["spec"], "template": template(image)}}))
    bench.settle()


def deploy(bench: Bench, **spec: Any) -> Object:
    """A Deployment of three pods that all run."""
    bench.create(DEPLOYMENTS, "web", workload(**{"replicas": 3, **spec}))
    finish(bench)
    return bench.get(DEPLOYMENTS, "web")


def sets(bench: Bench) -> list[Object]:
    """Its ReplicaSets by revision."""
    found = bench.store.list(REPLICA_SETS, "test")
    return sorted(found, key=lambda one: int(annotations_of(one)[revisions.REVISION]))


def scales(bench: Bench) -> list[int]:
    """How many pods each of them is to have."""
    return [one["spec"]["replicas"] for one in sets(bench)]
