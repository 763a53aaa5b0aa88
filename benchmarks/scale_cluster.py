"""A big cluster behind the demo's API, in a process of its own, without controllers and kubelets: their part is played
here, straight into the store, so that the load on the API is the program's alone.
``python -m benchmarks.scale_cluster SERVICES CRONJOBS PODS``

Prints its URL when it is full. Then takes lines: ``watches`` prints how many are open; ``change RATE SECONDS`` makes so
many changes a second, and prints how many there were and when each turn of a pod was made: {"pod/restarts": seconds
of the monotonic clock}.
"""

from __future__ import annotations

import asyncio
import gc
import json
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import cycle
from random import Random
from typing import NamedTuple

from benchmarks import manifests, objects
from graph.demo.api.app import Api
from graph.demo.api.server import Server
from graph.demo.cluster import FIRST
from graph.demo.controllers.quota import admit
from graph.demo.defaults import defaulted
from graph.demo.logs import Logs
from graph.demo.objects import Object, with_metadata, written
from graph.demo.resources import CRONJOBS, DEPLOYMENTS, EVENTS, JOBS, NAMESPACES, NODES, PODS, REPLICA_SETS, Resource
from graph.demo.store import Store

TEAMS = 50
"""Namespaces."""
RUNS = 3
"""Of every CronJob, each with its pod."""
EVENTS_KEPT = 2000
CRASHED = 500
"""Pods that crash at a time, beside those of the services in trouble: a cluster that stays as it is in the large."""
TICK = 0.02
OF_KIND = {one.kind: one for one in (PODS, REPLICA_SETS, DEPLOYMENTS, JOBS, CRONJOBS)}


