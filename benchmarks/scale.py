"""The whole program at the size that it is made for: ``python -m benchmarks.scale``.

A cluster of 35,000 pods behind the demo's API (see ``scale_cluster``), an operator, an api and a Redis, each a process
of its own; then changes, as many a second for minutes. This process holds a replica of its own: how long a change takes
is told by the restarts of the pods in it. What is printed stands beside its goal.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import logging
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from statistics import mean
from tempfile import TemporaryDirectory

import structlog
import uvloop

from benchmarks import report, synthetic
from benchmarks.program import Part, started
from graph.config import load
from graph.demo.cluster import Cluster
from graph.kinds import KINDS
from graph.model.resource import ResourceChange
from graph.store.codec import Codec
from graph.store.connection import Server
from graph.store.follower import Follower
from graph.store.hub import Delivery, Hub
from graph.store.reader import RedisReader
from graph.store.replica import Replica
from tests.chaos.oracle import Oracle
from tests.controlplane.kube import Kube
from tests.e2e.client import TRANSITIONS, subscription
from tests.servers import RedisServer

NAME = "default"
"""Of the cluster, as the settings call it."""
SAMPLE = 5.0
SETTLED = 60.0
"""Seconds of changes after which every stream is as long as it gets, and memory should grow no more."""
AGREES = 60.0
"""Seconds; what was settled a moment ago is worse than a fresh list tells."""
OPENED_AT_ONCE = 50


class Told:
    """The process of the cluster, and its answers."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def line(self) -> str:
        """The next thing that it says."""
        assert self._process.stdout is not None, "a pipe"
        told = await self._process.stdout.readline()
        if not told:
            raise SystemExit("the cluster ended early")
        return told.decode().strip()

    async def ask(self, *words: object) -> str:
        """Its answer."""
        assert self._process.stdin is not None, "a pipe"
        self._process.stdin.write(" ".join(map(str, words)).encode() + b"\n")
        return await self.line()

    async def watches(self) -> int:
        """How many are open at the API server."""
        return int(await self.ask("watches"))


