"""A process that has just begun: clients that lost another one are there before its first cluster is loaded."""

from __future__ import annotations

import pytest

from graph.model.resource import Cursor
from graph.model.status import State
from graph.store.codec import encode_cursor
from tests.api.server import Host
from tests.api.world import World, key, shop, transition

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
