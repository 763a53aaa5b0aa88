"""The stories' own rules: a seed repeats them, users' actions win, and logs fit what happens."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from random import Random

import pytest

from graph.demo.objects import Object
from graph.demo.player.api import ApiError
from graph.demo.resources import EVENTS, PODS
from graph.demo.store import Store
from graph.demo.stories import STORIES, Teller
from graph.demo.stories.stage import Stage

STEPS = 3_000
Step = tuple[object, ...]


class Scribe:
    """An API that remembers what was asked. Every Job of it has ended already."""

    def __init__(self) -> None:
        self.steps: list[Step] = []
        self.objects: dict[str, Object] = {}
        self.full = asyncio.Event()

    async def request(
        self,
        method: str,
        path: str,
        *,
        body: Object | None = None,
        params: Mapping[str, str] | None = None,
        content_type: str = "application/json",
    ) -> Object:
        """As the demo's API answers."""
        await asyncio.sleep(0)
        self.steps.append((method, path, body, params, content_type))
        if method == "POST" and body is not None:
            self.objects[f"{path}/{body['metadata']['name']}"] = body
            return body
        if params is not None:
            return {"items": self._jobs(params["labelSelector"]) if path.endswith("jobs") else []}
        if path not in self.objects:
            raise ApiError(404, "NotFound", path)
        if method == "DELETE":
            return self.objects.pop(path)
        if method == "PATCH" and body is not None and "jobTemplate" in body.get("spec", ()):
            self.objects[path] = {**self.objects[path], "spec": body["spec"]}
        return _ended(self.objects[path]) if "/jobs/" in path else self.objects[path]

    async def sleep(self, seconds: float) -> None:
        """Takes no time."""
        await asyncio.sleep(0)
        if len(self.steps) > STEPS:
            self.full.set()
        self.steps.append(("sleep", seconds))

    def _jobs(self, labels: str) -> list[Object]:
        if "build-of" in labels:
            return [_ended(one) for path, one in self.objects.items() if "/jobs/" in path]
        templates = [one["spec"]["jobTemplate"] for path, one in self.objects.items() if "/cronjobs/" in path]
        return [_ended(template) for template in templates for _ in range(3)]


def _ended(obj: Object) -> Object:
    return {**obj, "status": {"conditions": [{"type": "Complete", "status": "True"}]}}


async def _steps(seed: int, *, scale: int = 1) -> list[Step]:
    scribe = Scribe()
    teller = Teller(scribe, STORIES, seed=seed, scale=scale, sleep=scribe.sleep)
    await teller.gather()
    telling = asyncio.create_task(teller.run())
    await asyncio.wait([telling, asyncio.create_task(scribe.full.wait())], return_when=asyncio.FIRST_COMPLETED)
    assert not telling.done(), telling.exception()
    telling.cancel()
    await asyncio.wait([telling])
    return scribe.steps[:STEPS]


async def test_a_seed_repeats_every_step_and_pause() -> None:
    once, again, otherwise = [await _steps(seed, scale=2) for seed in (7, 7, 8)]
    assert len(once) == STEPS
    assert once == again
    assert once != otherwise


async def test_each_copy_of_the_stories_has_namespaces_of_its_own() -> None:
    scribe = Scribe()
    await Teller(scribe, STORIES, scale=3, sleep=scribe.sleep).gather()
    created = [path for path in scribe.objects if "/deployments/checkout" in path]
    assert [path.split("/")[5] for path in created] == ["shop", "shop-2", "shop-3"]


def _stage(scribe: Scribe) -> Stage:
    return Stage(scribe, namespace="data", random=Random(1), sleep=scribe.sleep, pace=1.0)


async def test_a_cronjob_that_a_user_has_stopped_is_not_brought_back(monkeypatch: pytest.MonkeyPatch) -> None:
    scribe = Scribe()
    stage = _stage(scribe)
    cast = next(story for story in STORIES if story.name == "nightly").cast(stage)
    await stage.gather(cast)
    backup = "/apis/batch/v1/namespaces/data/cronjobs/backup"
    del scribe.objects[backup]

    async def kept(*_: object) -> list[Object]:
        return [{"metadata": {"name": "backup-statusgraph-stopped"}}]

    with monkeypatch.context() as patched:
        patched.setattr(stage, "list", kept)
        await stage.gather(cast)
    assert backup not in scribe.objects

    await stage.gather(cast)
    assert backup in scribe.objects, "what was deleted otherwise is there again"


async def test_a_deployment_that_a_user_has_scaled_is_left_alone() -> None:
    scribe = Scribe()
    stage = _stage(scribe)
    path = "/apis/apps/v1/namespaces/data/deployments/web"
    scribe.objects[path] = {"spec": {"replicas": 7}}
    await stage.scale("web", 5, was=3)
    assert [step[0] for step in scribe.steps] == ["GET"]
    scribe.objects[path] = {"spec": {"replicas": 3}}
    await stage.scale("web", 5, was=3)
    assert scribe.steps[-1][:3] == ("PATCH", path, {"spec": {"replicas": 5}})


def test_names_and_uids_of_a_seed_do_not_depend_on_what_else_happens() -> None:
    quiet, busy = (Store(lambda: 0.0, Random(7)) for _ in range(2))
    busy.create(EVENTS, {"metadata": {"name": "web.1", "namespace": "shop"}})
    busy.create(PODS, {"metadata": {"generateName": "api-", "namespace": "shop"}, "spec": {}})
    made = [
        [store.create(PODS, {"metadata": {"generateName": "web-", "namespace": "shop"}, "spec": {}}) for _ in range(2)]
        for store in (quiet, busy)
    ]
    names, others = ([(pod["metadata"]["name"], pod["metadata"]["uid"]) for pod in pods] for pods in made)
    assert names == others
    assert len(set(names)) == 2
