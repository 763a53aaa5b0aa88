"""Checkout: a release that crashes as it starts, beside old pods that go on serving, and is fixed by the next one."""

from __future__ import annotations

from graph.demo.objects import Object
from graph.demo.stories.manifests import image, workload
from graph.demo.stories.stage import Stage
from graph.demo.stories.story import Story
from graph.demo.voices import Mood


def _image(version: str) -> str:
    return image("shop/checkout", version)


def _cast(_: Stage) -> list[Object]:
    return [workload("Deployment", "checkout", _image("2.4.1"), replicas=3)]


async def _scene(stage: Stage) -> None:
    release = f"2.{5 + stage.round}"
    await stage.pause(10, 18)
    await stage.roll("checkout", _image(f"{release}.0"), f"crash exit=1 {stage.seconds(3)}")
    await stage.pause(35, 50)
    await stage.roll("checkout", _image(f"{release}.1"))
    await stage.pause(40, 60)


_START = ("{at} INFO  checkout {version} starting (profile=production)", "{at} INFO  connected to payments:8443")

STORY = Story(
    name="checkout",
    namespace="shop",
    cast=_cast,
    scene=_scene,
    voices={
        "checkout": {
            "ok": Mood(
                start=(*_START, "{at} INFO  tax rates loaded: 27 regions", "{at} INFO  started on port 8080"),
                steady=(
                    "{at} INFO  POST /orders 201 {ms}ms order={id} total={price} EUR",
                    "{at} INFO  GET /orders/{id} 200 {ms}ms",
                    "{at} INFO  PUT /baskets/{id}/address 200 {ms}ms",
                    "{at} WARN  payment of order {id} needs a second factor, waiting",
                ),
                every=2,
                end=("{at} INFO  shutting down: 0 orders in flight",),
            ),
            "crash": Mood(
                start=(*_START, "{at} INFO  loading tax rates from TAX_RATES_URL"),
                end=(
                    "{at} ERROR startup failed",
                    "java.lang.IllegalStateException: TAX_RATES_URL is not set",
                    "\tat com.example.checkout.tax.TaxRates.load(TaxRates.java:41)",
                    "\tat com.example.checkout.Application.start(Application.java:88)",
                    "\tat com.example.checkout.Application.main(Application.java:27)",
                    "{at} INFO  exiting with code 1",
                ),
            ),
        }
    },
)
