"""One leader after another over one store: what each tells of the time in which nobody watched."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from typing import Any

import pytest
from structlog.testing import capture_logs

from graph.errors import Fenced
from graph.judging.entry import Judged
from graph.judging.forest import Forest
from graph.kinds import KINDS
from graph.model import instant
from graph.model.resource import FreshnessState
from graph.store.connection import Server
from graph.store.keys import Keys
from graph.store.protocols import Candidate, Snapshot
from graph.watch import operator as operators
from tests.servers import RedisServer
from tests.watch.server import pod, problem
from tests.watch.world import CLUSTER, DEADLINE, World, sample


async def test_the_first_leader_fills_an_empty_store_and_has_no_history_to_tell(world: World) -> None:
    async with world.leader() as operator:
        assert operator.unready() is None
        assert sorted(key.name for key in (await world.snapshot()).resources if key.kind == "POD") == ["a", "b"]
        assert await world.told() == []


async def test_the_next_leader_tells_what_it_missed_as_inferred_and_keeps_the_rest(world: World) -> None:
    async with world.leader():
        before = await world.snapshot()
    world.pods = [pod("b"), pod("c", 8)]
    async with world.leader():
        after = await world.snapshot()
        assert await world.told() == ["c UNKNOWN?", "a -?"]
    assert after.cursor.epoch == before.cursor.epoch
    (kept,) = (key for key in before.resources if (key.kind, key.name) == ("POD", "b"))
    assert after.resources[kept] == before.resources[kept]


async def test_a_redis_that_is_emptied_while_a_leader_begins_has_no_history_to_tell(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with world.leader():
        before = (await world.snapshot()).cursor.epoch
    genuine = world.reader.snapshot

    async def emptied(cluster: str) -> Snapshot | None:
        monkeypatch.undo()
        await world.server.command("FLUSHALL")
        return await genuine(cluster)

    monkeypatch.setattr(world.reader, "snapshot", emptied)
    async with world.leader():
        assert (await world.snapshot()).cursor.epoch != before
        assert await world.told() == []


async def test_a_leader_that_is_overtaken_while_it_begins_stands_by(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with world.leader():
        pass
    genuine = world.reader.snapshot

    async def overtaken(cluster: str) -> Snapshot | None:
        monkeypatch.undo()
        await world.server.command("FLUSHALL")
        await world.writer.claim(50)
        return await genuine(cluster)

    monkeypatch.setattr(world.reader, "snapshot", overtaken)
    with capture_logs() as logged:
        async with world.leader():
            assert (await world.snapshot()).resources
    assert "another leader writes, standing by" in [entry["event"] for entry in logged]


async def test_a_deleted_lease_costs_a_new_leader_one_refusal(world: World) -> None:
    await world.writer.claim(7)
    with capture_logs() as logged:
        async with world.leader():
            pass
    terms = [entry["term"] for entry in logged if entry["event"] == "leading"]
    assert terms == [0, 8]
    assert sum(entry["event"] == "another leader writes, standing by" for entry in logged) == 1


async def test_of_two_leaders_of_one_term_the_second_takes_another(world: World) -> None:
    """As after a deleted Lease: each was elected by a Lease that counted from 0."""
    await world.writer.claim(0, candidate=Candidate(holder="the first"))
    with capture_logs() as logged:
        async with world.leader():
            with pytest.raises(Fenced):
                await world.writer.claim(0, candidate=Candidate(holder="the first"))
    assert [entry["term"] for entry in logged if entry["event"] == "leading"] == [0, 1]


async def test_one_process_never_leads_twice_under_one_term(world: World) -> None:
    async with world.leader():
        with capture_logs() as logged:
            world.leases.broken = 503
            async with asyncio.timeout(DEADLINE):
                while "released" not in str(logged):  # noqa: ASYNC110 # a log tells no one
                    await asyncio.sleep(0.05)
            world.leases.lease, world.leases.broken = None, None
            now = time.time()
            await world.until(lambda state, observed: state is FreshnessState.LIVE and observed > now)
    assert [entry["term"] for entry in logged if entry["event"] == "leading"] == [1]


async def test_who_leads_is_told_to_prometheus(world: World) -> None:
    async with world.leader(), world.candidate():
        assert sample("leading") == 1
    assert (sample("leading"), sample("term")) == (0, 0)
    async with world.leader():
        assert (sample("leading"), sample("term")) == (1, 1)


async def test_a_big_cluster_is_judged_in_slices_so_that_the_lease_is_renewed_meanwhile(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(operators, "SLICE", 10)
    world.pods = [pod(f"p{number}") for number in range(200)]
    turns, longest, judge = 0, 0, Forest.judge

    def counting(forest: Forest, now: float) -> Iterator[Judged]:
        nonlocal longest
        at, run = turns, 0
        for one in judge(forest, now):
            at, run = turns, run + 1 if turns == at else 1
            longest = max(longest, run)
            yield one

    async def turning() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    turner = asyncio.create_task(turning())
    monkeypatch.setattr(Forest, "judge", counting)
    async with world.leader():
        assert len([key for key in (await world.snapshot()).resources if key.kind == "POD"]) == 200
    turner.cancel()
    assert longest == 10


async def test_a_leader_that_lost_its_lead_says_nothing_more_and_comes_back(world: World) -> None:
    async with world.leader():
        with capture_logs() as logged:
            world.leases.broken = 503
            async with asyncio.timeout(DEADLINE):
                while "released" not in str(logged):  # noqa: ASYNC110 # a log tells no one
                    await asyncio.sleep(0.05)
            last = (await world.reader.pulse(CLUSTER)).observed_at
            world.pods.append(pod("late"))
            assert (await world.reader.pulse(CLUSTER)).observed_at == last
            world.leases.broken = None
            now = time.time()
            await world.until(lambda state, observed: state is FreshnessState.LIVE and observed > now)
        assert await world.told() == ["late UNKNOWN?"]
        assert [entry["event"] for entry in logged if entry["log_level"] == "warning"] == [
            "the Lease cannot be held, trying again",
            "the lead is lost: the Lease could not be renewed in time",
        ]


async def test_what_redis_holds_and_nobody_can_read_is_written_anew_under_another_epoch(
    world: World, redis_server: RedisServer
) -> None:
    async with world.leader():
        before = await world.snapshot()
    server = Server(redis_server.url)
    await server.command("HSET", Keys(CLUSTER).resources(before.cursor.epoch), "POD/default/odd", b"\xc1")
    await server.close()
    async with world.leader():
        after = await world.snapshot()
    assert after.cursor.epoch != before.cursor.epoch
    assert after.resources.keys() == before.resources.keys()


async def test_a_refusal_of_nodes_that_comes_last_of_all_does_not_keep_it_from_its_first_load(world: World) -> None:
    world.may_answer_nodes.clear()
    world.nodes = problem(403, "nodes is forbidden")
    world.pods = [pod("a", spec={"nodeName": "n1"})]
    with capture_logs() as logged:
        refusing = asyncio.create_task(_refuse_last(world))
        async with world.leader() as operator:
            assert operator.unready() is None
            (status,) = (one.status for key, one in (await world.snapshot()).resources.items() if key.kind == "POD")
            assert status is not None
            assert status.reason != "NodeGone"
        await refusing
    assert sum(entry["event"] == "goes on without watching" for entry in logged) == 1


async def _refuse_last(world: World) -> None:
    """Once everything else was listed and its watch is open."""
    async with asyncio.timeout(DEADLINE):
        await world.nodes_asked.wait()
        while len(world.watched) < len({one for kind in KINDS for one in (kind.resource, kind.kept) if one}):  # noqa: ASYNC110 # a server tells no one
            await asyncio.sleep(0.01)
    world.may_answer_nodes.set()


@pytest.mark.parametrize("ahead", [3600.0, -3600.0, 0.0])
async def test_what_takes_time_is_judged_by_the_clock_of_the_cluster(world: World, ahead: float) -> None:
    world.ahead = ahead

    def unschedulable(name: str, seconds: float) -> dict[str, Any]:
        since = instant.show(time.time() + ahead - seconds)
        condition = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "lastTransitionTime": since}
        return pod(name, status={"phase": "Pending", "conditions": [condition]})

    world.pods = [unschedulable("fresh", 2), unschedulable("stuck", 60)]
    async with world.leader():
        snapshot = await world.snapshot()
    states = {key.name: one.status.state for key, one in snapshot.resources.items() if key.kind == "POD" and one.status}
    assert states == {"fresh": "PROGRESSING", "stuck": "FAILED"}
