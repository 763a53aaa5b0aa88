"""Analytics: a pod that asks for more than any node has, a GPU or processors, until its request is corrected."""

from __future__ import annotations

from graph.demo.objects import Object
from graph.demo.stories.manifests import SMALL, image, workload
from graph.demo.stories.stage import Stage
from graph.demo.stories.story import Story
from graph.demo.voices import Mood

GPU = "nvidia.com/gpu"


def _image(version: int) -> str:
    return image("data/analytics", f"2026.{version}")


def _cast(_: Stage) -> list[Object]:
    return [workload("Deployment", "analytics", _image(40), strategy={"type": "Recreate"}, replicas=1)]


async def _scene(stage: Stage) -> None:
    release = _image(41 + stage.round)
    await stage.pause(8, 20)
    await stage.roll("analytics", release, resources=_too_much(gpu=stage.round % 2 == 0))
    await stage.pause(45, 60)  # it counts as unschedulable after 15 seconds
    await stage.roll("analytics", release, resources=_enough())
    await stage.pause(35, 50)


def _too_much(*, gpu: bool) -> Object:
    return {"limits": {GPU: "1"}, "requests": {GPU: "1"}} if gpu else {"requests": {"cpu": "48"}}


def _enough() -> Object:
    return {"limits": {GPU: None}, "requests": {GPU: None, "cpu": SMALL["requests"]["cpu"]}}


STORY = Story(
    name="analytics",
    namespace="data",
    cast=_cast,
    scene=_scene,
    voices={
        "analytics": {
            "ok": Mood(
                start=(
                    "{at} analytics {version}: resuming at offset 18{id}",
                    "{at} assigned partitions orders-0 orders-1",
                ),
                steady=(
                    "{at} window closed: {count} orders, revenue {price} kEUR",
                    "{at} lag orders-0={count} orders-1={count}",
                    "{at} committed offset 18{id}",
                ),
                every=4,
                end=("{at} leaving group analytics, offsets committed",),
            )
        }
    },
)
