"""What it costs to ingest pods, beside the library that everybody has: kubernetes_asyncio's typed list and Watch.

An API server that only sends prepared bytes; each variant in a process of its own, one after another and in turns.
The way of a change from Redis into an api's replica is the benchmark ``replica``.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, suppress
from statistics import median

import msgspec
from aiohttp import web

from benchmarks import objects, report
from benchmarks.meter import NAMESPACE, PAGE, Figures

ROUNDS = 3
PODS = 10_000
CHUNK = 64
"""Watch lines that are sent together, as under load."""
COUNTS = {"watch_typed": 1000, "watch_raw": PODS, "watch_ours": PODS, "list_typed": PODS, "list_ours": PODS}
"""How many events or objects each variant ingests in a round; the slow one is told fewer."""
GOALS = {("watch", "typed"): 70.0, ("watch", "raw"): 3.5, ("list", "typed"): 50.0, ("memory", "typed"): 8.0}
"""How many times as much as ours each is to cost at least."""


async def run() -> None:
    """Prints three tables."""
    async with _served() as url:
        rounds = [{name: await _measure(name, url, count) for name, count in COUNTS.items()} for _ in range(ROUNDS)]
    found = {name: _median([one[name] for one in rounds]) for name in COUNTS}
    cost = {name: one["cpu"] / COUNTS[name] * 1e6 for name, one in found.items()}
    rows = [[_said(name), f"{cost[name]:.1f}", f"{1e6 / cost[name]:,.0f}"] for name in _of("watch")]
    report.table("Watch: an event of a pod, from the socket to the view", ["", "µs CPU", "per second"], rows)
    rows = [
        [_said(name), *(f"{found[name][word]:.{digits}f}" for word, digits in _FORMAT.items())] for name in _of("list")
    ]
    columns = ["", "seconds", "CPU s", "MiB at most", "MiB held"]
    report.table(f"LIST of {PODS:,} pods, in pages of {PAGE}", columns, rows)
    ratios = {
        ("watch", "typed"): cost["watch_typed"] / cost["watch_ours"],
        ("watch", "raw"): cost["watch_raw"] / cost["watch_ours"],
        ("list", "typed"): found["list_typed"]["seconds"] / found["list_ours"]["seconds"],
        ("memory", "typed"): found["list_typed"]["peak"] / found["list_ours"]["peak"],
    }
    rows = [[f"{what}, {peer}", f"×{ratios[what, peer]:.1f}", f"×{goal:g}"] for (what, peer), goal in GOALS.items()]
    report.table("The library's cost, as a multiple of ours", ["", "measured", "goal, at least"], rows)


_FORMAT = {"seconds": 2, "cpu": 2, "peak": 0, "held": 0}


def _of(what: str) -> Iterator[str]:
    return (name for name in COUNTS if name.startswith(what))


def _said(name: str) -> str:
    return {"typed": "kubernetes_asyncio, typed", "raw": "the same, raw dicts"}.get(name.partition("_")[2], "ours")


def _module(name: str) -> str:
    return "ours" if name.endswith("ours") else "library"


def _median(rounds: Sequence[Figures]) -> Figures:
    return {word: median(one[word] for one in rounds) for word in rounds[0]}


async def _measure(name: str, url: str, count: int) -> Figures:
    words = ["-m", f"benchmarks.ingest_{_module(name)}", name, url, str(count)]
    process = await asyncio.create_subprocess_exec(sys.executable, *words, stdout=asyncio.subprocess.PIPE)
    told, _ = await process.communicate()
    if process.returncode:
        raise SystemExit(f"{name} ended with {process.returncode}")
    figures: Figures = json.loads(told)
    return figures


@asynccontextmanager
async def _served() -> AsyncIterator[str]:
    """The URL of an API server of prepared pages and lines."""
    pods = [msgspec.json.encode(objects.pod(f"web-{number // 5:04}-{number:05}")) for number in range(PODS)]
    pages = [_page(pods, start) for start in range(0, PODS, PAGE)]
    lines = b"".join(b'{"type":"MODIFIED","object":' + pod + b"}\n" for pod in pods).splitlines(keepends=True)
    chunks = [b"".join(lines[start : start + CHUNK]) for start in range(0, PODS, CHUNK)]

    async def listed(request: web.Request) -> web.Response:
        return _json(pages[int(request.query.get("continue") or 0)])

    async def live(request: web.Request) -> web.StreamResponse:
        if "watch" not in request.query:
            return _json(b'{"kind":"PodList","apiVersion":"v1","metadata":{"resourceVersion":"1"},"items":[]}')
        response = web.StreamResponse(headers={"content-type": "application/json"})
        await response.prepare(request)
        with suppress(ConnectionResetError):  # who was told enough goes
            for chunk in chunks:
                await response.write(chunk)
            await asyncio.Event().wait()
        return response

    app = web.Application(handler_args={"handler_cancellation": True})
    app.router.add_get("/api/v1/pods", listed)
    app.router.add_get(f"/api/v1/namespaces/{NAMESPACE}/pods", live)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


def _page(pods: Sequence[bytes], start: int) -> bytes:
    following = start + PAGE
    rest = str(following // PAGE) if following < len(pods) else ""
    head = b'{"kind":"PodList","apiVersion":"v1","metadata":{"resourceVersion":"1","continue":"%b"},"items":['
    return head % rest.encode() + b",".join(pods[start:following]) + b"]}"


def _json(body: bytes) -> web.Response:
    return web.Response(body=body, content_type="application/json")
