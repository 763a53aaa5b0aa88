"""A healthy web shop of four workloads: it stays green, and is scaled now and then."""

from __future__ import annotations

from graph.demo.objects import Object
from graph.demo.stories.manifests import image, workload
from graph.demo.stories.stage import Stage
from graph.demo.stories.story import Story
from graph.demo.voices import Mood

USUAL, BUSY = 3, 5


def _cast(_: Stage) -> list[Object]:
    service = "webshop"
    return [
        workload("StatefulSet", "database", image("shop/postgres", "17.4"), service=service, replicas=2,
                 serviceName="database"),
        workload("Deployment", "catalog", image("shop/catalog", "5.2.1"), service=service, replicas=2),
        workload("Deployment", "frontend", image("shop/frontend", "8.11.0"), service=service, replicas=USUAL),
        workload("DaemonSet", "log-agent", image("platform/log-agent", "1.9.3")),
    ]  # fmt: skip


async def _scene(stage: Stage) -> None:
    """The evening's visitors come and go."""
    await stage.pause(20, 40)
    await stage.scale("frontend", BUSY, was=USUAL)
    await stage.pause(50, 80)
    await stage.scale("frontend", USUAL, was=BUSY)
    await stage.pause(20, 30)


STORY = Story(
    name="webshop",
    namespace="shop",
    cast=_cast,
    scene=_scene,
    voices={
        "frontend": {
            "ok": Mood(
                start=("{at} INFO frontend {version} starting", "{at} INFO listening on 0.0.0.0:8080"),
                steady=(
                    '{ip} - - [{at}] "GET / HTTP/2.0" 200 18342 {ms}ms',
                    '{ip} - - [{at}] "GET /p/{id} HTTP/2.0" 200 24110 {ms}ms',
                    '{ip} - - [{at}] "POST /cart HTTP/2.0" 303 0 {ms}ms',
                    '{ip} - - [{at}] "GET /assets/app.css HTTP/2.0" 304 0 1ms',
                ),
                every=1.5,
                end=("{at} INFO SIGTERM received, draining connections", "{at} INFO bye"),
            )
        },
        "catalog": {
            "ok": Mood(
                start=("{at} INFO catalog {version}: connected to database:5432", "{at} INFO ready"),
                steady=(
                    "{at} INFO GET /v1/products/{id} 200 {ms}ms trace={trace}",
                    "{at} INFO GET /v1/products?page=2 200 {ms}ms trace={trace}",
                    "{at} INFO cache: {percent}% hits of {count} lookups",
                ),
                every=2.5,
                end=("{at} INFO shutting down",),
            )
        },
        "postgres": {
            "ok": Mood(
                start=(
                    "{at} UTC [1] LOG:  starting PostgreSQL {version} on x86_64-pc-linux-gnu",
                    '{at} UTC [1] LOG:  listening on IPv4 address "0.0.0.0", port 5432',
                    "{at} UTC [1] LOG:  database system is ready to accept connections",
                ),
                steady=(
                    "{at} UTC [27] LOG:  checkpoint starting: time",
                    "{at} UTC [27] LOG:  checkpoint complete: wrote {count} buffers; write=4.207 s, total=4.231 s",
                ),
                every=15,
                end=(
                    "{at} UTC [1] LOG:  received fast shutdown request",
                    "{at} UTC [1] LOG:  database system is shut down",
                ),
            )
        },
        "log-agent": {
            "ok": Mood(
                start=(
                    "{at} [info] [log-agent] version={version}, pid=1",
                    "{at} [info] [input:tail] inotify watching /var/log",
                ),
                steady=("{at} [info] [output:http] flushed {count} records in {ms}ms",),
                every=8,
            )
        },
    },
)
