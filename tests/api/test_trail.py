"""What a follower is told of what it may have missed: everything, or that something was missed."""

from __future__ import annotations

import asyncio

import pytest

from graph.api import trail as trails
from graph.api.changes import SERVICES
from graph.api.gathering import gathering
from graph.model.resource import Cursor
from graph.store.codec import encode_cursor
from graph.store.hub import Delivery
from tests.api.server import Served
from tests.api.test_views import CHANGES, REPORT, WEB, idle
from tests.api.world import World, key, resource, shop


def latest(world: World) -> Delivery:
    """The last change of a cluster as the hub told it."""
    cursor = world.followed["one"].replica.cursor
    assert cursor is not None
    return Delivery(cursor, None)  # type: ignore[arg-type] # where it is, is all that is asked


def test_what_came_while_nobody_asked_and_was_too_much_is_said_to_be_missed() -> None:
    world = World(queue=3)
    world.load(shop(), seq=1)
    trail = world.context.trail
    trail.listen()
    for _ in range(5):
        world.put(resource(WEB))
    assert trail.of(latest(world)) is None
    world.put(resource(WEB))
    assert [touched.services for touched in trail.of(latest(world)) or ()] == [(WEB,)]


def test_a_new_epoch_after_too_much_is_followed_from_its_first_change() -> None:
    world = World(queue=3)
    world.load(shop(), seq=1)
    trail = world.context.trail
    trail.listen()
    for _ in range(5):
        world.put(resource(WEB))
    world.load(shop(), epoch="e2", seq=1)
    trail.listen()
    world.put(resource(WEB))
    assert [touched.services for touched in trail.of(latest(world)) or ()] == [(WEB,)]


def test_what_is_remembered_never_reaches_across_a_gap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trails, "KEEP", 3)
    world = World(queue=3)
    world.load(shop(), seq=1)
    trail = world.context.trail
    trail.listen()
    for _ in range(3):
        world.put(resource(WEB))
        trail.listen()
    for _ in range(5):
        world.put(resource(REPORT))
    trail.listen()
    world.put(resource(WEB))
    assert trail.after(Cursor("one", "e1", 3)) is None
    assert trail.after(Cursor("one", "e1", 9)) is not None


async def test_a_busy_cluster_costs_the_followers_of_another_nothing() -> None:
    world = World(queue=10)
    one, two = (key("SERVICE", "web", cluster=cluster) for cluster in ("one", "two"))
    for each in (one, two):
        world.load([resource(each)], cluster=each.cluster, seq=1)
    async with gathering(world.context, "SERVICE", SERVICES.picked, clusters=["one"]) as gathered:
        for _ in range(6):
            for _ in range(4):
                world.put(resource(two))
            await asyncio.sleep(0)  # whoever listens takes it
        world.put(resource(one))
        batch = await gathered.batch()
    assert (batch.reset, batch.keys) == (None, {one})


async def test_what_a_client_saw_elsewhere_is_followed_all_the_same(served: Served, world: World) -> None:
    """Its cursor is ahead of this process: another one told it of a service that is then gone."""
    here, new = latest(world).cursor, key("SERVICE", "new")
    async with served.socket() as client:
        await client.subscribe(CHANGES, after=encode_cursor([Cursor("one", here.epoch, here.seq + 1)]))
        await idle(client)
        world.put(resource(new))
        assert (await client.next())["id"] == new.id
        world.drop(new)
        gone = await client.next()
    assert (gone["id"], gone["type"]) == (new.id, "REMOVED")
