"""Gateway: many replicas that take their time to become ready, so that each release is a slow one."""

from __future__ import annotations

from graph.demo.objects import Object
from graph.demo.stories.manifests import image, workload
from graph.demo.stories.stage import Stage
from graph.demo.stories.story import Story
from graph.demo.voices import Mood

WARM_UP = 9.0


def _image(number: int) -> str:
    return image("shop/gateway", f"1.{30 + number}.0")


def _cast(stage: Stage) -> list[Object]:
    play = f"slow {stage.seconds(WARM_UP)}"
    two_by_two = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 1}}
    return [workload("Deployment", "gateway", _image(0), play=play, replicas=8, strategy=two_by_two)]


async def _scene(stage: Stage) -> None:
    await stage.pause(25, 40)
    await stage.roll("gateway", _image(stage.round + 1), f"slow {stage.seconds(WARM_UP)}")
    await stage.pause(70, 100)


STORY = Story(
    name="gateway",
    namespace="shop",
    cast=_cast,
    scene=_scene,
    voices={
        "gateway": {
            "ok": Mood(
                start=("level=info msg=starting version={version} pod={pod}",),
                work=(
                    'level=info msg="fetching routes" upstreams=14',
                    'level=info msg="opening connections to upstreams" done=5/14',
                    'level=info msg="opening connections to upstreams" done=14/14',
                ),
                steady=(
                    "level=info status=200 upstream=frontend path=/ duration={ms}ms trace={trace}",
                    "level=info status=200 upstream=catalog path=/v1/products/{id} duration={ms}ms trace={trace}",
                    "level=info status=201 upstream=checkout path=/orders duration={ms}ms trace={trace}",
                    "level=warn status=429 upstream=search path=/search client={ip} msg=throttled",
                ),
                every=2,
                end=('level=info msg="draining" open={count}', "level=info msg=stopped"),
            )
        }
    },
)
