"""Server-sent events, one operation a connection: what is told, when it ends, and that nothing of it stays."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlencode

import msgspec
import pytest

from graph.api import sse
from graph.api.drain import Drain
from graph.config import Limits
from graph.model.resource import FreshnessState, Transition
from graph.model.status import State
from tests.api.server import WAIT, Host, Served, until
from tests.api.world import World, key, status, transition

FRESHNESS = "subscription { freshness { state } }"
TRANSITIONS = "subscription { statusTransitions { ... on StatusTransition { to { message } } } }"
EVENTS = "text/event-stream"


def said(message: str) -> Transition:
    """One whose message is this."""
    after = msgspec.structs.replace(status(State.FAILED, "Failed"), message=message)
    return msgspec.structs.replace(transition(key("POD", "web-1"), State.HEALTHY, State.FAILED), after=after)


class Stream:
    """What is read of one."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer
        self.status = 0
        self.headers: dict[str, str] = {}

    async def open(self) -> None:
        """The head."""
        head = (await self.reader.readuntil(b"\r\n\r\n")).decode().splitlines()
        self.status = int(head[0].split()[1])
        self.headers = dict(line.lower().split(": ", 1) for line in head[1:] if line)

    async def event(self) -> tuple[str, Any]:
        """The next one that is no comment."""
        while True:
            lines = (await self.text()).split("\n")
            if lines[0] != ":":
                fields = dict(line.split(":", 1) for line in lines)
                return fields["event"].strip(), json.loads(fields["data"]) if fields["data"] else None

    async def text(self) -> str:
        """Of the next chunk, which holds one event; EOFError at the end."""
        async with asyncio.timeout(WAIT):
            size = int(await self.reader.readuntil(b"\r\n"), 16)
            chunk = await self.reader.readexactly(size + 2)
        if not size:
            raise EOFError
        assert chunk.endswith(b"\n\n\r\n")
        return chunk[:-4].decode()

    async def ended(self) -> None:
        """Returns when nothing follows but comments."""
        with pytest.raises(EOFError):
            await self.event()


@asynccontextmanager
async def stream(
    served: Served, document: str, *, method: str = "POST", accept: str = EVENTS, host: str = "x", **headers: str
) -> AsyncIterator[Stream]:
    """An operation that is asked for."""
    reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
    body = json.dumps({"query": document}).encode() if method == "POST" else b""
    path = "/graphql" if method == "POST" else f"/graphql?{urlencode({'query': document})}"
    given = {"Host": host, "Accept": accept, "Content-Type": "application/json", "Content-Length": len(body), **headers}
    lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in given.items()), "", ""]
    writer.write("\r\n".join(lines).encode() + body)
    found = Stream(reader, writer)
    try:
        async with asyncio.timeout(WAIT):
            await found.open()
        yield found
    finally:
        writer.close()


@pytest.mark.parametrize("method", ["POST", "GET"])
async def test_a_subscription_is_told_as_events(served: Served, world: World, method: str) -> None:
    async with stream(served, FRESHNESS, method=method) as told:
        assert told.status == 200
        assert told.headers["content-type"] == "text/event-stream; charset=utf-8"
        assert told.headers["cache-control"] == "no-store"
        assert "content-encoding" not in told.headers
        assert await told.event() == ("next", {"data": {"freshness": {"state": "LIVE"}}})
        world.fresh(FreshnessState.STALE)
        assert await told.event() == ("next", {"data": {"freshness": {"state": "STALE"}}})


async def test_an_event_is_one_line_whatever_is_in_it(served: Served, world: World) -> None:
    async with stream(served, TRANSITIONS) as told:
        await told.event()
        world.tell(said("A\n\rB\u2028\n\nevent: complete"))
        _, answer = await told.event()
    assert answer["data"]["statusTransitions"]["to"]["message"] == "A\n\rB\u2028\n\nevent: complete"


async def test_a_query_is_told_too_where_nothing_else_is_accepted(served: Served) -> None:
    async with stream(served, "{ clusters { name } }") as told:
        assert await told.event() == ("next", {"data": {"clusters": [{"name": "one"}]}})
        assert await told.event() == ("complete", None)
        await told.ended()


