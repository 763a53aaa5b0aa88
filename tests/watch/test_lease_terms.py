"""Clocks that are off, terms that rise, hand-overs, and what is told while a Lease cannot be held."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from structlog.testing import capture_logs

from graph.watch.lease import Elector
from tests.watch.leases import DEADLINE, DURATION, Hall, Watch, end, frozen_leader


@pytest.mark.parametrize("off", [timedelta(hours=1), timedelta(hours=-1)])
async def test_a_dead_leader_whose_clock_was_an_hour_off_is_replaced_as_any_other(hall: Hall, off: timedelta) -> None:
    _, task = await frozen_leader(hall)
    hall.server.spec["renewTime"] = (datetime.now(UTC) + off).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    watch = Watch()
    async with asyncio.timeout(DEADLINE), hall.candidate(watch).leading():
        assert DURATION < watch.now <= DURATION * 1.5, "neither stolen nor held for an hour"
    await end(task)


@pytest.mark.parametrize("off", [timedelta(hours=1), timedelta(hours=-1)])
async def test_a_leader_whose_clock_is_an_hour_off_is_not_replaced_while_it_renews(hall: Hall, off: timedelta) -> None:
    _, task = await frozen_leader(hall)
    watch, renewed_at = Watch(), datetime.now(UTC) + off

    async def renewed() -> None:
        nonlocal renewed_at
        renewed_at += timedelta(seconds=2)
        hall.server.spec["renewTime"] = renewed_at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        hall.server.touch()

    watch._then = renewed
    waiting = asyncio.create_task(hall.candidate(watch).leading().__aenter__())
    async with asyncio.timeout(DEADLINE):
        while watch.now < DURATION * 10:
            assert not waiting.done()
            await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.wait({waiting})
    await end(task)


async def test_a_standby_of_a_long_lease_looks_often_enough_to_be_handed_over_to(hall: Hall) -> None:
    _, task = await frozen_leader(hall)
    watch = Watch()
    candidate = Elector(hall.kube, name="here", namespace="there", duration=60, clock=watch, sleep=watch.sleep)
    looked: list[float] = []

    async def gone() -> None:
        looked.append(watch.now)
        if not task.done() and len(looked) == 3:
            await end(task)

    watch._then = gone
    async with asyncio.timeout(DEADLINE), candidate.leading():
        assert watch.now == 6, "2 s after it was given back"


async def test_terms_rise_with_every_leader(hall: Hall) -> None:
    terms = []
    for _ in range(3):
        async with hall.candidate(Watch()).leading() as (term, _):
            terms.append(term)
    assert terms == [0, 1, 2]


async def test_a_deleted_lease_counts_on_from_what_the_store_holds(hall: Hall) -> None:
    async with hall.candidate(Watch()).leading() as (term, _):
        assert term == 0
    hall.server.lease = None
    async with hall.candidate(Watch()).leading(least_term=7) as (term, _):
        assert term == 7
    async with hall.candidate(Watch()).leading(least_term=7) as (term, _):
        assert term == 8


@pytest.mark.parametrize("page", ["<html>504</html>", "", "null", '{"spec": 7}'])
async def test_a_page_that_is_no_lease_is_an_outage(hall: Hall, page: str) -> None:
    hall.server.page = page
    watch = Watch()

    async def later() -> None:
        if watch.now > 20:
            hall.server.page = None

    watch._then = later
    async with asyncio.timeout(DEADLINE), hall.candidate(watch).leading() as (_, lost):
        hall.server.page = page
        watch._then = None
        await lost
        hall.server.page = None


async def test_an_outage_is_told_once_and_its_end_is_the_lead(hall: Hall) -> None:
    hall.server.broken = 503
    watch = Watch()

    async def later() -> None:
        if watch.now > 100:
            hall.server.broken = None

    watch._then = later
    with capture_logs() as logged:
        async with asyncio.timeout(DEADLINE), hall.candidate(watch).leading():
            pass
    assert [entry["event"] for entry in logged] == ["the Lease cannot be held, trying again", "leading"]
