"""One leads at a time: whatever happens to the Lease or the API server, a leader knows before another takes over."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from aiohttp import web
from structlog.testing import capture_logs

from graph.watch.lease import Elector
from tests.watch.leases import DEADLINE, DURATION, Hall, LeaseServer, Watch, end, frozen_leader
from tests.watch.server import serving


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