async def test_a_client_that_takes_json_too_gets_events_for_subscriptions_alone(served: Served) -> None:
    both = f"application/graphql-response+json, application/json, {EVENTS}, multipart/mixed"
    answer = await served.post({"query": "{ clusters { name } }"}, accept=both)
    assert answer.headers["content-type"].startswith("application/graphql-response+json")
    async with stream(served, FRESHNESS, accept=both) as told:
        assert (await told.event())[0] == "next"


@pytest.mark.parametrize(
    ("document", "code"),
    [
        ("{", "GRAPHQL_PARSE_FAILED"),
        ("{ nothing }", "GRAPHQL_VALIDATION_FAILED"),
        ('subscription { freshness(cluster: "other") { state } }', "NOT_FOUND"),
    ],
)
async def test_what_is_refused_is_told_as_an_event_that_ends_it(served: Served, document: str, code: str) -> None:
    async with stream(served, document) as told:
        name, answer = await told.event()
        assert (name, "data" in answer, answer["errors"][0]["extensions"]["code"]) == ("next", False, code)
        assert await told.event() == ("complete", None)
        await told.ended()


async def test_limits_are_the_same(host: Host, world: World) -> None:
    async with stream(host.serve(world, limits=Limits(depth=1)), FRESHNESS) as told:
        _, answer = await told.event()
    assert answer["errors"][0]["extensions"]["code"] == "TOO_DEEP"


async def test_what_is_no_request_is_answered_without_events(served: Served) -> None:
    answer = await served.request("POST", "/graphql", "[", {"accept": EVENTS, "content-type": "application/json"})
    assert (answer.status, answer.codes) == (400, ["BAD_REQUEST"])
    mutation = 'mutation { stopCronjob(input: {id: "x"}) { result { __typename } } }'
    async with stream(served, mutation, method="GET") as told:
        assert (told.status, told.headers["allow"]) == (405, "post")


async def test_silence_is_broken_by_comments(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sse, "HEARTBEAT", 0.01)
    async with stream(served, FRESHNESS) as told:
        assert [text for text in [await told.text() for _ in range(4)] if text == ":"] == [":"] * 3


async def test_a_client_that_leaves_leaves_nothing(served: Served, world: World) -> None:
    tasks = len(asyncio.all_tasks())
    async with stream(served, FRESHNESS) as told:
        await told.event()
        assert (len(world.context.drain), len(world.hub)) == (1, 1)
    async with asyncio.timeout(1):
        await until(lambda: len(world.context.drain) == len(world.hub) == 0)
    await until(lambda: len(asyncio.all_tasks()) <= tasks)


async def test_a_client_that_does_not_read_is_dropped(
    served: Served, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sse, "SEND_WAIT", 0.2)
    monkeypatch.setattr(sse, "CLOSE_WAIT", 0.1)
    async with stream(served, TRANSITIONS) as told:
        await told.event()
        told.writer.transport.pause_reading()  # type: ignore[attr-defined] # a socket's transport has it

        def dropped() -> bool:
            world.tell(said("x" * 100_000))
            return len(world.context.drain) == 0

        await until(dropped)
    assert len(world.hub) == 0


async def test_a_drain_ends_streams_without_complete_and_takes_no_new_ones(served: Served, world: World) -> None:
    async with stream(served, FRESHNESS) as told:
        await told.event()
        await world.context.drain(0)
        await told.ended()
    await until(lambda: len(world.context.drain) == 0)
    async with stream(served, FRESHNESS) as told:
        assert (told.status, told.headers["retry-after"]) == (503, "5")


async def test_streams_are_counted_with_the_sockets(host: Host) -> None:
    world = World()
    world.load()
    object.__setattr__(world.context, "drain", Drain(limit=2))
    served = host.serve(world)
    async with served.socket(), stream(served, FRESHNESS) as first, stream(served, FRESHNESS) as second:
        assert (first.status, second.status) == (200, 503)
        page = (await served.request("GET", "/metrics")).body.decode().splitlines()
        assert "statusgraph_event_streams 1.0" in page
