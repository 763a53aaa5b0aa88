"""R3 and R5: a leader that stands still, and a Redis that loses what it held."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress

from graph.errors import StoreError
from tests.chaos.ledger import Budget, Tally
from tests.chaos.oracle import CLUSTER
from tests.chaos.stage import Stage
from tests.chaos.watching import none_left
from tests.e2e.client import Ledger
from tests.e2e.system import Process

NOTICED = 1.0
REBUILT = 10.0
WITHIN = 40.0


class Tap:
    """What Redis is told, by its own MONITOR: who called which script, and what the script did."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._reading: asyncio.Task[None] | None = None
        self.lines: list[str] = []

    async def __aenter__(self) -> Tap:
        reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port, limit=1 << 26)
        self._writer.write(b"MONITOR\r\n")
        await reader.readline()
        self._reading = asyncio.create_task(self._read(reader))
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._reading is not None
        self._reading.cancel()
        self._writer.close()
        await asyncio.gather(self._reading, return_exceptions=True)

    def writers(self, since: int = 0) -> dict[str, int]:
        """Address → how many writes its scripts did. A script that is refused reads the fence and writes nothing."""
        found, caller = dict[str, int](), ""
        for line in self.lines[since:]:
            if " lua] " not in line:
                caller = line.partition("[")[2].partition("]")[0]
            elif '"HSET"' in line or '"XADD"' in line or '"HDEL"' in line:
                found[caller] = found.get(caller, 0) + 1
        return found

    async def _read(self, reader: asyncio.StreamReader) -> None:
        async for line in reader:
            self.lines.append(line[:200].decode(errors="replace"))


async def one_writer(stage: Stage, lease: float, budget: Budget) -> Tally:
    """R3. The leader stands still until another leads, and goes on: it finds the fence. Then they change places."""
    tally = Tally("R3", "one writer")
    leader, standby = stage.system.operator, stage.system.another_operator()
    await standby.start()
    try:
        await _until(lambda: "standing by" in standby.log(), "nobody stands by")
        for _ in budget:
            async with Tap(stage.redis.port) as tap:
                await _until(tap.writers, "nobody writes")
                await _depose(stage, tally, tap, (leader, standby), lease)
            leader, standby = standby, leader
            tally.trials += 1
    finally:
        stage.system.operator = leader
        await standby.stop()
    return tally


async def _depose(stage: Stage, tally: Tally, tap: Tap, pair: tuple[Process, Process], lease: float) -> None:
    leader, standby = pair
    old, deposed, led = set(tap.writers()), _deposed(leader), standby.log().count("] leading")
    with leader.frozen():
        began, mark = time.monotonic(), len(tap.lines)
        await stage.objects.shake()
        await _until(lambda: standby.log().count("] leading") > led, "nobody takes over")
        tally.figure("takeover s", time.monotonic() - began, limit=lease + 5)
        await _until(lambda: set(tap.writers(mark)) - old, "the new leader does not write")
        mark = len(tap.lines)
    await _until(lambda: _deposed(leader) > deposed, "the deposed does not notice")
    tally.none_of("writes of the deposed", [one for one in tap.writers(mark) if one in old])
    left, _ = await stage.oracle.agreed(within=REBUILT)
    none_left(tally, left)


async def lost_data(stage: Stage, budget: Budget) -> Tally:
    """R5. Redis is emptied, or killed and started with nothing, while the cluster changes."""
    tally = Tally("R5", "lost Redis data is noticed and rebuilt")
    async with Ledger(stage.system.api.port) as heard:
        for trial in budget:
            before = await _epoch(stage)
            changing = asyncio.create_task(stage.objects.shake())
            began = await _lose(stage, flush=trial % 2 == 0)
            tally.figure("not LIVE after s", await _noticed(stage, before, began), limit=NOTICED)
            await stage.until(lambda state: state == "LIVE", WITHIN)
            if await _epoch(stage) == before:
                tally.broken.append("old rows as LIVE")
            await changing
            left, agreed = await stage.oracle.agreed(within=REBUILT)
            none_left(tally, left)
            tally.figure("rebuilt s", max(agreed.values(), default=began) - began, limit=REBUILT)
            tally.none_of("disorder", await stage.oracle.disorder())
            tally.trials += 1
            with suppress(TimeoutError):
                await heard.until(lambda: len(heard.resets) >= tally.trials, REBUILT)
            tally.figure("gap told s", time.monotonic() - began, limit=REBUILT)
        tally.none_of("gaps not told", range(tally.trials - heard.resets.count("EPOCH_CHANGED")))
    return tally


async def _lose(stage: Stage, *, flush: bool) -> float:
    """When Redis answered again, empty."""
    if flush:
        await stage.oracle.server.command("FLUSHALL")
        return time.monotonic()
    stage.redis.kill()
    stage.redis.wipe()
    began = time.monotonic()
    await asyncio.to_thread(stage.redis.start)
    return began


async def _noticed(stage: Stage, before: str, began: float) -> float:
    """Seconds until the api no longer said LIVE, or it was all over already."""
    async with asyncio.timeout(WITHIN):
        while await stage.state() == "LIVE" and await _epoch(stage) in ("", before):  # noqa: ASYNC110 # nobody tells
            await asyncio.sleep(0.01)
    return time.monotonic() - began


async def _epoch(stage: Stage) -> str:
    """The loaded one; empty while there is none."""
    with suppress(StoreError):
        pulse = await stage.oracle.reader.pulse(CLUSTER)
        return (pulse.loaded and pulse.epoch) or ""
    return ""


def _deposed(process: Process) -> int:
    """How often it said that it no longer leads."""
    return process.log().count("the lead is lost") + process.log().count("another leader writes")


async def _until(holds: Callable[[], object], problem: str) -> None:
    try:
        async with asyncio.timeout(WITHIN):
            while not holds():  # noqa: ASYNC110 # a log and a wire tell no one
                await asyncio.sleep(0.02)
    except TimeoutError as error:
        raise AssertionError(problem) from error
