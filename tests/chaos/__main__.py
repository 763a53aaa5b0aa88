"""`python -m tests.chaos [R1 R3 …] --minutes 5`: the promises under long runs of faults, and a ledger of them.

They share the time, so that each comes to the number of trials that is asked of it at about once. R1, R3 and R4 are
played on the demo cluster and, with `--real`, again on the real API server, whose watches expire by themselves; R5 on
the demo with 5,000 objects, the others need no cluster. R8, R9 and R10 have hundreds of clients, and some api
processes over a Redis.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager

import structlog

from graph.errors import StatusgraphError
from tests.chaos import clients, failover, losing, storms, watching, writing
from tests.chaos.clients import Crowd
from tests.chaos.ledger import Budget, Tally
from tests.chaos.stage import PATIENT, Stage, staged
from tests.chaos.wire import Wire
from tests.controlplane import binaries
from tests.controlplane.demo import DemoPlane
from tests.controlplane.plane import ControlPlane
from tests.servers import RedisServer, binary

Run = Callable[[Budget], Awaitable[Tally]]
Minutes = Sequence[tuple[str, float]]
"""Of each run of a part the promise, and how long the trials take that are asked of it."""
STORE: Minutes = (("R2", 0.25), ("R6", 8.5), ("R6", 1.0), ("R6", 1.0), ("R7", 0.5))
WATCHED: Minutes = (("R1", 3.0), ("R3", 13.0), ("R4", 10.0))
LARGE: Minutes = (("R5", 4.25), ("R5", 1.5))
CLIENTS: Minutes = (("R8", 2.0), ("R9", 1.5), ("R10", 1.5))
PROMISES = sorted({name for name, _ in (*STORE, *WATCHED, *LARGE, *CLIENTS)}, key=lambda name: int(name[1:]))
LEASE = 2.0
CALM = 15.0
"""A Lease that is kept on a machine with other work."""
OBJECTS = 2500
"""Each with a service of its own: 5,000 that are stored."""
EXPIRING = ("--etcd-compaction-interval=5s", "--watch-cache=false")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("promises", nargs="*", metavar="R1", help="which; all when none is named")
    parser.add_argument("--minutes", type=float, default=76.0, help="in all, beside starting and ending the parts")
    parser.add_argument("--real", action="store_true", help="R1, R3 and R4 on the real API server too")
    arguments = parser.parse_args()
    if unknown := set(arguments.promises) - set(PROMISES):
        parser.error(f"unknown: {', '.join(sorted(unknown))}; there are {', '.join(PROMISES)}")
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory())  # outages are what this is about
    began, chosen = time.monotonic(), arguments.promises or PROMISES
    tallies = asyncio.run(_all(chosen, seconds=arguments.minutes * 60, real=arguments.real))
    print(f"\nThe ledger, after {(time.monotonic() - began) / 60:.1f} minutes:")
    for tally in tallies:
        print(tally.line(), *(f"      {problem}" for problem in tally.broken[:10]), sep="\n")
    return 1 if any(tally.broken for tally in tallies) else 0


async def _all(chosen: Sequence[str], *, seconds: float, real: bool) -> list[Tally]:
    """Each run gets its share of the time."""
    program = binary()
    if program is None:
        sys.exit("no redis-server or valkey-server on the PATH")
    parts = [
        (STORE, _store(program)),
        (WATCHED, _demo(program)),
        (LARGE, _large(program)),
        (CLIENTS, _clients(program)),
    ]
    parts += [(WATCHED, _real(program))] if real else []
    share = seconds / sum(minutes for part, _ in parts for name, minutes in part if name in chosen)
    tallies: list[Tally] = []
    for part, staging in parts:
        if any(name in chosen for name, _ in part):
            async with staging as runs:
                for (name, minutes), run in zip(part, runs, strict=True):
                    if name in chosen:
                        tallies.append(await _one(name, run, share * minutes))
    return tallies


async def _one(name: str, run: Run, seconds: float) -> Tally:
    """One that cannot go on is broken, and the others go on."""
    try:
        tally = await run(Budget(seconds=seconds))
    except (AssertionError, TimeoutError, StatusgraphError) as error:
        tally = Tally(name, "could not go on", broken=[f"{type(error).__name__}: {error}"])
    print(tally.line(), flush=True)
    return tally


@asynccontextmanager
async def _store(program: str) -> AsyncIterator[list[Run]]:
    """What needs no cluster."""
    redis = RedisServer(program)
    redis.start()
    try:
        async with Wire(redis.port) as wire:
            yield [
                storms.no_storm,
                lambda budget: writing.once(redis, wire, budget),
                lambda budget: writing.paused(redis, wire, budget),
                lambda budget: writing.full(redis, budget),
                lambda budget: writing.generations(redis, budget),
            ]
    finally:
        redis.close()


@asynccontextmanager
async def _demo(program: str) -> AsyncIterator[list[Run]]:
    async with (
        DemoPlane(nodes=2, speed=10) as demo,
        staged(demo.kubeconfig, program, lease=LEASE) as stage,
    ):
        yield _watched(stage)


@asynccontextmanager
async def _large(program: str) -> AsyncIterator[list[Run]]:
    """The demo with many objects."""
    async with (
        DemoPlane(nodes=2, speed=10) as demo,
        staged(demo.kubeconfig, program, lease=CALM, silence=PATIENT) as stage,
    ):

        async def lost(budget: Budget) -> Tally:
            await stage.objects.more(OBJECTS)
            return await losing.lost_data(stage, budget)

        async def followed(budget: Budget) -> Tally:
            return await failover.failover(demo.kubeconfig, program, lease=CALM, budget=budget)

        yield [lost, followed]


@asynccontextmanager
async def _clients(program: str) -> AsyncIterator[list[Run]]:
    """Each with servers of its own."""
    yield [
        lambda budget: clients.no_loss(program, Crowd(200), budget),
        lambda budget: clients.stalled(program, Crowd(20, stalled=100), budget),
        lambda budget: clients.drained(program, Crowd(1000), budget),
    ]


@asynccontextmanager
async def _real(program: str) -> AsyncIterator[list[Run]]:
    """Its versions are compacted after 5 s: whoever was away for longer is told 410 by itself."""
    async with (
        ControlPlane(binaries.find(), apiserver_flags=EXPIRING) as plane,
        staged(plane.kubeconfig, program, lease=LEASE) as stage,
    ):
        yield _watched(stage)


def _watched(stage: Stage) -> list[Run]:
    return [
        lambda budget: watching.converges(stage, budget),
        lambda budget: losing.one_writer(stage, LEASE, budget),
        lambda budget: watching.relists(stage, budget),
    ]


if __name__ == "__main__":
    sys.exit(main())