class Filler:
    """Puts manifests into the store: each family of objects into its team's namespace, under the store's UIDs."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._uids: dict[str, str] = {}
        self._spec = objects.pod_spec()
        self._families = 0

    def place(self, told: Object) -> Object:
        """As it is stored, with its status."""
        metadata = told["metadata"]
        owners = metadata.get("ownerReferences")
        if owners is None:
            self._families += 1
        else:
            owners = [{**owner, "uid": self._uids[owner["uid"]]} for owner in owners]
        resource = OF_KIND[told["kind"]]
        new = with_metadata(told, namespace=_team(self._families), ownerReferences=owners)
        if resource is PODS and new["spec"] == self._spec:
            new["spec"] = self._spec  # one for all, which saves a gigabyte
        stored = self._store.create(resource, new)
        self._uids[metadata["uid"]] = stored["metadata"]["uid"]
        return stored


class Family(NamedTuple):
    """A Deployment of this cluster: names of its parts."""

    namespace: str
    deployment: str
    replicaset: str
    pods: list[str]


class Life:
    """What goes on: pods crash and come back, with the statuses above them; some are replaced; events are told."""

    def __init__(self, store: Store, families: list[Family]) -> None:
        self._store = store
        self._families = cycle(families)
        self._random = Random(1)
        self._events: deque[tuple[str, str]] = deque()
        self._crashed: deque[tuple[Family, str]] = deque()
        self._names = 0
        self.made = 0
        self.turned: dict[str, float] = {}
        self._acts: Iterator[Callable[[Family], None]] = cycle(
            [self._turn, self._turn, self._touch, self._turn, self._tell, self._turn, self._replace]
        )

    def until(self, made: int) -> None:
        """Goes on until there were so many changes."""
        while self.made < made:
            next(self._acts)(next(self._families))

    def _turn(self, family: Family) -> None:
        """A pod crashes or comes back; so its ReplicaSet's status and its Deployment's."""
        healthy = len(self._crashed) >= CRASHED
        if healthy:
            family, name = self._crashed.popleft()
        else:
            name = self._random.choice(family.pods)
        pod = self._store.find(PODS, family.namespace, name)
        if pod is None:
            return  # it was replaced
        if not healthy:
            self._crashed.append((family, name))
        (container,) = pod["status"]["containerStatuses"]
        status = objects.pod_status(healthy=healthy, ended=written(self._store.clock()))
        status["containerStatuses"][0]["restartCount"] = restarts = container["restartCount"] + 1
        self.turned[f"{name}/{restarts}"] = time.monotonic()
        self._write(PODS, {**pod, "status": status})
        self._count(family)

    def _count(self, family: Family) -> None:
        """What the controllers write after a change of a pod."""
        pods = (self._store.get(PODS, family.namespace, name) for name in family.pods)
        ready = sum(pod["status"]["containerStatuses"][0]["ready"] for pod in pods)
        for resource, name in ((REPLICA_SETS, family.replicaset), (DEPLOYMENTS, family.deployment)):
            owner = self._store.get(resource, family.namespace, name)
            status = {**owner["status"], "readyReplicas": ready, "availableReplicas": ready}
            if resource is DEPLOYMENTS:
                first, *others = status["conditions"]
                available = "True" if ready == len(family.pods) else "False"
                status |= {
                    "unavailableReplicas": len(family.pods) - ready,
                    "conditions": [{**first, "status": available}, *others],
                }
            self._write(resource, {**owner, "status": status})

    def _touch(self, family: Family) -> None:
        """A change that no reader of statuses sees."""
        pod = self._store.get(PODS, family.namespace, family.pods[0])
        self._store.update(PODS, with_metadata(pod, annotations={"example.com/seen": str(self.made)}))
        self.made += 1

    def _tell(self, family: Family) -> None:
        """A new event; the oldest goes."""
        pod = self._store.get(PODS, family.namespace, family.pods[0])
        self._names += 1
        event = manifests.event(pod, "BackOff", "Back-off restarting failed container app in pod app", "Warning")
        at = written(self._store.clock())
        name = f"{family.pods[0]}.{self._names:x}"
        told = with_metadata({**event, "lastTimestamp": at}, name=name, namespace=family.namespace)
        told["involvedObject"] = {**event["involvedObject"], "namespace": family.namespace}
        self._store.create(EVENTS, told)
        self._events.append((family.namespace, name))
        if len(self._events) > EVENTS_KEPT:
            self._store.delete(EVENTS, *self._events.popleft())
        self.made += 1

    def _replace(self, family: Family) -> None:
        """A pod goes, another comes in its place."""
        old = self._store.get(PODS, family.namespace, family.pods.pop())
        self._store.delete(PODS, family.namespace, old["metadata"]["name"], grace=0)
        self._names += 1
        name = f"{family.replicaset}-n{self._names:x}"
        family.pods.append(name)
        status = objects.pod_status(healthy=True)
        self._store.create(PODS, {**with_metadata(old, name=name, annotations=None), "status": status})
        self.made += 2

    def _write(self, resource: Resource, obj: Object) -> None:
        self._store.update(resource, obj, status=True)
        self.made += 1


def fill(store: Store, *, services: int, cronjobs: int, pods: int) -> list[Family]:
    """The Deployments of it."""
    for name in (*FIRST, *(_team(number) for number in range(TEAMS))):
        store.create(NAMESPACES, defaulted(NAMESPACES, {"metadata": {"name": name}}))
    status = {"conditions": [objects.condition("Ready", objects.CREATED)]}
    store.create(NODES, {"metadata": {"name": objects.NODE}, "spec": {}, "status": status})
    filler, families = Filler(store), []
    for told in manifests.families(services, replicas=max(1, (pods - cronjobs * RUNS) // services)):
        metadata = filler.place(told)["metadata"]
        match told["kind"]:
            case "Deployment":
                families.append(Family(metadata["namespace"], metadata["name"], f"{metadata['name']}-5d4f8", []))
            case "Pod":
                families[-1].pods.append(metadata["name"])
    for told in manifests.scheduled(cronjobs, _ticks(store.clock())):
        filler.place(told)
    return families


def _team(number: int) -> str:
    return f"team-{number % TEAMS:02}"


def _ticks(now: float) -> list[str]:
    """The last times at which it was 3 o'clock, ten minutes ago or more."""
    last = (datetime.fromtimestamp(now, UTC) - timedelta(hours=3, minutes=10)).replace(hour=3, minute=0, second=0)
    return [written((last - timedelta(days=days)).timestamp()) for days in reversed(range(RUNS))]


async def _change(life: Life, rate: float, seconds: float) -> None:
    began, before = time.monotonic(), life.made
    life.turned = {}
    while (passed := time.monotonic() - began) < seconds:
        life.until(before + int(passed * rate))
        await asyncio.sleep(TICK)
    print(json.dumps({"made": life.made - before, "turned": life.turned}), flush=True)


async def _run(services: int, cronjobs: int, pods: int) -> None:
    store = Store(time.time, Random(0))
    api = Api(store, Logs(0), admit)
    server = Server(api, host="127.0.0.1", port=0)
    gc.disable()
    life = Life(store, fill(store, services=services, cronjobs=cronjobs, pods=pods))
    gc.freeze()
    gc.enable()
    server.start()
    print(server.url, flush=True)
    while words := (await asyncio.to_thread(sys.stdin.readline)).split():
        match words:
            case ["watches"]:
                print(len(api.streams), flush=True)
            case ["change", rate, seconds]:
                await _change(life, float(rate), float(seconds))
    await server.stop()


if __name__ == "__main__":
    asyncio.run(_run(*map(int, sys.argv[1:])))
