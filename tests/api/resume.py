"""Whether a client of ``statusTransitions`` that always resumes gets everything, while its socket, the api and the
leader are killed in turn: its ledger, without duplicates, against what Redis recorded.

``python -m tests.api.resume [--transitions 10000]`` prints what was killed and compared; exit code 1 when something is
lost, made up or out of order. The cluster is the demo's; cronjobs are suspended and resumed there without end.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import sys
import time
from collections import Counter, defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from graph.demo.player import ApiError, UnreachableError
from graph.kinds import KINDS
from graph.model.resource import Transition
from graph.store.codec import Codec, decode_cursor
from graph.store.connection import Server
from graph.store.keys import Keys
from tests.chaos.objects import sample
from tests.chaos.wire import Wire
from tests.controlplane.demo import DemoPlane
from tests.controlplane.kube import Kube
from tests.e2e.client import Ledger
from tests.e2e.system import Process, System
from tests.servers import RedisServer, binary

NAMESPACE = "resume"
CLUSTER = "default"
LEASE = 2
HANDS = 4
"""Changes that are made at a time."""
PACE = 0.1
"""Seconds between two changes of one hand: so that there is time to kill something often."""
SETTLED = 30.0
SETTINGS = {
    "lease_seconds": str(LEASE),
    "lease_name": NAMESPACE,
    "keep_changes": "1000000",
    "keep_transitions": "1000000",
    "rules__settle_up": "0",
    "rules__settle_down": "0",
}


@dataclass
class Told:
    """What came of it. ``problems`` is empty when the promise was kept."""

    recorded: int = 0
    received: int = 0
    starts: int = 0
    killed: Counter[str] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)


@dataclass
class Scene:
    """Everything that is running. ``standby`` leads when ``system.operator`` is killed; then they change places."""

    system: System
    standby: Process
    wire: Wire
    stream: Server

    async def socket(self) -> None:
        """Every connection to the api breaks."""
        await self.wire.cut()
        await self.wire.heal()

    async def api(self) -> None:
        """It crashes, and is started again."""
        await self.system.api.kill()
        await self.system.api.start()

    async def leader(self) -> None:
        """It crashes, another leads, and it comes back as a standby."""
        leader, standby = self.system.operator, self.standby
        led = standby.log().count("] leading")
        await leader.kill()
        async with asyncio.timeout(SETTLED):
            while standby.log().count("] leading") == led:  # noqa: ASYNC110 # a process of another program tells no one
                await asyncio.sleep(0.05)
        await leader.start()
        self.system.operator, self.standby = standby, leader

    async def recorded(self) -> int:
        """How many transitions Redis holds."""
        return int(await self.stream.command("XLEN", Keys(CLUSTER).transitions))


async def run(transitions: int, *, cronjobs: int = 40) -> Told:
    """Goes on until so many transitions are recorded and everything was killed at least once."""
    told = Told()
    async with _staged(cronjobs) as (scene, kube), Ledger(scene.wire.port) as ledger:
        async with _toggling(kube, cronjobs):
            for kill in itertools.cycle((scene.socket, scene.api, scene.leader)):
                await _further(scene, ledger)
                if await scene.recorded() >= transitions and len(told.killed) == 3:
                    break
                await kill()
                told.killed[kill.__name__] += 1
        await _compare(scene, ledger, told)
    return told


async def _further(scene: Scene, ledger: Ledger) -> None:
    """Until more was recorded and received than before."""
    before, got = await scene.recorded(), len(ledger.items)
    await ledger.until(lambda: len(ledger.items) > got + 20, SETTLED)
    async with asyncio.timeout(SETTLED):
        while await scene.recorded() < before + 20:  # noqa: ASYNC110 # as above
            await asyncio.sleep(0.05)


async def _compare(scene: Scene, ledger: Ledger, told: Told) -> None:
    """After the last change has arrived."""
    recorded: list[tuple[int, Transition]] = []
    async with asyncio.timeout(SETTLED):
        while not recorded or len(recorded) != await scene.recorded():
            recorded = await _stream(scene.stream)
            await asyncio.sleep(1.0)
    start = _seq(ledger.items[0])
    expected = {seq: _recorded(one) for seq, one in recorded if seq > start}
    with suppress(TimeoutError):
        await ledger.until(lambda: _seq(ledger.items[-1]) >= max(expected), SETTLED)
    received = {_seq(item): _received(item) for item in ledger.transitions}
    told.recorded, told.received, told.starts = len(expected), len(ledger.items), ledger.starts
    told.problems += [f"lost: {seq} {expected[seq]}" for seq in expected.keys() - received.keys()]
    told.problems += [f"made up: {seq} {received[seq]}" for seq in received.keys() - expected.keys()]
    told.problems += [f"another: {seq}" for seq in expected.keys() & received.keys() if expected[seq] != received[seq]]
    told.problems += [f"reset: {reason}" for reason in ledger.resets]
    told.problems += _disorder(ledger)


def _disorder(ledger: Ledger) -> list[str]:
    """Of each object, in the order in which the client got it for the first time."""
    of: dict[Any, list[int]] = defaultdict(list)
    for item in ledger.transitions:
        of[_received(item)[:2]].append(_seq(item))
    return [f"out of order: {name}" for name, seqs in of.items() if seqs != sorted(seqs)]


async def _stream(server: Server) -> list[tuple[int, Transition]]:
    codec = Codec(KINDS)
    entries = await server.command("XRANGE", Keys(CLUSTER).transitions, "-", "+")
    return [(int(id_.partition(b"-")[0]), codec.transition(item[b"x"])) for id_, item in entries]


def _seq(item: dict[str, Any]) -> int:
    return decode_cursor(item["cursor"])[CLUSTER].seq


def _recorded(one: Transition) -> tuple[str, str, str | None, str]:
    return one.object.kind, one.object.name, one.after.state.value if one.after else None, one.recorded_at


def _received(item: dict[str, Any]) -> tuple[str, str, str | None, str]:
    to = item["to"]
    return item["object"]["kind"], item["object"]["name"], to["state"] if to else None, item["recordedAt"]


@asynccontextmanager
async def _toggling(kube: Kube, cronjobs: int) -> AsyncIterator[None]:
    """Suspends and resumes one cronjob after another, while this is open."""
    steps = itertools.count()

    async def hand() -> None:
        for step in steps:
            name, suspend = f"cronjob-{step % cronjobs}", step // cronjobs % 2 == 0
            with suppress(ApiError, UnreachableError):
                await kube.patch("CronJob", name, {"spec": {"suspend": suspend}}, namespace=NAMESPACE)
            await asyncio.sleep(PACE)

    hands = [asyncio.create_task(hand()) for _ in range(HANDS)]
    try:
        yield
    finally:
        for each in hands:
            each.cancel()
        await asyncio.gather(*hands, return_exceptions=True)


@asynccontextmanager
async def _staged(cronjobs: int) -> AsyncIterator[tuple[Scene, Kube]]:
    program = binary()
    assert program is not None, "no redis-server or valkey-server on the PATH"
    redis = RedisServer(program)
    await asyncio.to_thread(redis.start)
    stream = Server(redis.url)
    try:
        async with DemoPlane(nodes=1, speed=10) as demo, Kube.from_kubeconfig(demo.kubeconfig) as kube:
            await kube.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}})
            for number in range(cronjobs):
                await kube.create(sample("CronJob", str(number), 0), namespace=NAMESPACE)
            async with System(redis, demo.kubeconfig, **SETTINGS) as system, Wire(system.api.port) as wire:
                standby = system.another_operator()
                await standby.start()
                scene = Scene(system, standby, wire, stream)
                try:
                    yield scene, kube
                finally:
                    await scene.standby.stop()
    finally:
        await stream.close()
        redis.close()


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(description="Resuming statusTransitions while everything is killed in turn.")
    parser.add_argument("--transitions", type=int, default=10_000)
    began, told = time.monotonic(), asyncio.run(run(parser.parse_args().transitions))
    killed = ", ".join(f"{name} {count} times" for name, count in told.killed.items())
    print(f"{time.monotonic() - began:.0f} s; killed: {killed}; {told.starts} subscriptions")
    print(f"{told.recorded:,} transitions recorded, {told.received:,} items received, {len(told.problems)} problems")
    print(*told.problems[:10], sep="\n", end="\n" if told.problems else "")
    return 1 if told.problems else 0


if __name__ == "__main__":
    sys.exit(main())