class Arrivals:
    """When this process' replica had each turn of a pod: {"pod/restarts": seconds of the monotonic clock}."""

    def __init__(self, redis: RedisServer) -> None:
        settings, self.hub = load(), Hub(1_000_000)
        self.servers = Server(redis.url), Server(redis.url)
        self.replica = Replica(
            NAME,
            KINDS,
            keep_transitions=settings.keep_transitions,
            keep_log=settings.keep_log,
            keep_actions=settings.keep_actions,
        )
        reader = RedisReader(*self.servers, Codec(KINDS))
        self._follower = Follower(self.replica, reader, self.hub, time.time)
        self.at: dict[str, float] = {}
        self.changes = 0
        self.loaded = asyncio.Event()

    async def run(self) -> None:
        """Until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._follower.run())
            async for item in self.hub.subscribe():
                if self.replica.cursor is not None:
                    self.loaded.set()
                if isinstance(item, Delivery) and isinstance(item.change, ResourceChange):
                    self.changes += 1
                    self._note(item.change)

    def _note(self, change: ResourceChange) -> None:
        if change.key.kind == "POD" and change.resource is not None:
            self.at.setdefault(f"{change.key.name}/{change.resource.fields.restarts}", time.monotonic())


class Sampled:
    """Memory of each part over time, in MiB."""

    def __init__(self, parts: Sequence[Part]) -> None:
        self._parts = parts
        self.rows: list[list[float]] = []

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            self.rows.append([part.memory for part in self._parts])
            await asyncio.sleep(SAMPLE)

    def growth(self, at: int) -> str:
        """From when it had settled to the end, means of a quarter each."""
        rows = self.rows[int(SETTLED / SAMPLE) :]
        values = [row[at] for row in (rows if len(rows) >= 4 else self.rows)]  # a short run is all beginning
        quarter = max(1, len(values) // 4)
        return " → ".join(f"{mean(values[start:][:quarter]):.0f}" for start in range(0, 4 * quarter, quarter))


async def run(given: argparse.Namespace) -> None:
    """Prints four tables."""
    async with AsyncExitStack() as stack:
        began = time.monotonic()
        cluster, kubeconfig = await stack.enter_async_context(_cluster(given))
        print(f"the cluster is full after {time.monotonic() - began:.0f} s\n", flush=True)
        redis = stack.enter_context(synthetic.redis())
        began = time.monotonic()
        operator = await stack.enter_async_context(started(redis, "operator", KUBECONFIG=str(kubeconfig)))
        synced = time.monotonic() - began
        parts = [*operator, *await stack.enter_async_context(started(redis, "api"))]
        served = time.monotonic() - began
        arrivals = Arrivals(redis)
        following = asyncio.create_task(arrivals.run())
        await arrivals.loaded.wait()
        gc.freeze()  # or the measuring would stall
        await _print_size(parts, arrivals, synced=synced, served=served)
        await _print_changes(parts, arrivals, cluster, rate=given.rate, seconds=given.minutes * 60)
        await _print_differences(kubeconfig, redis)
        await _print_watches(cluster, parts[1].port, given.subscribers)
        following.cancel()
        await asyncio.wait({following})
        for server in arrivals.servers:
            await server.close()


async def _print_size(parts: Sequence[Part], arrivals: Arrivals, *, synced: float, served: float) -> None:
    resources = len(arrivals.replica.resources)
    memory = await arrivals.servers[0].command("INFO", "memory")
    used = int(memory["used_memory"] if isinstance(memory, dict) else _used(memory))
    rows = [
        ["cold start → operator synced, s", f"{synced:.1f}", "≤ 60"],
        ["… and the api ready, s", f"{served:.1f}", ""],
        ["resources", f"{resources:,}", ""],
        *([f"{part.command}, MiB", f"{part.memory:.0f}", ""] for part in parts),
        *([f"{part.command}, CPU s of the start", f"{part.cpu:.1f}", ""] for part in parts),
        ["Redis, bytes per resource", f"{used / resources:.0f}", ""],
    ]
    report.table("Started", ["", "measured", "goal"], rows)


def _used(told: bytes) -> str:
    return next(line.partition(b":")[2] for line in told.splitlines() if line.startswith(b"used_memory:")).decode()


async def _print_changes(
    parts: Sequence[Part], arrivals: Arrivals, cluster: Told, *, rate: int, seconds: float
) -> None:
    before, told = [part.cpu for part in parts], arrivals.changes
    sampled = Sampled(parts)
    sampling = asyncio.create_task(sampled.run())
    answer = json.loads(await cluster.ask("change", rate, seconds))
    await asyncio.sleep(1)
    sampling.cancel()
    turned = answer["turned"]
    latencies = [arrivals.at[name] - at for name, at in turned.items() if name in arrivals.at]
    rows = [
        ["changes at the API server", f"{answer['made']:,}"],
        ["changes written to Redis", f"{arrivals.changes - told:,}"],
        ["turns of pods that arrived, of all", f"{len(latencies):,} of {len(turned):,}"],
        *(
            [f"change → replica, {word} ms", value]
            for word, value in zip(("p50", "p99", "max"), report.milliseconds(latencies), strict=True)
        ),
    ]
    for at, part in enumerate(parts):
        used = part.cpu - before[at]
        rows += [
            [f"{part.command}, µs CPU per change", f"{used / answer['made'] * 1e6:.0f}"],
            [f"{part.command}, of one core", f"{used / seconds:.0%}"],
            [f"{part.command}, MiB in each quarter after {SETTLED:.0f} s", sampled.growth(at)],
        ]
    report.table(f"{rate} changes a second for {seconds / 60:g} minutes", ["", "measured"], rows)


async def _print_differences(kubeconfig: Path, redis: RedisServer) -> None:
    """What Redis holds, against a list of everything that is judged afresh."""
    async with Kube.from_kubeconfig(kubeconfig) as kube:
        oracle = Oracle(kube, None, redis.url)
        left, _ = await oracle.agreed(within=AGREES)
        await oracle.server.close()
    rows = [[word, str(len(getattr(left, word))), "0"] for word in ("lost", "ghosts", "stale")]
    report.table("Redis against a fresh list, statuses included", ["", "resources", "goal"], rows)


async def _print_watches(cluster: Told, port: int, subscribers: int) -> None:
    rows, gate = [], asyncio.Semaphore(OPENED_AT_ONCE)

    async def one(number: int, stack: AsyncExitStack) -> None:
        async with gate:
            filter_ = {"filter": {"namespaces": [f"team-{number % 50:02}"], "kinds": ["DEPLOYMENT"]}}
            payloads = await stack.enter_async_context(subscription(port, TRANSITIONS, filter_))
            await anext(payloads)

    for count in (1, subscribers):
        async with AsyncExitStack() as stack:
            await asyncio.gather(*(one(number, stack) for number in range(count)))
            rows.append([f"{count:,} subscribers", str(await cluster.watches())])
    report.table("Watches at the API server", ["", "open"], rows)


@asynccontextmanager
async def _cluster(given: argparse.Namespace) -> AsyncIterator[tuple[Told, Path]]:
    """The process, and a kubeconfig for it."""
    words = ["-m", "benchmarks.scale_cluster", *map(str, (given.services, given.cronjobs, given.pods))]
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(sys.executable, *words, stdin=pipe, stdout=pipe, limit=1 << 28)
    try:
        with TemporaryDirectory(prefix="statusgraph-scale-") as home:
            told, named = Told(process), Cluster()
            named.url = await told.line()
            yield told, named.kubeconfig(Path(home) / "kubeconfig")
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scale", description=__doc__)
    parser.add_argument("--minutes", type=float, default=2)
    parser.add_argument("--rate", type=int, default=500, help="changes a second")
    parser.add_argument("--pods", type=int, default=35_000, help="those of the CronJobs' runs included")
    parser.add_argument("--services", type=int, default=10_000, help="Deployments, with a ReplicaSet each")
    parser.add_argument("--cronjobs", type=int, default=5_000, help="with three runs each")
    parser.add_argument("--subscribers", type=int, default=1_000)
    given = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    print(report.heading("python -m benchmarks.scale " + " ".join(sys.argv[1:])))
    uvloop.run(run(given))


if __name__ == "__main__":
    main()
