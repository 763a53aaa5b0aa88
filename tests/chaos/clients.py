"""R8, R9 and R10: clients whose servers die, clients that do not read, and a server that ends while many listen.

No cluster: api processes over a Redis that the test writes, so that all that was recorded is known.
"""

from __future__ import annotations

import asyncio
import itertools
import resource
import statistics
import time
from bisect import bisect
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import ExitStack, asynccontextmanager, closing, suppress
from dataclasses import dataclass
from pathlib import Path

from tests.apis import Apis
from tests.chaos.ledger import Budget, Tally
from tests.chaos.listener import Listener
from tests.conformance.target import Target, until
from tests.conformance.websocket import TIME_WAIT
from tests.e2e.system import Process

KILL_EVERY = 5.0
RATE = 0.1
"""Seconds between two transitions."""
WITHIN = 60.0
DROPPED = 30.0
PER_CLIENT = 1.5
PAGE = resource.getpagesize()
LAG = 0.25
SPREAD = 9.5
RECONNECTS = 150
ENDS = 30.0
RESTART = 1012
LARGE = "x" * 16_000
"""A message of which some dozens fill all buffers of a client that does not read."""
TRANSITIONS = "subscription { statusTransitions { ... on StatusTransition { cursor to { message } } } }"


@dataclass(frozen=True)
class Crowd:
    """How many take part. ``lag``: p99 of seconds to a reader beside those that stall."""

    listeners: int
    stalled: int = 0
    lag: float = LAG


async def no_loss(program: str, crowd: Crowd, budget: Budget) -> Tally:
    """R8. A trial: one of three servers is killed, and started again while all go on writing and listening."""
    tally = Tally("R8", "no transition is lost between replicas")
    async with (
        Apis(program, count=3) as apis,
        _listening(lambda: apis.ports, crowd.listeners, wait=0.3) as listeners,
    ):
        victims = itertools.cycle(apis.processes)
        async with _changing(apis, RATE):
            for _ in budget:
                victim = next(victims)
                await victim.kill()
                await asyncio.sleep(KILL_EVERY)
                await victim.start()
                tally.trials += 1
        await _complete(tally, apis, listeners)
        tally.figure("reconnects", sum(len(one.connected) - 1 for one in listeners))
    return tally


async def stalled(program: str, crowd: Crowd, budget: Budget) -> Tally:
    """R9. A trial: so many stop reading, and are dropped; others listen beside them."""
    tally = Tally("R9", "a stalled reader harms nobody")
    async with Apis(program) as apis, _listening(lambda: apis.ports, crowd.listeners) as listeners:
        async with _changing(apis, RATE, LARGE):
            for _ in budget:
                await _stall(tally, apis.processes[0], crowd.stalled)
                tally.trials += 1
        await _complete(tally, apis, listeners)
        lags = [lag for one in listeners for lag in one.lags]
        tally.figure("p99 of the others s", statistics.quantiles(lags, n=100)[98], limit=crowd.lag)
        tally.none_of("others dropped", [one for one in listeners if len(one.connected) > 1])
    return tally


async def _stall(tally: Tally, process: Process, count: int) -> None:
    target, before = Target("127.0.0.1", process.port), _memory(process.pid)
    with ExitStack() as stack:
        sockets = [await asyncio.to_thread(target.stalling, TRANSITIONS) for _ in range(count)]
        ends = {stack.enter_context(closing(each)).getsockname()[1] for each in sockets}
        began, most, held = time.monotonic(), 0, 0
        while (unread := _unread(process.port, ends)) and time.monotonic() - began < DROPPED:
            most, held = max(most, _memory(process.pid) - before), max(held, sum(unread))
            await asyncio.sleep(0.2)
        tally.none_of("not dropped", unread)
        tally.figure("dropped after s", time.monotonic() - began, limit=DROPPED)
        tally.figure("MiB of the kernel each", held / count / 2**20)
        tally.figure("MiB each", (most + held) / count / 2**20, limit=PER_CLIENT)


async def drained(program: str, crowd: Crowd, budget: Budget) -> Tally:
    """R10. A trial: one of two servers is told to end while all listen to it; they go to the other."""
    tally = Tally("R10", "draining is gentle")
    async with Apis(program, count=2) as apis:
        (one, other), here = apis.processes, [apis.ports[0]]
        async with _listening(lambda: here, crowd.listeners) as listeners:
            async with _changing(apis, 1.0):
                for _ in budget:
                    here[:] = [other.port]
                    await _drain(tally, one, listeners)
                    await one.start()
                    one, other = other, one
                    tally.trials += 1
            await _complete(tally, apis, listeners)
    return tally


async def _drain(tally: Tally, process: Process, listeners: Sequence[Listener]) -> None:
    began = time.monotonic()
    tally.none_of("exit codes", [code for code in [await process.stop()] if code])
    tally.figure("exit s", time.monotonic() - began, limit=ENDS)
    await _until(lambda: all(one.connected[-1] > began for one in listeners), "not all came back")
    closes = sorted(one.closed[-1] for one in listeners)
    tally.none_of("closed otherwise", [code for _, code in closes if code != RESTART])
    spread = closes[-1][0] - closes[0][0]
    tally.none_of("closed too fast", [f"within {spread:.1f} s"] if spread < SPREAD else [])
    back = sorted(one.connected[-1] for one in listeners)
    tally.figure("came back in one s", max(bisect(back, at + 1) - n for n, at in enumerate(back)), limit=RECONNECTS)


async def _complete(tally: Tally, apis: Apis, listeners: Sequence[Listener]) -> None:
    """Everybody has everything that was written, in order, unless it was reset."""
    written = apis.written.count
    with suppress(AssertionError):
        await _until(lambda: all(len(one) >= written or one.resets for one in listeners), "not all have all")
    tally.figure("transitions", written)
    tally.none_of("lost", [written - len(one) for one in listeners if len(one) < written and not one.resets])
    tally.none_of("out of order, or errors", [problem for one in listeners for problem in one.problems[:3]])
    tally.figure("duplicates", sum(one.duplicates for one in listeners))
    tally.figure("resets", sum(one.resets for one in listeners))


@asynccontextmanager
async def _listening(
    ports: Callable[[], Sequence[int]], count: int, *, wait: float = 0.0
) -> AsyncIterator[list[Listener]]:
    """All of them, from the very beginning."""
    listeners = [Listener(ports, wait=wait) for _ in range(count)]
    tasks = [asyncio.create_task(one.run()) for one in listeners]
    try:
        await _until(lambda: all(one.listening for one in listeners), "not all listen")
        yield listeners
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@asynccontextmanager
async def _changing(apis: Apis, every: float, message: str = "It is as it is.") -> AsyncIterator[None]:
    """Transitions, one after another, while this is open."""
    over = asyncio.Event()

    async def change() -> None:
        while not over.is_set():
            await apis.written.transitions(1, message)
            await asyncio.sleep(every)

    changing = asyncio.create_task(change())
    try:
        yield
    finally:
        over.set()
        await changing


async def _until(holds: Callable[[], bool], problem: str) -> None:
    async def held() -> bool:
        return holds()

    await until(held, problem, WITHIN)


def _memory(pid: int) -> int:
    """Resident bytes."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE


def _unread(port: int, ends: set[int]) -> list[int]:
    """Bytes that this machine's kernel holds for each of these clients of a server."""
    found = []
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        _, local, remote, state, queues, *_ = line.split()
        here, there = (int(address.partition(":")[2], 16) for address in (local, remote))
        if here == port and there in ends and state != TIME_WAIT:
            found.append(int(queues.partition(":")[0], 16))
    return found
