"""Search: a release with a tag that was never pushed; as all pods are replaced at once, nobody serves until its fix."""

from __future__ import annotations

from graph.demo.objects import Object
from graph.demo.stories.manifests import image, workload
from graph.demo.stories.stage import Stage
from graph.demo.stories.story import Story
from graph.demo.voices import Mood


def _image(version: str) -> str:
    return image("shop/search", version)


def _cast(_: Stage) -> list[Object]:
    return [workload("Deployment", "search", _image("4.17.2"), replicas=2, strategy={"type": "Recreate"})]


async def _scene(stage: Stage) -> None:
    release = 18 + stage.round
    await stage.pause(18, 30)
    await stage.roll("search", _image(f"4.{release}.O"), "missing")  # the letter O instead of zero
    await stage.pause(35, 50)
    await stage.roll("search", _image(f"4.{release}.0"))
    await stage.pause(40, 60)


STORY = Story(
    name="search",
    namespace="shop",
    cast=_cast,
    scene=_scene,
    voices={
        "search": {
            "ok": Mood(
                start=(
                    "[{at}][INFO ][node] search {version}, opening index products-v12",
                    "[{at}][INFO ][index] 48213 documents, 3 segments, {ms}ms",
                    "[{at}][INFO ][http] bound to 0.0.0.0:8080",
                ),
                steady=(
                    '[{at}][INFO ][query] q="rain jacket" hits={count} took={ms}ms',
                    '[{at}][INFO ][query] q="trail shoes 42" hits={count} took={ms}ms',
                    '[{at}][INFO ][query] q="tent" hits={count} took={ms}ms',
                    "[{at}][INFO ][merge] segments 7 -> 3 in {ms}ms",
                    '[{at}][WARN ][query] slow query q="*" took=1{ms}ms',
                ),
                every=2.5,
                end=("[{at}][INFO ][node] closing index products-v12", "[{at}][INFO ][node] stopped"),
            )
        }
    },
)
