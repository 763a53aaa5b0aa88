"""What is followed as it is now: ``service``, ``events``, and ``serviceChanges`` resumed; moves, bounds, delays."""

from __future__ import annotations

import asyncio

import msgspec
import pytest

from graph.api import trail
from graph.api.changes import SERVICES
from graph.api.gathering import gathering
from graph.model.action import Action, ActionState
from graph.model.ref import Key
from graph.model.resource import ChangeType, Cursor, Resource, ResourceChange
from graph.model.status import State
from graph.store.codec import encode_cursor
from tests.api.server import Client, Host, Served
from tests.api.world import NOW, World, entry, event, key, ref_of, resource, shop, status

WEB = key("SERVICE", "web")
REPORT = key("SERVICE", "report", namespace="office")
SERVICE = """subscription($by: ServiceBy!) { service(by: $by) {
  name status { state } pods { totalCount } events { totalCount } operatorLog { totalCount } } }"""
CHANGES = """subscription($after: Cursor, $filter: ServiceFilter) { serviceChanges(after: $after, filter: $filter) {
  __typename ... on ServiceChange { cursor type id service { pods { totalCount } } }
  ... on SnapshotEnd { cursor } ... on StreamReset { cursor reason } } }"""
EVENTS = """subscription($filter: EventFilter, $after: Cursor) { events(filter: $filter, after: $after) {
  __typename ... on EventChange { cursor type id event { count } } ... on SnapshotEnd { cursor }
  ... on StreamReset { reason } } }"""


async def snapshot(client: Client) -> tuple[list[str], str]:
    """The ids of a whole snapshot, and the cursor of its end."""
    ids = []
    while (item := await client.next())["__typename"] != "SnapshotEnd":
        assert item["type"] == "SNAPSHOT"
        ids.append(item["id"])
    return ids, item["cursor"]


async def idle(client: Client) -> None:
    """Nothing was told before a query that is asked now is answered."""
    await client.subscribe("{ clusters { name } }", id_="idle")
    assert [(await client.receive())["id"] for _ in range(2)] == ["idle", "idle"]


def moved(pod: Resource, service: Key | None) -> Resource:
    """The same pod in another service."""
    return msgspec.structs.replace(pod, service=service)


async def test_one_service_is_told_now_and_whenever_something_of_it_changed(served: Served, world: World) -> None:
    async with served.socket() as client:
        await client.subscribe(SERVICE, by={"name": {"namespace": "shop", "name": "web"}})
        first = await client.next()
        assert first == {
            "name": "web",
            "status": {"state": "DEGRADED"},
            "pods": {"totalCount": 3},
            "events": {"totalCount": 2},
            "operatorLog": {"totalCount": 0},
        }
        world.put(resource(REPORT))
        world.put(resource(WEB, told=status(State.FAILED, "Crashing")))
        assert (await client.next())["status"] == {"state": "FAILED"}
        world.log(entry("l", service=WEB))
        assert (await client.next())["operatorLog"] == {"totalCount": 1}
        world.change(ResourceChange(ChangeType.DELETED, key("EVENT", "web-1.a"), None))
        assert (await client.next())["events"] == {"totalCount": 1}
        world.act(Action("a", "restartDeployment", ref_of(WEB), key("DEPLOYMENT", "web"), ActionState.RUNNING, NOW))
        assert (await client.next())["name"] == "web"


async def test_a_service_that_is_not_there_is_null_until_it_is(served: Served, world: World) -> None:
    async with served.socket() as client:
        new = key("SERVICE", "new")
        await client.subscribe(SERVICE, by={"id": new.id})
        assert await client.next() is None
        world.put(resource(new))
        assert (await client.next())["name"] == "new"
        world.drop(new)
        assert await client.next() is None
        world.load(shop(), epoch="e2")
        await idle(client)
        await client.subscribe(SERVICE, id_="2", by={"id": key("POD", "web-1").id})
        assert await client.error() == "NOT_FOUND"


async def test_what_leaves_a_service_is_a_change_of_it(served: Served, world: World) -> None:
    pod = world.catalog.get(key("POD", "web-3"))
    assert pod is not None
    async with served.socket() as client:
        await client.subscribe(CHANGES)
        await snapshot(client)
        world.put(moved(pod, REPORT))
        items = [await client.next() for _ in range(2)]
        assert {item["id"]: item["service"]["pods"]["totalCount"] for item in items} == {WEB.id: 2, REPORT.id: 1}
        world.change(ResourceChange(ChangeType.DELETED, pod.key, None))  # as an event goes: without a transition
        item = await client.next()
        assert (item["id"], item["service"]) == (REPORT.id, {"pods": {"totalCount": 0}})


