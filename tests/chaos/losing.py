"""R3 and R5: a leader that stands still, and a Redis that loses what it held."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from typing import NamedTuple

from tests.chaos.ledger import Budget, Tally
from tests.chaos.stage import Stage
from tests.chaos.watching import none_left
from tests.e2e.client import Ledger, query
from tests.e2e.system import Process

NOTICED = 1.0
REBUILT = 10.0
WITHIN = 40.0
SHOWN = "{ clusters { freshness { state } history { since lost } } }"


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
    await stage.oracle.agreed(within=WITHIN)
    async with Ledger(stage.system.api.port) as heard:
        for trial in budget:
            await stage.until(lambda state: state == "LIVE", WITHIN)
            before = await _shown(stage)
            changing = asyncio.create_task(stage.objects.shake())
            began = await _lose(stage, flush=trial % 2 == 0)
            await _rebuilt(stage, tally, before, began)
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


async def _rebuilt(stage: Stage, tally: Tally, before: Shown, began: float) -> None:
    """Follows what the api says until it shows the new data as LIVE."""
    noticed: float | None = None
    async with asyncio.timeout(WITHIN):
        while True:
            shown, now = await _shown(stage), time.monotonic() - began
            old = shown.since == before.since
            if noticed is None and (shown.state != "LIVE" or not old):
                noticed = now
                tally.figure("noticed s", now, limit=NOTICED)
            elif noticed is not None and old and shown.state == "LIVE":
                tally.broken.append("old rows as LIVE")
            if shown.state == "LIVE" and not old:
                break
            await asyncio.sleep(0.01)
    tally.figure("LIVE again s", now, limit=REBUILT)
    tally.none_of("histories without a gap", [] if shown.lost else [shown])


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


class Shown(NamedTuple):
    """What the api says of the cluster."""

    state: str = ""
    since: str | None = None
    lost: bool = False


async def _shown(stage: Stage) -> Shown:
    """Now; nothing while it does not answer."""
    with suppress(OSError):
        for one in (await query(stage.system.api.port, SHOWN))["clusters"]:
            return Shown(one["freshness"]["state"], one["history"]["since"], one["history"]["lost"])
    return Shown()


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
