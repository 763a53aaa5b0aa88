"""One leads at a time: whatever happens to the Lease or the API server, a leader knows before another takes over."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aiohttp import web
from structlog.testing import capture_logs

from graph.kube.client import Kube
from graph.watch.lease import Elector
from tests.watch.leases import LeaseServer
from tests.watch.server import serving

DURATION = 10.0
DEADLINE = 5.0


class Watch:
    """A candidate's own clock: it moves by what the candidate sleeps. ``then`` is called after each sleep."""

    def __init__(self, then: Callable[[], Awaitable[None]] | None = None) -> None:
        self.now = 0.0
        self.frozen = False
        self._then = then

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        if self.frozen:
            await asyncio.Event().wait()
        self.now += seconds
        if self._then is not None:
            await self._then()
        await asyncio.sleep(0)


class Hall:
    """Where candidates meet."""

    def __init__(self, kube: Kube, server: LeaseServer) -> None:
        self.kube = kube
        self.server = server

    def candidate(self, watch: Watch) -> Elector:
        return Elector(self.kube, name="here", namespace="there", duration=DURATION, clock=watch, sleep=watch.sleep)


@pytest.fixture
async def hall(tmp_path: Path) -> AsyncIterator[Hall]:
    server = LeaseServer()
    async with serving(server.answer, tmp_path) as kube:
        yield Hall(kube, server)


async def frozen_leader(hall: Hall) -> tuple[Elector, asyncio.Task[None]]:
    """One that leads and never renews; cancel its task to have it released."""
    watch, leads = Watch(), asyncio.Event()
    watch.frozen = True
    elector = hall.candidate(watch)

    async def lead() -> None:
        async with elector.leading():
            leads.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(lead())
    async with asyncio.timeout(DEADLINE):
        await leads.wait()
    return elector, task


async def end(task: asyncio.Task[None]) -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


async def test_the_first_candidate_leads(hall: Hall) -> None:
    elector = hall.candidate(Watch())
    async with elector.leading() as (term, lost):
        assert term == 0
        assert not lost.done()
        assert hall.server.spec["holderIdentity"] == elector.identity
        assert hall.server.spec["leaseDurationSeconds"] == DURATION


async def test_a_silent_leader_is_replaced_once_its_lease_is_over(hall: Hall) -> None:
    _, task = await frozen_leader(hall)
    watch = Watch()
    async with asyncio.timeout(DEADLINE), hall.candidate(watch).leading() as (term, _):
        assert term == 1
        assert DURATION < watch.now <= DURATION * 1.5
    await end(task)


async def test_a_leader_that_renews_is_not_replaced(hall: Hall) -> None:
    await end((await frozen_leader(hall))[1])
    first, renewals = hall.candidate(Watch()), 0

    async def renewed() -> None:
        nonlocal renewals
        renewals += 1
        await hall.server.written()

    async with asyncio.timeout(DEADLINE), first.leading() as (_, lost):
        second = hall.candidate(Watch(renewed))
        with capture_logs() as logged:
            waiting = asyncio.create_task(second.leading().__aenter__())
            while renewals < 30:
                assert not waiting.done()
                await asyncio.sleep(0)
            waiting.cancel()
            await asyncio.wait({waiting})
        assert not lost.done()
    assert [entry["event"] for entry in logged] == ["standing by"], "one line, not one for each renewal"


async def test_a_lead_that_is_given_back_is_taken_at_once(hall: Hall) -> None:
    leader, task = await frozen_leader(hall)
    watch = Watch()

    async def gone() -> None:
        if not task.done():
            await end(task)
            assert hall.server.spec["holderIdentity"] == ""

    watch._then = gone
    async with asyncio.timeout(DEADLINE), hall.candidate(watch).leading() as (term, _):
        assert term == 1
        assert watch.now == DURATION / 5
    assert leader.identity != hall.server.spec["holderIdentity"]


@pytest.mark.parametrize("code", [500, 503, 403, 404])
async def test_a_leader_that_cannot_renew_stops_before_another_may_begin(hall: Hall, code: int) -> None:
    watch = Watch()
    async with asyncio.timeout(DEADLINE), hall.candidate(watch).leading() as (_, lost):
        hall.server.broken = code
        with capture_logs() as logged:
            await lost
        assert watch.now <= DURATION * 2 / 3
    assert [entry["event"] for entry in logged] == [
        "the Lease cannot be held, trying again",
        "the lead is lost: the Lease could not be renewed in time",
    ]


async def test_an_api_server_that_hangs_costs_the_lead_in_time(tmp_path: Path) -> None:
    server = LeaseServer()
    hanging, over = asyncio.Event(), asyncio.Event()

    async def answer(request: object) -> object:
        if hanging.is_set():
            await over.wait()
        return await server.answer(request)  # type: ignore[arg-type] # as it came

    loop = asyncio.get_running_loop()
    async with serving(answer, tmp_path) as kube:
        elector = Elector(kube, name="here", namespace="there", duration=1.5, clock=loop.time)
        began = loop.time()
        async with asyncio.timeout(DEADLINE), elector.leading() as (_, lost):
            hanging.set()
            await lost
            assert loop.time() - began < 1.3
        over.set()


async def test_a_leader_whose_lease_another_took_knows_it(hall: Hall) -> None:
    async with asyncio.timeout(DEADLINE), hall.candidate(Watch()).leading() as (_, lost):
        hall.server.spec["holderIdentity"] = "another"
        hall.server.touch()
        await lost
    assert hall.server.spec["holderIdentity"] == "another", "what is not ours is not given back"


async def test_an_edited_lease_is_no_lost_lead(hall: Hall) -> None:
    async with asyncio.timeout(DEADLINE), hall.candidate(Watch()).leading() as (_, lost):
        hall.server.touch()
        for _ in range(3):
            await hall.server.written()
        assert not lost.done()


async def test_a_leader_whose_lease_is_deleted_makes_it_anew_under_its_term(hall: Hall) -> None:
    await end((await frozen_leader(hall))[1])
    async with asyncio.timeout(DEADLINE), hall.candidate(Watch()).leading() as (term, lost):
        hall.server.lease = None
        for _ in range(3):
            await hall.server.written()
        assert not lost.done()
        assert hall.server.spec["leaseTransitions"] == term == 1


async def test_a_leader_whose_deleted_lease_another_made_knows_it(hall: Hall) -> None:
    async with asyncio.timeout(DEADLINE), hall.candidate(Watch()).leading() as (_, lost):
        mine = hall.server.lease
        assert mine is not None
        metadata = {**mine["metadata"], "uid": "another", "resourceVersion": "another"}
        hall.server.lease = {**mine, "metadata": metadata, "spec": {**mine["spec"], "holderIdentity": "another"}}
        await lost
        assert hall.server.spec["holderIdentity"] == "another"


async def test_a_conflict_that_cannot_be_looked_into_costs_the_lead_in_time(tmp_path: Path) -> None:
    server = LeaseServer()
    hanging, over = asyncio.Event(), asyncio.Event()

    async def answer(request: web.Request) -> web.StreamResponse:
        if hanging.is_set() and request.method == "PUT":
            return web.Response(status=409, text="{}")
        if hanging.is_set():
            await over.wait()
        return await server.answer(request)

    loop = asyncio.get_running_loop()
    async with serving(answer, tmp_path) as kube:
        elector = Elector(kube, name="here", namespace="there", duration=1.5, clock=loop.time)
        began = loop.time()
        async with asyncio.timeout(DEADLINE), elector.leading() as (_, lost):
            hanging.set()
            await lost
            assert loop.time() - began < 1.15
        over.set()


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
