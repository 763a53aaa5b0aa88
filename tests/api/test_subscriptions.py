"""Subscriptions over a real websocket: start, follow, resume, reset, filter, end."""

from __future__ import annotations

import asyncio
import gc

import msgspec
import pytest

from graph.api import following
from graph.model.action import Action, ActionState, ActionStep
from graph.model.ref import encode_id
from graph.model.resource import Cursor, FreshnessState, LogChange
from graph.model.status import State
from graph.store.codec import encode_cursor
from tests.api.server import Client, Host, Served, until
from tests.api.world import NOW, World, entry, key, ref_of, shop, transition

TRANSITIONS = """
subscription($filter: TransitionFilter, $after: Cursor) {
  statusTransitions(filter: $filter, after: $after) {
    __typename
    ... on StreamStart { cursor }
    ... on StreamReset { cursor reason }
    ... on StatusTransition { cursor object { name resource { name } } from { state } to { state } service { name } }
  }
}
"""


async def test_a_subscription_starts_with_its_position_and_tells_what_follows(served: Served, world: World) -> None:
    async with served.socket() as client:
        await client.subscribe(TRANSITIONS)
        start = await client.next()
        assert start["__typename"] == "StreamStart"
        web = key("SERVICE", "web")
        world.tell(transition(key("POD", "web-1"), State.PROGRESSING, State.FAILED, service=web))
        told = await client.next()
        assert told.pop("cursor") != start["cursor"]
        assert told == {
            "__typename": "StatusTransition",
            "object": {"name": "web-1", "resource": {"name": "web-1"}},
            "from": {"state": "PROGRESSING"},
            "to": {"state": "FAILED"},
            "service": {"name": "web"},
        }


async def told(client: Client, number: int) -> list[str]:
    """The names of the next transitions."""
    return [(await client.next())["object"]["name"] for _ in range(number)]


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


async def test_a_filter_keeps_the_rest_away(served: Served, world: World) -> None:
    async with served.socket() as client:
        await client.subscribe(TRANSITIONS, filter={"to": ["FAILED"], "kinds": ["POD"], "namespaces": ["shop"]})
        await client.next()
        world.tell(
            transition(key("POD", "good"), None, State.HEALTHY),
            transition(key("POD", "elsewhere", namespace="office"), None, State.FAILED),
            transition(key("POD", "bad"), None, State.FAILED),
        )
        assert await told(client, 1) == ["bad"]


async def test_the_operator_log_is_followed_and_resumed(served: Served, world: World) -> None:
    document = """subscription($after: Cursor) { operatorLog(after: $after) {
      ... on StreamStart { cursor } ... on OperatorLogAppended { cursor entry { message } } } }"""
    async with served.socket() as client:
        await client.subscribe(document)
        await client.next()
        world.log(entry("a"), entry("b"))
        first = await client.next()
        assert first["entry"] == {"message": "did a"}
    async with served.socket() as client:
        await client.subscribe(document, after=first["cursor"])
        assert (await client.next())["entry"] == {"message": "did b"}


ACTION = Action(
    "a1", "stopCronjob", ref_of(key("CRONJOB", "nightly")), key("CRONJOB", "nightly"), ActionState.ACCEPTED, NOW
)
PROGRESS = "subscription($id: ID!) { actionProgress(id: $id) { state steps { name } } }"


async def test_an_action_is_followed_to_its_end(served: Served, world: World) -> None:
    world.act(ACTION)
    async with served.socket() as client:
        await client.subscribe(PROGRESS, id=encode_id("ACTION", "one", "a1"))
        assert (await client.next())["state"] == "ACCEPTED"
        steps = (ActionStep("delete", ActionState.RUNNING),)
        world.act(msgspec.structs.replace(ACTION, state=ActionState.RUNNING, steps=steps))
        assert await client.next() == {"state": "RUNNING", "steps": [{"name": "delete"}]}
        world.act(msgspec.structs.replace(ACTION, id="another"))
        world.act(msgspec.structs.replace(ACTION, state=ActionState.SUCCEEDED))
        assert (await client.next())["state"] == "SUCCEEDED"
        assert (await client.receive())["type"] == "complete"


