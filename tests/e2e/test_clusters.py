"""Several clusters in one graph: what befalls one of them is nothing to the others, and no client loses count.

The tests share one running system and follow one another; a cluster that is forgotten comes last.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from graph.store.connection import Server
from graph.store.keys import Keys
from tests.e2e.client import TRANSITIONS, query, subscription
from tests.e2e.sites import EAST, NAMES, TWIN, WEST, Sites, open_sites, place, places
from tests.e2e.waiting import eventually
from tests.servers import RedisServer

BOTH = """
query ($filter: ServiceFilter) {
  clusters { name freshness { state lagMs } counts { total } }
  services(filter: $filter, first: 100) {
    nodes {
      id name namespace cluster { name }
      deployments { cluster { name } pods(first: 5) { nodes { id cluster { name } status { state } } } }
    }
  }
}
"""
NODE = "query ($id: ID!) { node(id: $id) { ... on Service { name cluster { name } } } }"


@pytest.fixture(scope="module")
async def sites(redis_program: str) -> AsyncIterator[Sites]:
    redis = RedisServer(redis_program, appendonly=True)
    redis.start()
    try:
        async with open_sites(redis) as sites:
            yield sites
    finally:
        redis.close()


async def test_one_query_tells_of_both_and_what_has_one_name_is_two(sites: Sites) -> None:
    data = await query(sites.port, BOTH, {"filter": {"namespaces": [TWIN]}})
    assert [one["name"] for one in data["clusters"]] == [EAST, WEST]
    assert all(one["freshness"]["lagMs"] < 5000 and one["counts"]["total"] for one in data["clusters"])
    twins = data["services"]["nodes"]
    assert [(one["name"], one["cluster"]["name"]) for one in twins] == [(TWIN, EAST), (TWIN, WEST)]
    for twin in twins:
        (deployment,) = twin["deployments"]
        nested = [deployment, *deployment["pods"]["nodes"]]
        assert {one["cluster"]["name"] for one in nested} == {twin["cluster"]["name"]}
        assert (await query(sites.port, NODE, {"id": twin["id"]}))["node"]["cluster"] == twin["cluster"]
    assert len({twin["id"] for twin in twins}) == 2


@pytest.mark.parametrize("name", NAMES)
async def test_a_filter_shows_one_of_them(sites: Sites, name: str) -> None:
    data = await query(sites.port, BOTH, {"filter": {"clusters": [name]}})
    assert {one["cluster"]["name"] for one in data["services"]["nodes"]} == {name}


async def test_an_operator_that_is_killed_ages_its_own_cluster_alone(sites: Sites) -> None:
    east = sites.sites[EAST]
    await sites.changed(*NAMES)
    await east.operator.kill()
    await sites.fresh(east="STALE", west="LIVE")
    await sites.system.api.kill()
    await sites.changed(WEST)
    await sites.system.api.start()
    await east.operator.start(ready=False)
    await sites.fresh(east="LIVE", west="LIVE")
    await sites.changed(*NAMES)
    counts = [await sites.all_is_heard(name) for name in NAMES]
    assert sites.heard.resets == []
    print(f"\noperator and api killed: {counts} transitions")


async def test_a_cluster_whose_data_is_lost_is_reset_and_the_other_goes_on(sites: Sites) -> None:
    before = sites.heard.transitions[-1]["cursor"]
    known, resets = len(sites.heard.items), len(sites.heard.resets)
    await sites.system.api.kill()
    await _lose(sites, EAST)
    await sites.changed(*NAMES)
    await sites.system.api.start()
    await sites.fresh(east="LIVE", west="LIVE")
    await sites.changed(*NAMES)
    counts = [await sites.all_is_heard(name, since_reset=name == EAST) for name in NAMES]
    assert sites.heard.resets[resets:] == ["EPOCH_CHANGED"]
    epochs = {name: {one.epoch for one in places(sites.heard.items)[name]} for name in NAMES}
    assert (len(epochs[EAST]), len(epochs[WEST])) == (2, 1)
    since = places(sites.heard.items[known:])[WEST]
    async with subscription(sites.port, TRANSITIONS, {"after": before, "filter": {"namespaces": [*NAMES]}}) as items:
        first = (await anext(items))["data"]["statusTransitions"]
        assert (first["__typename"], first["reset"]) == ("StreamReset", "EPOCH_CHANGED")
        told: list[object] = []
        while len(told) < len(since):
            item = (await anext(items))["data"]["statusTransitions"]
            told += [place(item)] if item["object"]["namespace"] == WEST else []
    assert told == since, "whoever resumes from before is told all of the other one"
    print(f"\ndata of one lost: {counts} transitions")


async def test_another_cluster_that_is_given_a_name_in_use_is_refused(sites: Sites) -> None:
    resets = sites.heard.resets
    intruder = sites.system.another_operator(sites.sites[WEST].kubeconfig, cluster=EAST, lease_name="another")
    await intruder.start(ready=False)

    async def refused() -> bool:
        return "the name 'east' is taken" in await intruder.readiness()

    try:
        await eventually(refused)
        await sites.changed(EAST)
        assert await sites.freshness() == {EAST: "LIVE", WEST: "LIVE"}
    finally:
        assert await intruder.stop() == 0
    await sites.all_is_heard(EAST, since_reset=True)
    assert sites.heard.resets == resets


async def test_a_cluster_is_forgotten_when_nobody_writes_it_and_may_come_back(sites: Sites) -> None:
    west = sites.sites[WEST]
    before, resets = sites.heard.transitions[-1]["cursor"], sites.heard.resets
    assert await sites.system.command("forget", WEST) == (
        1,
        "statusgraph: an operator wrote 'west' within the last 30 s: end it first, then forget it\n",
    )
    await west.operator.stop()
    await _silence(sites, WEST)
    assert await sites.system.command("forget", WEST) == (0, "west and its history are gone from Redis\n")
    code, told = await sites.system.command("forget", WEST)
    assert (code, told) == (2, "statusgraph: there is no cluster 'west' in Redis; there is: east\n")
    await sites.fresh(east="LIVE")
    await sites.heard.until(lambda: sites.heard.resets == [*resets, "EPOCH_CHANGED"])
    await sites.system.api.kill()
    await sites.system.api.start()
    await sites.fresh(east="LIVE")
    async with subscription(sites.port, TRANSITIONS, {"after": before}) as items:
        assert (await anext(items))["data"]["statusTransitions"]["reset"] == "EPOCH_CHANGED"
    await west.operator.start()
    await sites.fresh(east="LIVE", west="LIVE")
    await sites.changed(*NAMES)
    for name in NAMES:
        await sites.all_is_heard(name, since_reset=name == EAST)
    assert sites.heard.resets == [*resets, "EPOCH_CHANGED"]


async def _lose(sites: Sites, cluster: str) -> None:
    """As a flush of all that Redis holds of one cluster."""
    server = Server(sites.redis.url)
    held = await server.command("KEYS", f"{Keys(cluster).prefix}*")
    await server.command("DEL", *held)
    await server.close()


async def _silence(sites: Sites, cluster: str) -> None:
    """As if its last leader had ended an hour ago."""
    server = Server(sites.redis.url)
    await server.command("HSET", Keys(cluster).meta, "beaten", 0)
    await server.close()
