"""How long a change takes from the API server's watch to a browser's websocket frame: real control plane, Redis,
operator, api and subscribers, each in a process of its own; settling is off.

2,000 pods run; then pods crash, so many a second, and 100 subscribers are told each. An observer with a plain watch of
its own tells when the API server let a change out: from there it counts, the API server's own time is not ours.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import NamedTuple

from benchmarks import objects, report, synthetic
from benchmarks.objects import Object
from benchmarks.program import Part, started
from graph.demo.player.api import MERGE_PATCH
from graph.demo.player.clock import Pace
from graph.demo.player.node import Node
from graph.model import instant
from tests.controlplane import binaries
from tests.controlplane.kube import Kube
from tests.controlplane.plane import ControlPlane

SERVICES = 400
REPLICAS = 5
SUBSCRIBERS = 100
RATES = (5, 20)
"""Changes a second; each round crashes pods that did not crash before."""
SECONDS = 20
PATIENCE = 120
"""Seconds until a round ends although frames are missing."""
AT_ONCE = 16
PODS = "/api/v1/namespaces/default/pods"
SETTINGS = {"rules__settle_up": "0", "rules__settle_down": "0"}


class Round(NamedTuple):
    """When what happened to each pod, in seconds of the monotonic clock."""

    sent: dict[str, float]
    seen: dict[str, float]
    arrived: dict[str, list[float]]

    def since(self, began: dict[str, float]) -> list[float]:
        """The latency of every frame."""
        return [at - began[name] for name, times in self.arrived.items() for at in times]


async def run() -> None:
    """Prints two tables."""
    try:
        programs = binaries.find()
    except binaries.BinariesUnavailableError as error:
        raise SystemExit(str(error)) from error
    async with ControlPlane(programs) as plane, Kube.from_kubeconfig(plane.kubeconfig) as kube, _node(kube):
        await _populate(kube)
        with synthetic.redis() as redis:
            began = time.monotonic()
            async with started(redis, "operator", "api", KUBECONFIG=str(plane.kubeconfig), **SETTINGS) as parts:
                print(f"{SERVICES * REPLICAS} pods; operator and api ready after {time.monotonic() - began:.1f} s\n")
                await _rounds(kube, parts)


async def _rounds(kube: Kube, parts: Sequence[Part]) -> None:
    latencies, costs = [], []
    for replica, rate in enumerate(RATES):
        cpu, began = [part.cpu for part in parts], time.monotonic()
        one = await _round(kube, parts[1].port, replica=replica, rate=rate)
        lasted = time.monotonic() - began
        frames = sum(map(len, one.arrived.values()))
        told = f"{frames:,} of {len(one.sent) * SUBSCRIBERS:,}"
        for name, times in (("watch", one.seen), ("PATCH", one.sent)):
            latencies.append([f"{rate}/s, since the {name}", told, *report.milliseconds(one.since(times))])
        for part, before in zip(parts, cpu, strict=True):
            spent = part.cpu - before
            share = f"{spent / lasted:.0%}"
            costs.append([f"{rate}/s, {part.command}", f"{spent:.2f}", share, f"{part.memory:.0f}"])
    report.table(
        f"Change of a pod → frames of {SUBSCRIBERS} subscribers",
        ["", "frames", "p50 ms", "p99 ms", "max ms"],
        latencies,
    )
    report.table("Cost, subscribing included", ["", "CPU s", "of one core", "MiB"], costs)


async def _round(kube: Kube, port: int, *, replica: int, rate: int) -> Round:
    names = [f"web-{number:04}-{replica}" for number in range(rate * SECONDS)]
    words = [port, SUBSCRIBERS, len(names), PATIENCE]
    crowd = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "benchmarks.subscribers", *map(str, words), stdout=asyncio.subprocess.PIPE, limit=1 << 26
    )
    assert crowd.stdout is not None, "a pipe"
    try:
        async with asyncio.timeout(PATIENCE + 30):
            await _told(crowd.stdout)
            async with _observed(kube) as seen:
                sent = await _crash(kube, names, rate)
                arrived = json.loads(await _told(crowd.stdout))
    finally:
        if crowd.returncode is None:
            crowd.kill()
        await crowd.wait()
    return Round(sent, seen, arrived)


async def _told(by: asyncio.StreamReader) -> bytes:
    line = await by.readline()
    if not line:
        raise SystemExit("the subscribers ended early")
    return line


async def _crash(kube: Kube, names: Sequence[str], rate: int) -> dict[str, float]:
    """When each PATCH was sent: at its time, whether or not those before it were answered."""
    sent: dict[str, float] = {}

    async def one(name: str) -> None:
        status = objects.pod_status(healthy=False, ended=instant.show(time.time())[:19] + "Z")
        sent[name] = time.monotonic()
        await _patch(kube, name, status)

    began = time.monotonic()
    async with asyncio.TaskGroup() as tasks:
        for number, name in enumerate(names):
            await asyncio.sleep(began + number / rate - time.monotonic())
            tasks.create_task(one(name))
    return sent


@asynccontextmanager
async def _observed(kube: Kube) -> AsyncIterator[dict[str, float]]:
    """When a plain watch told that a pod crashed."""
    answer = await kube.api.request("GET", PODS, params={"limit": "1"})
    seen: dict[str, float] = {}

    async def observe() -> None:
        async for _, pod in kube.api.watch(PODS, params={"resourceVersion": answer["metadata"]["resourceVersion"]}):
            if not pod["status"]["containerStatuses"][0]["ready"]:
                seen.setdefault(pod["metadata"]["name"], time.monotonic())

    task = asyncio.create_task(observe())
    try:
        yield seen
    finally:
        task.cancel()
        await asyncio.wait({task})


@asynccontextmanager
async def _node(kube: Kube) -> AsyncIterator[None]:
    """The node that all pods are bound to: registered, with a heartbeat; nobody plays its pods."""
    node = Node(kube.api, objects.NODE, index=0, pace=Pace())
    await node.register()
    beating = asyncio.create_task(node.run())
    try:
        yield
    finally:
        beating.cancel()
        await asyncio.wait({beating})


async def _populate(kube: Kube) -> None:
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(service: int, replica: int) -> None:
        name = f"web-{service:04}-{replica}"
        pod: Object = {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": name, "labels": {"app": f"web-{service:04}"}},
            "spec": objects.pod_spec(),
        }
        async with gate:
            await kube.create(pod)
            await _patch(kube, name, objects.pod_status(healthy=True))

    async with asyncio.TaskGroup() as tasks:
        for service in range(SERVICES):
            for replica in range(REPLICAS):
                tasks.create_task(one(service, replica))


async def _patch(kube: Kube, name: str, status: Object) -> None:
    await kube.api.request("PATCH", f"{PODS}/{name}/status", body={"status": status}, content_type=MERGE_PATCH)
