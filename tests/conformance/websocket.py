"""W1 to W9: what a client sees of graphql-transport-ws. Each function is a line of the table; its docstring says it."""

from __future__ import annotations

import asyncio
import json
import socket
import time
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from tests.api.server import Client
from tests.conformance.target import Target, until

FRESHNESS = "subscription { freshness { state } }"
LOG = "subscription { operatorLog { __typename } }"
TRANSITIONS = """subscription { statusTransitions { ... on StreamStart { cursor }
... on StatusTransition { cursor object { kind namespace name } from { reason message } to { reason message } } } }"""
CHANGES = "subscription { serviceChanges { ... on ServiceChange { service { id name status { message since } } } } }"
SUBSCRIBE = {"type": "subscribe", "id": "1", "payload": {"query": FRESHNESS}}
MOST_REASON = 123
DROPPED = 30.0
TIME_WAIT = "06"
WAITING = 50
"""Changes that may wait for one subscription in a server of ours when more come."""
MANY = 3000
"""Changes of which so many wait: a server reads them in pages, and a subscription takes longer."""
MOST_SOCKETS = 60
"""That a server of ours takes."""
SPREAD = 9.5
"""Seconds from the first close to the last, of ten that are asked for: the last has nobody to wait for."""

NO_MESSAGES = [
    "",
    "x",
    "5",
    "null",
    "[]",
    "{}",
    '{"type": "next", "id": "1"}',
    '{"type": []}',
    '{"type": "subscribe", "id": "1"}',
    '{"type": "complete"}',
    "[" * 60_000,
    '{"type": "ping", "payload": "' + "\\ud800" * 40 + '"}',
]
BAD_SUBSCRIBES: list[dict[str, Any]] = [
    {"id": 5},
    {"id": []},
    {"id": ""},
    {"id": None},
    {"payload": {"query": FRESHNESS, "variables": 5}},
    {"payload": {"query": FRESHNESS, "variables": []}},
    {"payload": {"query": FRESHNESS, "operationName": {}}},
    {"payload": {"query": FRESHNESS, "extensions": "x"}},
    {"payload": {"query": 5}},
]


async def _closes(client: Client, code: int) -> None:
    found, reason = await client.closed()
    assert found == code, f"closed with {found} {reason!r}, not {code}"
    assert len(reason.encode()) <= MOST_REASON


async def _closes_after_all(client: Client, code: int) -> None:
    """What was asked before may be answered."""
    with suppress(ConnectionClosed):
        while True:
            await client.receive()
    await _closes(client, code)


async def w1(target: Target) -> None:
    """close codes 4400 4401 4406 4408 (5 s) 4409 4429; reasons ≤ 123 bytes; never 1006"""
    for text in NO_MESSAGES:
        async with target.socket() as client:
            await client.raw.send(text)
            await _closes(client, 4400)
    async with target.socket(init=False) as client:
        await client.send(SUBSCRIBE)
        await _closes(client, 4401)
    for other in (["graphql-ws"], None):
        async with target.socket(init=False, subprotocols=other) as client:
            await _closes(client, 4406)
    async with target.socket() as client:
        for _ in range(2):
            await client.send({**SUBSCRIBE, "id": "🚦" * 200})
        await _closes_after_all(client, 4409)
    async with target.socket() as client:
        await client.send({"type": "connection_init"})
        await _closes(client, 4429)
    async with target.socket() as client:
        await client.raw.send(b"\xff\xfe", text=True)
        await _closes(client, 1007)
    began = time.monotonic()
    async with target.socket(init=False) as client, asyncio.timeout(8):
        await client.raw.wait_closed()
        await _closes(client, 4408)
    assert 4.5 < time.monotonic() - began < 6


async def w2(target: Target) -> None:
    """connection_init with payload null; ids are non-empty strings; wrong variables are 4400"""
    async with target.socket(init=False) as client:
        await client.send({"type": "connection_init", "payload": None})
        assert await client.receive() == {"type": "connection_ack"}
    for bad in BAD_SUBSCRIBES:
        async with target.socket() as client:
            await client.send({**SUBSCRIBE, **bad})
            await _closes(client, 4400)


async def w3(target: Target) -> None:
    """a syntax error or an unknown operationName is an error of that id; siblings live on"""
    async with target.socket() as client:
        await client.send(SUBSCRIBE)
        await client.next()
        for query, name in (
            ("{", None),
            ("{ nothing }", None),
            ("query A { clusters { name } }", "B"),
            ("{" * 900, None),
        ):
            await client.send({"type": "subscribe", "id": "2", "payload": {"query": query, "operationName": name}})
            assert (await _of_the_second(client))["type"] == "error"
        await client.subscribe("{ clusters { name } }", id_="2")
        assert (await _of_the_second(client))["type"] == "next"
        assert await _of_the_second(client) == {"id": "2", "type": "complete"}


