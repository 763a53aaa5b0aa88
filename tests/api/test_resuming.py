"""Subscriptions that go on after a cursor: with what followed it, or told that something is missing."""

from __future__ import annotations

import pytest

from graph.model.ref import encode_id
from graph.model.resource import Cursor
from graph.model.status import State
from graph.store.codec import encode_cursor
from tests.api.server import TRANSITIONS, Served, told
from tests.api.world import World, key, shop, transition


async def test_a_cursor_resumes_with_all_that_followed_it(served: Served, world: World) -> None:
    pods = [transition(key("POD", f"p{n}"), None, State.HEALTHY) for n in range(5)]
    async with served.socket() as client:
        await client.subscribe(TRANSITIONS)
        await client.next()
        world.tell(*pods[:2])
        cursors = [(await client.next())["cursor"] for _ in range(2)]
    world.tell(*pods[2:4])
    async with served.socket() as client:
        await client.subscribe(TRANSITIONS, after=cursors[0])
        assert await told(client, 3) == ["p1", "p2", "p3"]
        world.tell(pods[4])
        assert await told(client, 1) == ["p4"]


async def test_the_cursor_of_the_query_resumes_too(served: Served, world: World) -> None:
    world.tell(*(transition(key("POD", f"p{n}"), None, State.HEALTHY) for n in range(3)))
    found = (await served.query("{ transitions { nodes { cursor object { name } } } }")).data["transitions"]["nodes"]
    async with served.socket() as client:
        await client.subscribe(TRANSITIONS, after=found[-1]["cursor"])
        assert await told(client, 2) == ["p1", "p2"]


async def test_a_resumed_subscription_spans_all_clusters(served: Served, world: World) -> None:
    world.load(cluster="two")
    for n in range(3):
        at = f"2026-11-22T12:0{n}:00.000Z"
        world.tell(transition(key("POD", f"one{n}"), None, State.HEALTHY, at=at))
        world.tell(transition(key("POD", f"two{n}", cluster="two"), None, State.HEALTHY, at=at))
    start = encode_cursor([Cursor("one", "e1", 0), Cursor("two", "e1", 0)])
    async with served.socket() as client:
        await client.subscribe(TRANSITIONS, after=start)
        items = [await client.next() for _ in range(6)]
    names = [item["object"]["name"] for item in items]
    assert [name for name in names if name.startswith("one")] == ["one0", "one1", "one2"]
    assert [name for name in names if name.startswith("two")] == ["two0", "two1", "two2"]
    for place, item in enumerate(items):
        async with served.socket() as client:
            await client.subscribe(TRANSITIONS, after=item["cursor"])
            assert await told(client, 5 - place) == names[place + 1 :]


async def test_an_old_cursor_is_told_that_something_is_missing(served: Served, world: World) -> None:
    world.load(shop(), seq=50, transitions_from=40)
    async with served.socket() as client:
        await client.subscribe(TRANSITIONS, after=encode_cursor([Cursor("one", "e1", 39)]))
        reset = await client.next()
        assert (reset["__typename"], reset["reason"]) == ("StreamReset", "CURSOR_EXPIRED")
        assert reset["cursor"] == encode_cursor([Cursor("one", "e1", 50)])
        world.tell(transition(key("POD", "p"), None, State.HEALTHY))
        assert await told(client, 1) == ["p"]


async def test_a_cursor_of_another_epoch_is_told_so(served: Served, world: World) -> None:
    async with served.socket() as client:
        await client.subscribe(TRANSITIONS, after=encode_cursor([Cursor("one", "e0", 0)]))
        reset = await client.next()
        assert (reset["reason"], reset["cursor"]) == ("EPOCH_CHANGED", encode_cursor([Cursor("one", "e1", 0)]))


async def test_each_of_several_resets_is_told_again_to_whoever_missed_it(served: Served, world: World) -> None:
    world.load(cluster="two")
    before = encode_cursor([Cursor("one", "e0", 0), Cursor("two", "e0", 0)])
    async with served.socket() as client:
        await client.subscribe(TRANSITIONS, after=before)
        first, second = await client.next(), await client.next()
    async with served.socket() as client:
        await client.subscribe(TRANSITIONS, after=first["cursor"])
        assert await client.next() == second


async def test_lost_data_resets_a_subscription_that_then_goes_on(served: Served, world: World) -> None:
    async with served.socket() as client:
        await client.subscribe(TRANSITIONS)
        await client.next()
        world.load(shop(), epoch="e2")
        reset = await client.next()
        assert (reset["reason"], reset["cursor"]) == ("EPOCH_CHANGED", encode_cursor([Cursor("one", "e2", 0)]))
        world.tell(transition(key("POD", "p"), None, State.HEALTHY))
        assert await told(client, 1) == ["p"]


async def test_a_cursor_ahead_of_this_replica_waits_for_what_is_new(served: Served, world: World) -> None:
    async with served.socket() as client:
        await client.subscribe(TRANSITIONS, after=encode_cursor([Cursor("one", "e1", 2)]))
        await client.subscribe("{ clusters { name } }", id_="2")
        await client.next()
        assert (await client.receive())["type"] == "complete"  # by now the subscription listens
        world.tell(*(transition(key("POD", f"p{n}"), None, State.HEALTHY) for n in range(3)))
        assert await told(client, 1) == ["p2"]


GOOD = encode_cursor([Cursor("one", "e1", 0)])


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "nonsense",
        "ä",
        GOOD + "=",
        GOOD[:-1],
        GOOD.swapcase(),
        encode_id("PAGE", "SERVICE", "[]"),
        key("POD", "web-1").id,
        encode_id("CURSOR", "one", "e1"),
        encode_id("CURSOR", "one", "e1", "-1"),
        encode_id("CURSOR", "one", "e1", "1.5"),
        encode_id("CURSOR", "one", "e1", "٣"),
        encode_id("CURSOR", "one", "e1", "9" * 5000),
        encode_cursor([Cursor("one", "e1", 10**9)]),
        encode_cursor([Cursor("other", "e1", 0)]),
    ],
)
async def test_a_cursor_that_means_nothing_is_refused(served: Served, cursor: str) -> None:
    async with served.socket() as client:
        for field in ("statusTransitions", "operatorLog", "serviceChanges", "events"):
            await client.subscribe(
                f"subscription($after: Cursor) {{ {field}(after: $after) {{ __typename }} }}", after=cursor
            )
            assert await client.error() == "BAD_CURSOR"
        document = (
            "subscription($after: Cursor) { statusTransitions(after: $after, filter: {heldFor: 5}) { __typename } }"
        )
        await client.subscribe(document, after=cursor)
        assert await client.error() == "BAD_CURSOR"
