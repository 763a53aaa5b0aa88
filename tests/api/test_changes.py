"""``serviceChanges``: a snapshot, then what changed, coalesced; and that no cursor ever skips anything."""

from __future__ import annotations

from typing import Any

from graph.model.status import State
from tests.api.server import Client, Served
from tests.api.world import World, key, resource, shop, status, transition

CHANGES = """
subscription($filter: ServiceFilter, $after: Cursor) {
  serviceChanges(filter: $filter, after: $after) {
    __typename
    ... on ServiceChange { cursor type id service { name status { state } } }
    ... on SnapshotEnd { cursor }
    ... on StreamReset { cursor reason }
  }
}
"""
WEB = key("SERVICE", "web")
REPORT = key("SERVICE", "report", namespace="office")


async def snapshot(client: Client) -> tuple[set[str], dict[str, Any]]:
    """The ids of a whole snapshot, and the item that ends it."""
    ids = set()
    while (item := await client.next())["__typename"] == "ServiceChange":
        assert item["type"] == "SNAPSHOT"
        ids.add(item["id"])
    assert item["__typename"] == "SnapshotEnd"
    return ids, item


async def batch(client: Client, number: int) -> dict[str, str]:
    """The next changes: id → type."""
    items = [await client.next() for _ in range(number)]
    return {item["id"]: item["type"] for item in items}


async def test_a_snapshot_comes_first_and_then_what_changed(served: Served, world: World) -> None:
    async with served.socket() as client:
        await client.subscribe(CHANGES)
        ids, _ = await snapshot(client)
        assert ids == {WEB.id, REPORT.id}
        world.put(resource(WEB, told=status(State.FAILED, "Crashing")))
        changed = await client.next()
        assert (changed["type"], changed["id"]) == ("UPDATED", WEB.id)
        assert changed["service"] == {"name": "web", "status": {"state": "FAILED"}}


async def test_changes_of_one_service_are_told_once(served: Served, world: World) -> None:
    async with served.socket() as client:
        await client.subscribe(CHANGES)
        await snapshot(client)
        for n in range(20):
            world.put(resource(key("POD", f"web-{n}"), service=WEB))
        world.put(resource(REPORT))
        world.drop(key("POD", "web-3"))
        assert await batch(client, 2) == {WEB.id: "UPDATED", REPORT.id: "UPDATED"}
        world.put(resource(REPORT))
        assert await batch(client, 1) == {REPORT.id: "UPDATED"}


async def test_what_goes_or_matches_no_more_is_removed(served: Served, world: World) -> None:
    async with served.socket() as client:
        await client.subscribe(CHANGES, filter={"states": ["DEGRADED"]})
        assert (await snapshot(client))[0] == {WEB.id}
        world.put(resource(WEB))
        removed = await client.next()
        assert (removed["type"], removed["id"], removed["service"]) == ("REMOVED", WEB.id, None)
        world.put(resource(REPORT, told=status(State.DEGRADED, "PodsFailing")))
        assert await batch(client, 1) == {REPORT.id: "UPDATED"}
        world.drop(REPORT)
        assert await batch(client, 1) == {REPORT.id: "REMOVED"}


async def test_whoever_missed_nothing_goes_on_without_a_snapshot(served: Served, world: World) -> None:
    world.tell(transition(key("POD", "web-1"), None, State.FAILED, service=WEB))
    async with served.socket() as client:
        await client.subscribe(CHANGES)
        _, end = await snapshot(client)
    async with served.socket() as client:
        await client.subscribe(CHANGES, after=end["cursor"])
        await client.subscribe("{ clusters { name } }", id_="2")
        assert (await client.next())[0]["name"] == "one"
        assert (await client.receive())["type"] == "complete"
        world.drop(REPORT)
        assert await batch(client, 1) == {REPORT.id: "REMOVED"}


async def test_whoever_missed_something_is_given_a_new_snapshot(served: Served, world: World) -> None:
    async with served.socket() as client:
        await client.subscribe(CHANGES)
        _, end = await snapshot(client)
    world.put(resource(WEB))
    async with served.socket() as client:
        await client.subscribe(CHANGES, after=end["cursor"])
        assert (await client.next())["reason"] == "CURSOR_EXPIRED"
        assert (await snapshot(client))[0] == {WEB.id, REPORT.id}


async def test_no_item_but_the_last_of_a_batch_claims_that_the_batch_was_told(served: Served, world: World) -> None:
    world.put(resource(WEB))
    async with served.socket() as client:
        await client.subscribe(CHANGES)
        first = await client.next()
        _, end = await snapshot(client)
        world.put(resource(WEB))
        world.put(resource(REPORT))
        one, two = await client.next(), await client.next()
    assert one["cursor"] == end["cursor"]
    for cursor, complete in ((first["cursor"], False), (one["cursor"], False), (two["cursor"], True)):
        async with served.socket() as client:
            await client.subscribe(CHANGES, after=cursor)
            await client.subscribe("{ clusters { name } }", id_="2")
            messages = [await client.receive() for _ in range(2)]
            assert all(message["id"] == "2" for message in messages) is complete


async def test_lost_data_resets_and_brings_a_new_snapshot(served: Served, world: World) -> None:
    async with served.socket() as client:
        await client.subscribe(CHANGES)
        await snapshot(client)
        world.load(shop()[:1], epoch="e2")
        assert (await client.next())["reason"] == "EPOCH_CHANGED"
        assert (await snapshot(client))[0] == {WEB.id}


async def test_a_cluster_that_is_new_is_told_whole(served: Served, world: World) -> None:
    async with served.socket() as client:
        await client.subscribe(CHANGES)
        await snapshot(client)
        other = [key("SERVICE", name, cluster="two") for name in "ab"]
        world.load([resource(each) for each in other], cluster="two")
        assert await batch(client, 2) == {each.id: "UPDATED" for each in other}


async def test_clusters_that_were_not_asked_for_are_not_told(served: Served, world: World) -> None:
    async with served.socket() as client:
        await client.subscribe(CHANGES, filter={"clusters": ["two"]})
        assert (await snapshot(client))[0] == set()
        world.put(resource(WEB))
        other = key("SERVICE", "a", cluster="two")
        world.load([resource(other)], cluster="two")
        assert await batch(client, 1) == {other.id: "UPDATED"}