async def test_whoever_goes_on_is_told_what_changed_since(served: Served, world: World) -> None:
    world.put(resource(WEB))
    async with served.socket() as client:
        await client.subscribe(CHANGES)
        _, cursor = await snapshot(client)
    extra = key("SERVICE", "extra")
    world.put(resource(extra))
    world.put(resource(key("POD", "web-9"), service=WEB))
    world.drop(REPORT)
    async with served.socket() as client:
        await client.subscribe(CHANGES, after=cursor)
        items = [await client.next() for _ in range(3)]
        assert {item["id"]: item["type"] for item in items} == {
            WEB.id: "UPDATED",
            extra.id: "UPDATED",
            REPORT.id: "REMOVED",
        }
        assert [item["cursor"] == cursor for item in items] == [True, True, False]
        world.put(resource(WEB))
        assert (await client.next())["id"] == WEB.id
    async with served.socket() as client:
        await client.subscribe(CHANGES, after=items[-1]["cursor"], filter={"states": ["FAILED"]})
        item = await client.next()
        assert (item["id"], item["type"]) == (WEB.id, "REMOVED")


async def test_what_is_no_longer_remembered_brings_a_new_snapshot(
    served: Served, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trail, "KEEP", 3)
    world.put(resource(WEB))
    async with served.socket() as client:
        await client.subscribe(CHANGES)
        _, cursor = await snapshot(client)
        for _ in range(4):
            world.put(resource(WEB))
        await client.next()
    async with served.socket() as client:
        await client.subscribe(CHANGES, after=cursor)
        assert (await client.next())["reason"] == "CURSOR_EXPIRED"
        assert set((await snapshot(client))[0]) == {WEB.id, REPORT.id}


async def test_what_piled_up_while_nobody_asked_is_not_taken_for_everything(host: Host) -> None:
    world = World(queue=10)
    world.load(shop(), seq=1)
    async with host.serve(world).socket() as client:
        await client.subscribe(CHANGES)
        _, cursor = await snapshot(client)
    for n in range(20):
        world.put(resource(key("POD", f"p{n}"), service=WEB))
    async with host.serve(world).socket() as client:
        await client.subscribe(CHANGES, after=cursor)
        assert (await client.next())["reason"] == "CURSOR_EXPIRED"
        await snapshot(client)
        world.drop(key("POD", "p3"))
        assert (await client.next())["service"] == {"pods": {"totalCount": 22}}


async def test_a_cursor_of_another_epoch_brings_a_new_snapshot(served: Served, world: World) -> None:
    for field in (CHANGES, EVENTS):
        async with served.socket() as client:
            await client.subscribe(field, after=encode_cursor([Cursor("one", "e0", 7)]))
            assert (await client.next())["reason"] == "EPOCH_CHANGED"
            await snapshot(client)


async def test_events_are_followed(served: Served, world: World) -> None:
    pod = key("POD", "web-1")
    world.put(resource(WEB))
    async with served.socket() as client:
        await client.subscribe(EVENTS, filter={"services": [WEB.id], "types": ["Warning"]})
        ids, cursor = await snapshot(client)
        assert set(ids) == {key("EVENT", "web-1.a").id, key("EVENT", "web-1.b").id}
        world.put(resource(WEB))
        world.put(event("web-1.c", pod, WEB, "2026-11-22T11:40:00.000Z"))
        world.put(event("other", pod, REPORT, "2026-11-22T11:40:00.000Z"))
        told = await client.next()
        assert (told["type"], told["id"], told["event"]) == ("UPDATED", key("EVENT", "web-1.c").id, {"count": 2})
        world.change(ResourceChange(ChangeType.DELETED, key("EVENT", "web-1.a"), None))
        gone = await client.next()
        assert (gone["type"], gone["id"], gone["event"]) == ("REMOVED", key("EVENT", "web-1.a").id, None)
    async with served.socket() as client:
        await client.subscribe(EVENTS, after=cursor, filter={"services": [WEB.id]})
        items = [await client.next() for _ in range(3)]
        types = {item["id"]: item["type"] for item in items}
        assert types == {told["id"]: "UPDATED", gone["id"]: "REMOVED", key("EVENT", "other").id: "REMOVED"}


async def test_a_stream_of_changes_postpones_nothing(served: Served, world: World) -> None:
    stop = asyncio.Event()

    async def pour() -> None:
        while not stop.is_set():
            world.put(resource(WEB))
            await asyncio.sleep(0)

    async with served.socket() as client:
        await client.subscribe(CHANGES)
        await snapshot(client)
        loop = asyncio.get_running_loop()
        pouring = asyncio.create_task(pour())
        began = loop.time()
        for _ in range(5):
            await client.next()
        stop.set()
        await pouring
        assert 4 * world.context.window < loop.time() - began < 10 * world.context.window + 1.0


async def test_a_change_that_waited_for_a_slow_client_waits_no_longer(served: Served, world: World) -> None:
    """The delay counts from the first change that was not told, not from when somebody looks."""
    loop = asyncio.get_running_loop()
    async with gathering(world.context, SERVICES.kind, SERVICES.picked, clusters=None) as gathered:
        world.put(resource(WEB))
        seen = loop.time()
        while loop.time() - seen < world.context.window:  # noqa: ASYNC110 # time itself is waited for
            await asyncio.sleep(0)
        began = loop.time()
        batch = await gathered.batch()
        assert batch.keys == {WEB}
        assert loop.time() - began < world.context.window / 2
