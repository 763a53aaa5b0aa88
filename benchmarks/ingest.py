"""What it costs to ingest pods, beside the library that everybody has: kubernetes_asyncio's typed list and Watch.

An API server that only sends prepared bytes; each variant in a process of its own, one after another and in turns.
The way of a change from Redis into an api's replica is the benchmark ``replica``.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Iterator, Sequence
from statistics import median

from benchmarks import report
from benchmarks.ingest_pods import pods, served
from benchmarks.meter import PAGE, Figures

ROUNDS = 3
PODS = 10_000
COUNTS = {
    "watch_typed": 1000,
    **dict.fromkeys(("watch_raw", "watch_ours", "watch_floor", "list_typed", "list_ours"), PODS),
}
"""How many events or objects each variant ingests in a round; the slow one is told fewer."""
GOALS = {("watch", "typed"): 70.0, ("watch", "raw"): 3.5, ("list", "typed"): 50.0, ("memory", "typed"): 8.0}
"""How many times as much as ours each is to cost at least."""

LEAST = 5.0
"""How many times what reading alone costs a watch may cost."""


async def run() -> None:
    """Prints three tables."""
    async with served(pods(PODS)) as url:
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
    print(
        f"\nOurs is ×{cost['watch_ours'] / cost['watch_floor']:.1f} of reading alone; the goal is ×{LEAST:g} at most."
    )


_FORMAT = {"seconds": 2, "cpu": 2, "peak": 0, "held": 0}


def _of(what: str) -> Iterator[str]:
    return (name for name in COUNTS if name.startswith(what))


def _said(name: str) -> str:
    return _SAID[name.partition("_")[2]]


_SAID = {
    "typed": "kubernetes_asyncio, typed",
    "raw": "the same, raw dicts",
    "ours": "ours",
    "floor": "the same lines, read and thrown away",
}


def _module(name: str) -> str:
    return "ours" if name.endswith(("ours", "floor")) else "library"


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
