"""The operator judges by the cluster's clock, whatever its own machine believes."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from aiohttp import web
from structlog.testing import capture_logs

from graph.kube import client
from graph.watch.clock import TOLERANCE, ClusterClock
from tests.watch.server import serving

HOUR = 3600.0


class Machine:
    """Two clocks: ``wall`` is what the machine believes, ``ticks`` only ever goes on."""

    def __init__(self, wall: float = 1_000_000.0) -> None:
        self.wall = wall
        self.ticks = 7.0

    def passes(self, seconds: float) -> None:
        self.wall += seconds
        self.ticks += seconds

    def clock(self) -> ClusterClock:
        return ClusterClock(lambda: self.wall, lambda: self.ticks)


def test_a_machine_that_agrees_is_believed_to_the_millisecond() -> None:
    machine = Machine()
    clock = machine.clock()
    for _ in range(5):
        machine.passes(2.125)
        clock.hear(int(machine.wall))
        assert clock() == machine.wall
    assert clock.skew == 0


def test_a_machine_that_is_an_hour_off_is_told_the_time_and_said_to_be() -> None:
    for off in (HOUR, -HOUR):
        machine = Machine(1_000_000.0 + off)
        clock = machine.clock()
        with capture_logs() as logged:
            for _ in range(5):
                clock.hear(int(machine.wall - off))
                assert abs(clock() - (machine.wall - off)) <= 1
                machine.passes(2.3)
        assert abs(clock.skew + off) <= 1
        assert [entry["log_level"] for entry in logged] == ["warning"], "once"


def test_the_time_does_not_jump_while_the_machine_is_set_right_or_wrong() -> None:
    machine = Machine()
    clock, truth = machine.clock(), machine.wall
    with capture_logs() as logged:
        for at in range(30):
            machine.passes(2.0)
            truth += 2.0
            if at == 10:
                machine.wall += HOUR
            if at == 20:
                machine.wall -= HOUR
            assert abs(clock() - truth) <= 1
            clock.hear(int(truth))
            assert abs(clock() - truth) <= 1
    assert [entry["log_level"] for entry in logged] == ["warning", "info"]
    assert clock.skew == 0


def test_one_api_server_of_several_that_is_off_moves_nothing() -> None:
    machine = Machine()
    clock = machine.clock()
    clock.hear(int(machine.wall))
    with capture_logs() as logged:
        for at in range(20):
            machine.passes(1.0)
            clock.hear(int(machine.wall) + (HOUR if at % 3 else 0))
            assert clock() == machine.wall
    assert logged == []


def test_a_small_difference_is_none() -> None:
    machine = Machine()
    clock = machine.clock()
    for _ in range(5):
        clock.hear(int(machine.wall) + TOLERANCE - 1)
    assert clock() == machine.wall


async def test_every_answer_tells_the_time_even_a_refusal_and_a_page_without_a_date(tmp_path: Path) -> None:
    heard: list[float] = []
    dates = iter(["Sun, 22 Nov 2026 10:00:00 GMT", "yesterday", "Sun, 22 Nov 9999999 10:00:00 GMT"])

    async def answer(request: web.Request) -> web.Response:
        return web.Response(status=403, text="{}", headers={"Date": next(dates)})

    async with serving(answer, tmp_path) as kube:
        kube.on_date = heard.append
        for _ in range(3):
            await asyncio.gather(kube.request("GET", "/api/v1/pods"), return_exceptions=True)
    assert heard == [1795341600.0]


async def test_an_answer_that_waited_says_nothing_of_the_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[float] = []
    monkeypatch.setattr(client, "PROMPT", 0.05)

    async def answer(request: web.Request) -> web.Response:
        await asyncio.sleep(0.1)
        return web.Response(text="{}", headers={"Date": "Sun, 22 Nov 2026 10:00:00 GMT"})

    async with serving(answer, tmp_path) as kube:
        kube.on_date = heard.append
        await kube.request("GET", "/api/v1/pods")
    assert heard == []