async def _of_the_second(client: Client) -> dict[str, Any]:
    """What comes for it; its sibling may speak meanwhile."""
    message: dict[str, Any] = await client.receive()
    while message["id"] == "1":
        message = await client.receive()
    return message


async def w4(target: Target) -> None:
    """a resolver that raises, at the start or mid-stream, ends that id with an error; the socket lives on"""
    async with target.socket() as client:
        await client.subscribe('subscription { actionProgress(id: "x") { state } }', id_="1")
        assert await client.error() == "NOT_FOUND"
        if target.apis is not None:
            await client.subscribe(TRANSITIONS, id_="2")
            await client.next()
            await target.apis.written.transitions(MANY)
            while (message := await client.receive())["type"] == "next":
                pass
            assert (message["id"], message["type"]) == ("2", "error"), message
            assert message["payload"][0]["extensions"]["code"] == "OVERFLOW"
        await client.subscribe("{ clusters { name } }", id_="2")
        await client.next()


async def w5(target: Target) -> None:
    """a foreign and a null Origin are refused with 403 before the websocket is accepted; our own is welcome"""
    for origin in ("https://evil.example", "null", "", f"https://{target.host}.evil.example", "http://["):
        with pytest.raises(InvalidStatus) as refused:
            async with target.socket(origin=origin):
                pass
        assert refused.value.response.status_code == 403
    async with target.socket(origin=f"http://{target.host}:{target.port}"):
        pass


async def w6(target: Target) -> None:
    """generators are closed on complete, and when the client is gone"""
    gauge = 'statusgraph_subscriptions{field="operatorLog"}'
    before = await target.metric(gauge)

    async def all_closed() -> bool:
        return await target.metric(gauge) == before

    async with target.socket() as client:
        for id_ in "12":
            await client.subscribe(LOG, id_=id_)
            await client.next()
        assert await target.metric(gauge) == before + 2
        for id_ in "12":
            await client.send({"type": "complete", "id": id_})
        await until(all_closed, "a completed generator was not closed", 2)
        await client.subscribe(LOG)
        await client.next()
        client.raw.transport.abort()
    await until(all_closed, "the generator of a lost client was not closed", 2)


async def w7(target: Target) -> None:
    """a client that stops reading is dropped within 30 s, and the kernel holds nothing of it either"""
    assert target.apis is not None
    stalled = await asyncio.to_thread(target.stalling, CHANGES)
    began = time.monotonic()
    try:
        while served(target.port, stalled) and time.monotonic() - began < DROPPED:
            await target.apis.written.transitions(20)
            await asyncio.sleep(0.02)
        assert not served(target.port, stalled), f"it is still there after {time.monotonic() - began:.0f} s"
    finally:
        stalled.close()


def served(port: int, client: socket.socket) -> bool:
    """Whether this machine's kernel still has the server's side of a connection, with what was not sent."""
    ends = f":{port:04X}", f":{client.getsockname()[1]:04X}"
    for line in Path("/proc/net/tcp").read_text().splitlines():
        _, local, remote, state, *_ = line.split()
        if local.endswith(ends[0]) and remote.endswith(ends[1]):
            return state != TIME_WAIT
    return False


async def w9(target: Target) -> None:
    """≤ 20 operations a socket, ≤ 64 KiB a message, and so many sockets a process as the settings say (4429)"""
    async with target.socket() as client:
        for number in range(20):
            await client.subscribe(FRESHNESS, id_=str(number))
            await client.next()
        await client.subscribe(FRESHNESS, id_="more")
        assert await client.error("more") == "TOO_MANY_OPERATIONS"
    async with target.socket() as client:
        await client.raw.send(json.dumps({"type": "ping", "payload": {"x": "x" * 65_000}}))
        assert (await client.receive())["type"] == "pong"
        await client.raw.send("x" * 65_537)
        await _closes(client, 1009)
    async with target.socket() as client:  # in pieces, it is as big
        await client.raw.send("x" * 40_000 for _ in range(2))
        await _closes(client, 1009)
    if target.apis is not None:
        async with AsyncExitStack() as stack:
            for _ in range(MOST_SOCKETS):
                await stack.enter_async_context(target.socket())
            async with target.socket(init=False) as client:
                await _closes(client, 4429)
