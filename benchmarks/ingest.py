"""What it costs to ingest pods, beside the library that everybody has: kubernetes_asyncio's typed list and Watch.

An API server that only sends prepared bytes; each variant in a process of its own, one after another and in turns.
The way of a change from Redis into an api's replica is the benchmark ``replica``.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from statistics import median

from benchmarks import report
from benchmarks.ingest_pods import REPEATED, pods, served
from benchmarks.meter import PAGE, Figures

ROUNDS = {"watch": 9, "list": 3}
PODS = 10_000
COUNTS = {
    "watch_typed": 1000,
    "watch_raw": PODS,
    **dict.fromkeys(("watch_ours", "watch_floor"), REPEATED * PODS),
    **dict.fromkeys(("list_typed", "list_ours"), PODS),
}
"""How many events or objects each variant ingests in a round; the slow one is told fewer."""
GOALS = {("watch", "typed"): 70.0, ("watch", "raw"): 3.5, ("list", "typed"): 50.0, ("memory", "typed"): 8.0}
"""How many times as much as ours each is to cost at least."""

LEAST = 5.0
"""How many times what reading alone costs a watch may cost."""


async def run() -> None:
    """Prints three tables."""
    async with served(pods(PODS)) as url:
        rounds = {name: list[Figures]() for name in COUNTS}
        for what, number in ROUNDS.items():
            for name in list(_of(what)) * number:
                rounds[name].append(await _measure(name, url, COUNTS[name]))
    found = {name: _median(figures) for name, figures in rounds.items()}
    cost = {name: one["cpu"] / COUNTS[name] * 1e6 for name, one in found.items()}
    rows = [[_said(name), f"{cost[name]:.1f}", f"{1e6 / cost[name]:,.0f}"] for name in _of("watch")]
    report.table("Watch: an event of a pod, from the socket to the view", ["", "µs CPU", "per second"], rows)
    rows = [
        [_said(name), *(f"{found[name][word]:.{digits}f}" for word, digits in _FORMAT.items())] for name in _of("list")
    ]
    columns = ["", "seconds", "CPU s", "MiB at most", "MiB held"]
    report.table(f"LIST of {PODS:,} pods, in pages of {PAGE}", columns, rows)
    rows = []
    for (what, peer), goal in GOALS.items():
        each = sorted(_ratios(rounds, what, peer))
        rows.append([f"{what}, {peer}", f"×{median(each):.1f}", f"×{each[0]:.1f} – ×{each[-1]:.1f}", f"×{goal:g}"])
    columns = ["", "median of rounds", "all rounds", "goal, at least"]
    report.table("The library's cost, as a multiple of ours in the same round", columns, rows)
    print(
        f"\nOurs is ×{cost['watch_ours'] / cost['watch_floor']:.1f} of reading alone; the goal is ×{LEAST:g} at most."
    )


_FORMAT = {"seconds": 2, "cpu": 2, "peak": 0, "held": 0}


def _ratios(rounds: Mapping[str, Sequence[Figures]], what: str, peer: str) -> Iterator[float]:
    """Of two processes that ran one soon after the other: the machine is not as fast at all times."""
    test, word = _MEASURED[what]
    for theirs, ours in zip(rounds[f"{test}_{peer}"], rounds[f"{test}_ours"], strict=True):
        yield theirs[word] / COUNTS[f"{test}_{peer}"] / (ours[word] / COUNTS[f"{test}_ours"])


_MEASURED = {"watch": ("watch", "cpu"), "list": ("list", "seconds"), "memory": ("list", "peak")}
"""What a ratio is of: a variant's name without its end, and a figure of it."""


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
