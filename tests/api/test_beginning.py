"""A process that has just begun: clients that lost another one are there before its first cluster is loaded."""

from __future__ import annotations

import gc
import weakref

import pytest

from graph.api import listening
from graph.api.reading import id_of_action
from graph.model.action import Action, ActionState
from graph.model.resource import Cursor, Freshness, FreshnessState
from graph.model.status import State
from graph.store.codec import encode_cursor
from tests.api.server import Host
from tests.api.world import NOW, World, key, ref_of, shop, transition

STREAMS = (
    "subscription ($after: Cursor) { statusTransitions(after: $after) { __typename } }",
    "subscription ($after: Cursor) { serviceChanges(after: $after) { __typename } }",
)


@pytest.mark.parametrize(
    ("document", "first"), [(STREAMS[0], "StatusTransition"), (STREAMS[1], "StreamReset")], ids=["log", "snapshot"]
)
async def test_a_good_cursor_waits_for_its_cluster(host: Host, document: str, first: str) -> None:
    world = World()
    async with host.serve(world).socket() as client:
        await client.subscribe(document, after=encode_cursor([Cursor("one", "e1", 3)]))
        await client.send({"type": "ping"})
        assert await client.receive() == {"type": "pong"}
        world.load(shop(), seq=7)
        world.tell(transition(key("POD", "web-1"), State.HEALTHY, State.FAILED, service=key("SERVICE", "web")))
        assert (await client.next())["__typename"] == first


async def test_a_bad_cursor_is_refused_at_once_by_a_process_that_has_loaded_all(host: Host) -> None:
    world = World()
    world.load(shop())
    async with host.serve(world).socket() as client:
        await client.subscribe(STREAMS[0], after=encode_cursor([Cursor("other", "e1", 3)]))
        assert await client.error() == "BAD_CURSOR"


ACTION = Action(
    "a1", "stopCronjob", ref_of(key("CRONJOB", "nightly")), key("CRONJOB", "nightly"), ActionState.SUCCEEDED, NOW
)
NOW_TOLD = {
    "freshness": ("{ freshness { state } }", {"state": "LIVE"}),
    "service": ('{ service(by: {name: {namespace: "shop", name: "web"}}) { name } }', {"name": "web"}),
    "actionProgress": (f'{{ actionProgress(id: "{id_of_action(ACTION)}") {{ state }} }}', {"state": "SUCCEEDED"}),
}


@pytest.mark.parametrize("field", NOW_TOLD)
async def test_what_is_told_as_it_is_now_waits_until_that_is_known(host: Host, field: str) -> None:
    world, (document, told) = World(), NOW_TOLD[field]
    async with host.serve(world).socket() as client:
        await client.subscribe(f"subscription {document}")
        await client.send({"type": "ping"})
        assert await client.receive() == {"type": "pong"}
        world.load(shop(), actions=[ACTION])
        assert await client.next() == told


@pytest.mark.parametrize("field", NOW_TOLD)
async def test_what_stays_unknown_is_to_be_asked_again(host: Host, field: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listening, "LOADING", 0.01)
    async with host.serve(World()).socket() as client:
        await client.subscribe(f"subscription {NOW_TOLD[field][0]}")
        assert await client.error() == "UNAVAILABLE"


def test_of_a_cluster_that_was_removed_nothing_is_known_any_more(world: World) -> None:
    world.catalog.remove("one")
    assert world.catalog.freshness("one") == Freshness(FreshnessState.DISCONNECTED, None, None)


def test_nothing_is_kept_of_a_cluster_that_was_removed(world: World) -> None:
    replica, shelves = world.followed["one"].replica, world.context.shelves
    shelves.stays(replica), shelves.entries(replica, "e1"), shelves.transitions(replica, key("POD", "web-1"))
    left = weakref.ref(replica)
    world.catalog.remove("one")
    del world.followed["one"], replica
    gc.collect()
    assert left() is None
