"""Two operators that were given one name: whose data Redis holds is known, and nobody harms another's."""

from __future__ import annotations

import time

import pytest
from structlog.testing import capture_logs

from graph.errors import NameTaken
from graph.model.resource import FreshnessState
from graph.store.forgetting import forget
from tests.watch.server import pod
from tests.watch.world import CLUSTER, SYSTEM, World, reaches


async def test_another_cluster_of_the_same_name_is_refused_and_the_first_goes_on(world: World, other: World) -> None:
    async with world.leader():
        before = await world.snapshot()
        with capture_logs() as logged:
            async with other.candidate() as refused:
                await reaches(lambda: "another cluster" in (refused.unready() or ""))
                assert refused.unready() == (
                    "the name 'watched' is taken: Redis holds the data of another cluster under it; set another "
                    "STATUSGRAPH_CLUSTER, or, when that cluster is gone for good, run `statusgraph forget watched`"
                )
                now = time.time()
                await world.until(lambda state, observed: state is FreshnessState.LIVE and observed > now + 1)
        assert (await world.snapshot()).resources == before.resources
        assert [entry["event"] for entry in logged if entry["log_level"] == "warning"] == [
            "the store cannot be claimed, trying again"
        ]
    async with other.candidate() as refused:
        await reaches(lambda: "another cluster" in (refused.unready() or ""))
    assert (await world.snapshot()).resources == before.resources


async def test_a_forgotten_cluster_makes_room_for_another_of_its_name(
    world: World, other: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    other.pods = [pod("c")]
    async with world.leader():
        with pytest.raises(NameTaken, match="within the last 30 s"):
            await forget(world.server, CLUSTER)
        assert await world.reader.clusters() == [CLUSTER]
    monkeypatch.setattr("graph.store.forgetting.GONE_MS", 0)
    async with other.candidate() as refused:
        await reaches(lambda: "another cluster" in (refused.unready() or ""))
        await forget(world.server, CLUSTER)
        await world.until(lambda state, _: state is FreshnessState.LIVE)
        assert refused.unready() is None
    assert [key.name for key in (await world.snapshot()).resources if key.kind == "POD"] == ["c"]
    assert await world.told() == []
    assert await world.reader.clusters() == [CLUSTER]


async def test_of_two_elections_in_one_cluster_the_second_waits_until_nobody_writes(world: World, other: World) -> None:
    other.uid = world.uid
    with capture_logs() as logged:
        async with world.leader(), other.candidate() as refused:
            await reaches(lambda: "another Lease elected" in (refused.unready() or ""))
            now = time.time()
            await world.until(lambda state, observed: state is FreshnessState.LIVE and observed > now + 1)
    assert not [entry for entry in logged if "another leader" in entry["event"]], "they do not take turns"
    async with other.leader() as successor:
        assert successor.unready() is None


async def test_who_may_not_ask_which_cluster_it_is_goes_on_without(world: World) -> None:
    world.forbidden.add(SYSTEM)
    with capture_logs() as logged:
        async with world.leader() as operator:
            assert operator.unready() is None
    assert sum(entry["event"] == "goes on without knowing which cluster this is" for entry in logged) == 1