async def test_an_action_that_the_operator_has_not_accepted_yet_is_waited_for(served: Served, world: World) -> None:
    async with served.socket() as client:
        await client.subscribe(PROGRESS, id=encode_id("ACTION", "one", "a1"))
        await client.subscribe("{ clusters { name } }", id_="2")
        await client.next()
        world.act(ACTION)
        assert (await client.receive())["type"] == "complete"
        assert (await client.next())["state"] == "ACCEPTED"


async def test_an_action_that_is_not_known_is_not_found(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(following, "ACTION_WAIT", 0.0)
    async with served.socket() as client:
        for id_ in ("nonsense", encode_id("ACTION", "other", "a1"), encode_id("ACTION", "one", "a1")):
            await client.subscribe(PROGRESS, id=id_)
            assert await client.error() == "NOT_FOUND"


async def test_freshness_is_told_when_its_state_changes(served: Served, world: World) -> None:
    async with served.socket() as client:
        await client.subscribe("subscription { freshness { state } }")
        assert await client.next() == {"state": "LIVE"}
        world.fresh(FreshnessState.LIVE)
        world.fresh(FreshnessState.STALE)
        assert await client.next() == {"state": "STALE"}
        await client.subscribe('subscription { freshness(cluster: "other") { state } }', id_="2")
        assert await client.error() == "NOT_FOUND"


async def test_a_subscription_that_is_too_slow_ends_and_says_so(host: Host) -> None:
    world = World(queue=10)
    world.load(shop())
    async with host.serve(world).socket() as client:
        await client.subscribe(TRANSITIONS)
        await client.next()
        world.tell(*(transition(key("POD", f"p{n}"), None, State.HEALTHY) for n in range(9)))
        world.change(*(LogChange(entry(f"{n}")) for n in range(12)))
        assert await client.error() == "OVERFLOW"


async def test_nothing_is_left_of_a_subscription_that_ended(served: Served, world: World) -> None:
    async with served.socket() as client:
        for id_, field in enumerate(("statusTransitions", "operatorLog", "serviceChanges")):
            await client.subscribe(f"subscription {{ {field} {{ __typename }} }}", id_=str(id_))
        for _ in range(5):
            await client.next()
        assert len(world.hub) == 3
        await client.send({"type": "complete", "id": "0"})
        await until(lambda: len(world.hub) == 2)
    await until(lambda: len(world.hub) == 0)
    active = (await served.request("GET", "/metrics")).body.decode()
    assert 'statusgraph_subscriptions{field="statusTransitions"} 0.0' in active


def _remembered() -> int:
    """How many fields of documents the GraphQL library holds on to."""
    gc.collect()
    return sum(type(one).__name__ == "FieldDetails" for one in gc.get_objects())


async def test_a_long_subscription_remembers_nothing_of_its_events(served: Served, world: World) -> None:
    async with served.socket() as client:
        await client.subscribe(TRANSITIONS)
        await client.next()
        world.tell(*(transition(key("POD", f"p{n}"), None, State.HEALTHY) for n in range(20)))
        await told(client, 20)
        before = _remembered()
        world.tell(*(transition(key("POD", f"p{n}"), None, State.HEALTHY) for n in range(20, 220)))
        await told(client, 200)
        assert _remembered() - before < 200


async def test_a_backlog_of_one_subscriber_leaves_others_their_turn(served: Served, world: World) -> None:
    turns = 0

    async def others() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    async with served.socket() as client:
        await client.subscribe(TRANSITIONS)
        await client.next()
        world.tell(*(transition(key("POD", f"p{n}"), None, State.HEALTHY) for n in range(300)))
        task = asyncio.create_task(others())
        await told(client, 300)
        task.cancel()
    assert turns >= 300
