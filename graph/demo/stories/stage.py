"""What a story can do: an ordinary client of the demo's API, in one namespace, with pauses from a seeded Random."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from random import Random
from typing import Any, Protocol

from graph.demo.objects import Object
from graph.demo.player.api import MERGE_PATCH, ApiError
from graph.demo.player.script import PREFIX
from graph.demo.resources import CONTROLLER_REVISIONS, CRONJOBS, DEPLOYMENTS, NAMESPACES, PODS, RESOURCES, Resource

STRATEGIC_PATCH = "application/strategic-merge-patch+json"
STOPPED = "statusgraph.io/kept=cronjob"
"""By this label the operator keeps the manifests of Cronjobs that a user has stopped."""

LOOK = 1.0
"""Seconds between two looks at what is waited for."""
PATIENCE = 200.0
"""Seconds after which a story no longer waits: a user has changed its course."""


class Requests(Protocol):
    """A session with the demo's API."""

    async def request(
        self,
        method: str,
        path: str,
        *,
        body: Object | None = None,
        params: Mapping[str, str] | None = None,
        content_type: str = "application/json",
    ) -> Object:
        """The answer; ApiError for a refusal."""
        ...


class Stage:
    """One story's place. ``round`` counts its scenes from 0. ``pace`` divides every duration."""

    def __init__(
        self, api: Requests, *, namespace: str, random: Random, sleep: Callable[[float], Awaitable[None]], pace: float
    ) -> None:
        self.namespace = namespace
        self.random = random
        self.round = 0
        self._api = api
        self._sleep = sleep
        self._pace = pace

    async def pause(self, least: float, most: float) -> None:
        """So many seconds or so."""
        await self._sleep(self.random.uniform(least, most) / self._pace)

    def seconds(self, number: float) -> str:
        """A duration for a play: ``after=8s``."""
        return f"after={number / self._pace:g}s"

    @property
    def every_minute(self) -> str:
        """A schedule."""
        return "* * * * *" if self._pace == 1 else f"@every {60 / self._pace:.0f}s"

    async def gather(self, cast: list[Object]) -> None:
        """Creates who is not there. A Cronjob that a user has stopped stays away."""
        if await self.find(NAMESPACES, self.namespace) is None:
            await self._api.request("POST", _path(NAMESPACES, ""), body={"metadata": {"name": self.namespace}})
        for one in cast:
            resource, name = _OF_KIND[one["kind"]], one["metadata"]["name"]
            if await self.find(resource, name) is None and not await self._stopped(resource, name):
                await self.create(one)

    async def create(self, obj: Object) -> None:
        """One object."""
        await self._api.request("POST", _path(_OF_KIND[obj["kind"]], self.namespace), body=obj)

    async def find(self, resource: Resource, name: str) -> Object | None:
        """None when there is none."""
        try:
            return await self._api.request("GET", _path(resource, self.namespace, name))
        except ApiError as error:
            if error.status == 404:
                return None
            raise

    async def list(self, resource: Resource, labels: str) -> list[Object]:
        """What carries a label."""
        found = await self._api.request("GET", _path(resource, self.namespace), params={"labelSelector": labels})
        items: list[Object] = found.get("items") or []
        return items

    async def remove(self, resource: Resource, name: str) -> None:
        """With all that it owns."""
        await self._api.request(
            "DELETE", _path(resource, self.namespace, name), body={"propagationPolicy": "Background"}
        )

    async def roll(self, name: str, image: str, play: str | None = None, **container: Any) -> None:
        """A Deployment's only container gets an image, fares as the play says, and is changed in other fields."""
        template = _template(name, play, {"image": image, **container})
        await self._patch(DEPLOYMENTS, name, {"spec": {"template": template}}, STRATEGIC_PATCH)

    async def reschedule(self, name: str, image: str, play: str) -> None:
        """The runs of a CronJob that are still to come."""
        job = {"spec": {"template": _template(name, play, {"image": image})}}
        await self._patch(CRONJOBS, name, {"spec": {"jobTemplate": job}}, STRATEGIC_PATCH)

    async def scale(self, name: str, replicas: int, *, was: int) -> None:
        """Unless somebody else has scaled it."""
        found = await self.find(DEPLOYMENTS, name)
        if found is not None and found["spec"].get("replicas") == was:
            await self._patch(DEPLOYMENTS, name, {"spec": {"replicas": replicas}}, MERGE_PATCH)

    async def trouble(self, name: str, play: str) -> None:
        """The pods of a service that run now fare otherwise; those that replace them do not."""
        change = {"metadata": {"annotations": {PREFIX + name: play}}}
        for pod in await self.list(PODS, f"app.kubernetes.io/name={name}"):
            await self._patch(PODS, pod["metadata"]["name"], change, MERGE_PATCH)

    async def until(self, holds: Callable[[], Awaitable[bool]]) -> bool:
        """Looks again and again; False when it took too long."""
        for _ in range(round(PATIENCE / LOOK)):
            if await holds():
                return True
            await self._sleep(LOOK / self._pace)
        return False

    async def _stopped(self, resource: Resource, name: str) -> bool:
        if resource is not CRONJOBS:
            return False
        kept = await self.list(CONTROLLER_REVISIONS, STOPPED)
        return any(one["metadata"]["name"].startswith(f"{name}-") for one in kept)

    async def _patch(self, resource: Resource, name: str, change: Object, content_type: str) -> None:
        await self._api.request("PATCH", _path(resource, self.namespace, name), body=change, content_type=content_type)


_OF_KIND = {one.kind: one for one in RESOURCES}


def _path(resource: Resource, namespace: str, name: str = "") -> str:
    prefix = f"/apis/{resource.api_version}" if resource.group else f"/api/{resource.api_version}"
    parts = [prefix, *(["namespaces", namespace] if resource.namespaced else []), resource.plural]
    return "/".join([*parts, name] if name else parts)


def _template(name: str, play: str | None, container: Object) -> Object:
    return {
        "metadata": {"annotations": {PREFIX + name: play}},
        "spec": {"containers": [{"name": name, **container}]},
    }
