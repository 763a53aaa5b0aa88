"""Subscriptions over a real websocket: start, follow, resume, reset, filter, end."""

from __future__ import annotations

import asyncio
import gc

import msgspec
import pytest

from graph.api import following
from graph.model.action import Action, ActionState, ActionStep
from graph.model.ref import encode_id
from graph.model.resource import FreshnessState, LogChange
from graph.model.status import State
from tests.api.server import TRANSITIONS, Host, Served, told, until
from tests.api.world import NOW, World, entry, key, ref_of, shop, transition


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


async def test_an_action_is_followed_across_the_loss_of_what_was_stored(served: Served, world: World) -> None:
    running = msgspec.structs.replace(ACTION, state=ActionState.RUNNING)
    for kept, expected in ((replace_state(ActionState.SUCCEEDED), "SUCCEEDED"), (None, "NOT_FOUND")):
        world.act(running)
        async with served.socket() as client:
            await client.subscribe(PROGRESS, id=encode_id("ACTION", "one", "a1"))
            assert (await client.next())["state"] == "RUNNING"
            world.load(shop(), epoch=f"after {expected}", actions=[kept] if kept else [])
            assert (await client.next())["state"] == expected if kept else await client.error() == expected


def replace_state(state: ActionState) -> Action:
    """The action, further on."""
    return msgspec.structs.replace(ACTION, state=state)


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
        for part in (range(6), range(6, 12)):  # with the transitions more than it may hold, before it gets its turn
            world.change(*(LogChange(entry(f"{n}")) for n in part))
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
