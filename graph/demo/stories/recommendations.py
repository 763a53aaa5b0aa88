"""Recommendations: a memory limit that was lowered to save money kills the pods under load, and is raised again."""

from __future__ import annotations

from graph.demo.objects import Object
from graph.demo.stories.manifests import image, workload
from graph.demo.stories.stage import Stage
from graph.demo.stories.story import Story
from graph.demo.voices import Mood

_IMAGE = image("shop/recommendations", "3.8.0")


def _cast(_: Stage) -> list[Object]:
    return [workload("Deployment", "recommendations", _IMAGE, replicas=2)]


async def _scene(stage: Stage) -> None:
    if stage.round:
        await stage.roll("recommendations", _IMAGE, resources={"limits": {"memory": "256Mi"}})
        await stage.pause(15, 25)
    await stage.pause(12, 20)
    await stage.trouble("recommendations", f"oom {stage.seconds(7)}")
    await stage.pause(45, 60)
    await stage.roll("recommendations", _IMAGE, resources={"limits": {"memory": "512Mi"}})
    await stage.pause(40, 60)


_START = (
    "INFO:     recommendations {version}: loading model als-128",
    "INFO:     Uvicorn running on http://0.0.0.0:8080",
)
_SERVING = (
    'INFO:     {ip}:{id} - "GET /similar/{id}?n=12 HTTP/1.1" 200 OK',
    'INFO:     {ip}:{id} - "GET /for-you HTTP/1.1" 200 OK',
)

STORY = Story(
    name="recommendations",
    namespace="shop",
    cast=_cast,
    scene=_scene,
    voices={
        "recommendations": {
            "ok": Mood(start=_START, steady=_SERVING, every=2, end=("INFO:     Shutting down",)),
            "oom": Mood(
                start=_START,
                work=(
                    "WARNING:  resident memory 187 MB of 256 MB",
                    "WARNING:  resident memory 221 MB of 256 MB, shrinking the cache",
                    "WARNING:  resident memory 249 MB of 256 MB, nothing left to free",
                ),
                steady=_SERVING,
                every=1,
            ),
        }
    },
)
