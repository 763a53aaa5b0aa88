"""graphql-transport-ws: what is accepted, what a violation costs, and how connections end."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from websockets.exceptions import InvalidStatus

from graph.api import conversation
from graph.api.execute import Operations
from graph.api.origins import Origins
from graph.api.schema import build
from graph.api.ws import SocketEndpoint
from graph.kinds import KINDS
from tests.api.server import Host, Served, until
from tests.api.world import World

FOREVER = "subscription { freshness { state } }"
SUBSCRIBE = {"type": "subscribe", "id": "1", "payload": {"query": FOREVER}}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "5",
        "null",
        "[]",
        "{}",
        '{"type": "next", "id": "1"}',
        '{"type": "subscribe", "id": 5, "payload": {"query": "{ a }"}}',
        '{"type": "subscribe", "id": [], "payload": {"query": "{ a }"}}',
        '{"type": "subscribe", "id": "", "payload": {"query": "{ a }"}}',
        '{"type": "subscribe", "id": "1", "payload": {"query": "{ a }", "variables": 5}}',
        '{"type": "subscribe", "id": "1"}',
        '{"type": "complete"}',
        '{"type": "ping", "payload": 5}',
        "[" * 60_000,
    ],
)
async def test_a_message_that_is_none_closes_with_4400(served: Served, text: str) -> None:
    async with served.socket() as client:
        await client.raw.send(text)
        code, reason = await client.closed()
    assert code == 4400
    assert 0 < len(reason.encode()) <= 123


async def test_bytes_close_with_4400(served: Served) -> None:
    async with served.socket() as client:
        await client.raw.send(b'{"type": "ping"}')
        assert (await client.closed())[0] == 4400


async def test_a_message_that_is_too_big_closes_with_1009(served: Served) -> None:
    async with served.socket() as client:
        await client.raw.send("x" * 70_000)
        assert (await client.closed())[0] == 1009


async def test_nothing_may_be_asked_before_the_acknowledgement(served: Served) -> None:
    async with served.socket(init=False) as client:
        await client.send(SUBSCRIBE)
        assert await client.closed() == (4401, "Unauthorized")


async def test_a_client_that_says_nothing_is_closed(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conversation, "INIT_WAIT", 0.0)
    async with served.socket(init=False) as client:
        assert (await client.closed())[0] == 4408


async def test_initialising_twice_is_too_much(served: Served) -> None:
    async with served.socket() as client:
        await client.send({"type": "connection_init", "payload": None})
        assert (await client.closed())[0] == 4429


async def test_an_id_may_not_be_used_twice_at_once(served: Served) -> None:
    async with served.socket() as client:
        await client.send(SUBSCRIBE)
        await client.next()
        await client.send({**SUBSCRIBE, "id": "x" * 200})
        await client.next()
        await client.send({**SUBSCRIBE, "id": "x" * 200})
        code, reason = await client.closed()
    assert code == 4409
    assert len(reason) <= 123


async def test_an_id_may_be_used_again_when_it_is_free(served: Served) -> None:
    async with served.socket() as client:
        for _ in range(3):
            await client.send(SUBSCRIBE)
            assert await client.next() == {"state": "LIVE"}
            await client.send({"type": "complete", "id": "1"})


@pytest.mark.parametrize("subprotocols", [["graphql-ws"], None])
async def test_another_protocol_closes_with_4406(served: Served, subprotocols: list[str] | None) -> None:
    async with served.socket(init=False, subprotocols=subprotocols) as client:
        assert (await client.closed())[0] == 4406


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "", "http://127.0.0.1", "http://localhost", "http://[", "file://"]
)
async def test_a_foreign_page_is_refused(served: Served, origin: str) -> None:
    with pytest.raises(InvalidStatus) as refused:
        async with served.socket(origin=origin):
            pass
    assert refused.value.response.status_code == 403


async def test_our_own_page_is_welcome(served: Served) -> None:
    async with served.socket(origin=f"http://127.0.0.1:{served.port}") as client:
        await client.send({"type": "ping", "payload": {"a": 1}})
        assert await client.receive() == {"type": "pong", "payload": {"a": 1}}
        await client.send({"type": "ping"})
        assert await client.receive() == {"type": "pong"}


async def test_a_page_of_an_allowed_origin_is_welcome(host: Host, world: World) -> None:
    served = host.serve(world, allowed_origins=["https://portal.example"])
    async with served.socket(origin="https://portal.example"):
        pass
    with pytest.raises(InvalidStatus):
        async with served.socket(origin="http://portal.example"):
            pass


async def test_an_operation_that_fails_leaves_its_siblings_alone(served: Served) -> None:
    async with served.socket() as client:
        await client.send(SUBSCRIBE)
        await client.next()
        for id_, query in (("2", "{"), ("3", "{ nothing }")):
            await client.subscribe(query, id_=id_)
            await client.error()
        await client.send({"type": "subscribe", "id": "4", "payload": {"query": "{ a }", "operationName": "B"}})
        await client.error()
        await client.subscribe("{ clusters { name } }", id_="5")
        assert await client.next() == [{"name": "one"}]
        assert await client.receive() == {"id": "5", "type": "complete"}


async def test_a_connection_may_have_twenty_operations(served: Served) -> None:
    async with served.socket() as client:
        for n in range(conversation.MAX_OPERATIONS):
            await client.subscribe(FOREVER, id_=str(n))
            await client.next()
        await client.subscribe(FOREVER, id_="more")
        assert await client.error() == "TOO_MANY_OPERATIONS"


async def test_everything_ends_with_the_connection(served: Served, world: World) -> None:
    async with served.socket() as client:
        await client.send(SUBSCRIBE)
        await client.next()
        assert len(world.hub) == 1
        client.raw.transport.abort()
    await until(lambda: len(world.hub) == 0 and len(world.context.drain) == 0)


async def test_whoever_is_let_in_while_the_drain_begins_is_closed_too(world: World) -> None:
    asked = {"type": "websocket", "path": "/graphql", "headers": [], "subprotocols": ["graphql-transport-ws"]}
    said: list[Any] = []

    async def receive() -> Any:
        return {"type": "websocket.connect"}

    async def send(message: Any) -> None:
        said.append(message)
        world.context.drain.closing = True  # while it waits for the handshake

    endpoint = SocketEndpoint(Operations(build(KINDS).core), world.context, Origins(()))
    await endpoint(asked, receive, send)
    assert [(one["type"], one.get("code")) for one in said] == [("websocket.accept", None), ("websocket.close", 1012)]
    assert len(world.context.drain) == 0


async def test_draining_closes_one_after_another_and_lets_nobody_in(served: Served, world: World) -> None:
    async with served.socket() as one, served.socket() as two:
        draining = asyncio.create_task(world.context.drain(0.4))
        first, _ = await asyncio.wait(
            [asyncio.create_task(client.raw.wait_closed()) for client in (one, two)],
            return_when=asyncio.FIRST_COMPLETED,
        )
        assert len(first) == 1
        with pytest.raises(InvalidStatus) as refused:
            async with served.socket():
                pass
        assert refused.value.response.status_code == 503
        await draining
        assert [(await client.closed())[0] for client in (one, two)] == [1012, 1012]
