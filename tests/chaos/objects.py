"""A few objects of every watched kind that nothing changes by itself, and a change of each of them.

A label counts the changes, so that whoever missed one is found out.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress

from graph.demo.player import ApiError
from tests.controlplane.kube import Kube, Object

RESOURCES = {
    "Pod": "pods",
    "ReplicaSet": "replicasets",
    "Deployment": "deployments",
    "StatefulSet": "statefulsets",
    "DaemonSet": "daemonsets",
    "Job": "jobs",
    "CronJob": "cronjobs",
}
COUNT = "change"
KEPT, REPLACED, ONCE_IN_TWO = "kept", "replaced", "once-in-two"


def sample(kind: str, name: str, change: int) -> Object:
    """It comes to rest at once: no replicas, no runs, no node."""
    label = {"app": f"{kind.lower()}-{name}"}  # of each its own: no controller adopts another's
    pod: Object = {"containers": [{"name": "app", "image": "registry.example/app:1.0"}]}
    template = {"metadata": {"labels": label}, "spec": pod}
    once = {"metadata": {}, "spec": {**pod, "restartPolicy": "Never"}}
    spec: Object = {"selector": {"matchLabels": label}, "template": template}
    specs: dict[str, Object] = {
        "Pod": {**pod, "nodeSelector": {"nowhere": "true"}},
        "ReplicaSet": {**spec, "replicas": 0},
        "Deployment": {**spec, "replicas": 0},
        "StatefulSet": {**spec, "replicas": 0, "serviceName": name},
        "DaemonSet": {**spec, "template": {**template, "spec": {**pod, "nodeSelector": {"nowhere": "true"}}}},
        "Job": {"suspend": True, "template": once},
        "CronJob": {"suspend": True, "schedule": "0 0 1 1 *", "jobTemplate": {"spec": {"template": once}}},
    }
    version = {"Pod": "v1", "Job": "batch/v1", "CronJob": "batch/v1"}.get(kind, "apps/v1")
    metadata = {"name": label["app"], "labels": {**label, COUNT: str(change)}}
    return {"apiVersion": version, "kind": kind, "metadata": metadata, "spec": specs[kind]}


class Objects:
    """Those of one namespace. ``shake()``: each kind gets one, loses one, has one replaced and one changed."""

    def __init__(self, kube: Kube, namespace: str) -> None:
        self.kube = kube
        self.namespace = namespace
        self.changes = 0

    async def begin(self) -> None:
        """Makes the namespace and what is in it."""
        await self.kube.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": self.namespace}})
        made = (sample(kind, name, 0) for kind in RESOURCES for name in (KEPT, REPLACED))
        await asyncio.gather(*(self.kube.create(one, namespace=self.namespace) for one in made))

    async def more(self, count: int) -> None:
        """Many that nothing changes; made by a few at a time."""
        numbers = iter(range(count))

        async def make() -> None:
            for number in numbers:
                await self.kube.create(sample("CronJob", f"one-of-many-{number}", 0), namespace=self.namespace)

        await asyncio.gather(*(make() for _ in range(8)))

    async def shake(self) -> None:
        """One round of changes."""
        self.changes += 1
        await asyncio.gather(*map(self._shake, RESOURCES))

    async def _shake(self, kind: str) -> None:
        label = {"metadata": {"labels": {COUNT: str(self.changes)}}}
        await self.kube.patch(kind, f"{kind.lower()}-{KEPT}", label, namespace=self.namespace)
        await self._delete(kind, REPLACED)
        await self._create(kind, REPLACED)
        await (self._create if self.changes % 2 else self._delete)(kind, ONCE_IN_TWO)

    async def _create(self, kind: str, name: str) -> None:
        """A moment after the deletion of its namesake, which need not be over."""
        async with asyncio.timeout(10):
            while True:
                with suppress(ApiError):
                    await self.kube.create(sample(kind, name, self.changes), namespace=self.namespace)
                    return
                await asyncio.sleep(0.05)

    async def _delete(self, kind: str, name: str) -> None:
        await self.kube.delete(kind, f"{kind.lower()}-{name}", namespace=self.namespace, grace=0)
