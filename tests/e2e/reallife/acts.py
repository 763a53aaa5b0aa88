"""What acts are made of: an actor plays its part in a story, and it is said what is to be heard of it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, NamedTuple

from tests.controlplane.fixtures import Cluster
from tests.controlplane.kube import Object
from tests.e2e import manifests
from tests.e2e.story import Story

NODE = "kubernetes.io/hostname"
CALM = "node-1"
"""Where nothing ever happens to a node; trouble has ``node-3``."""
WITHIN = 60.0


class Stage(NamedTuple):
    """Where an act is played."""

    story: Story
    cluster: Cluster

    async def create(self, *objects: Object) -> None:
        """In the story's namespace."""
        await self.story.create(*objects)

    async def patch(self, kind: str, name: str, change: Object) -> None:
        """A merge patch."""
        await self.story.kube.patch(kind, name, change, namespace=self.story.namespace)

    async def delete(self, kind: str, name: str) -> None:
        """Asked for, not waited for."""
        await self.story.kube.delete(kind, name, namespace=self.story.namespace)

    async def hears(self, kind: str, name: str, *words: str) -> None:
        """Each word is heard of the object, one after the other, the last one as its newest."""
        for word in words:
            await self.story.until(kind, name, word, WITHIN)

    async def pod(self, labels: str, until: Callable[[Object], object]) -> str:
        """The name of the first pod of a selection that is so."""
        found = await self.story.kube.wait_any("Pod", until, namespace=self.story.namespace, labels=labels)
        return str(found["metadata"]["name"])

    async def direct(self, pod: str, play: str) -> None:
        """Tells a running pod what to do from now on."""
        await self.patch("Pod", pod, {"metadata": {"annotations": {f"{manifests.PLAY}app": play}}})


class Tells(NamedTuple):
    """What is to be heard of an object and, word by word the same, of its service.

    ``brief``: words of it and of what it owns that may stand for a moment only, since the story goes on at once.
    """

    kind: str
    name: str
    words: str
    brief: tuple[str, ...] = ()

    def owns(self, name: str) -> bool:
        """Whether an object of that name is the actor's."""
        return name == self.name or name.startswith(f"{self.name}-")


class Act(NamedTuple):
    """A part and what is to be heard of it."""

    play: Callable[[Stage], Awaitable[None]]
    tells: tuple[Tells, ...]


async def play(acts: Iterable[Act], stage: Stage) -> list[str]:
    """All at once; what went wrong."""
    ends = await asyncio.gather(*(act.play(stage) for act in acts), return_exceptions=True)
    return [repr(end) for end in ends if end is not None]


def running(pod: Object) -> bool:
    """Its container runs."""
    return bool(pod.get("status", {}).get("phase") == "Running")


def deployment(name: str, play_: str = "ok", *, replicas: int = 1, **spec: Any) -> Object:
    """A Deployment on the calm node whose pods play something."""
    made = manifests.deployment(name, "1.0", replicas=replicas)
    made["spec"] |= spec
    made["spec"]["template"]["spec"]["nodeSelector"] = {NODE: CALM}
    made["spec"]["template"]["metadata"]["annotations"] = {f"{manifests.PLAY}app": play_}
    return made


def replay(play_: str) -> Object:
    """A merge patch by which a controller's new pods play something else."""
    return {"spec": {"template": {"metadata": {"annotations": {f"{manifests.PLAY}app": play_}}}}}


def job(name: str, play_: str, *, restart: str = "Never", node: str = CALM, **spec: Any) -> Object:
    """A Job on the calm node; ``job-name`` selects its pods."""
    pod_spec = {
        "containers": [{"name": "app", "image": f"{manifests.IMAGE}:1.0"}],
        "restartPolicy": restart,
        "nodeSelector": {NODE: node},
    }
    template = {"metadata": {"annotations": {f"{manifests.PLAY}app": play_}}, "spec": pod_spec}
    metadata = {"name": name}
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": metadata, "spec": {"template": template, **spec}}
