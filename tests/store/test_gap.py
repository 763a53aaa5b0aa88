"""Who was away for longer than Redis remembers is told so, and what is still known, by a subscription that goes on."""

from __future__ import annotations

import contextlib
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
import websockets

from graph.api import http
from graph.api.context import Context
from graph.kinds import KINDS
from graph.model import instant
from graph.model.action import LogEntry, LogLevel
from graph.model.ref import ObjectRef
from graph.model.resource import ChangeType, FreshnessState, LogChange, ResourceChange, Transition
from graph.store.catalog import Catalog
from graph.store.codec import Codec, decode_cursor, encode_cursor
from graph.store.connection import Server
from graph.store.desk import RedisDesk
from graph.store.follower import Follower
from graph.store.hub import Delivery, Hub, Reset
from graph.store.reader import RedisReader
from graph.store.replica import Replica
from graph.store.writer import Kept, RedisWriter
from tests.api.server import SCHEMA, Client, hosting
from tests.apis import service
from tests.servers import RedisServer
from tests.store.scripted import followed, until

CLUSTER = "one"
KEPT = Kept(changes=100, transitions=200, log=100, actions=10)
TRANSITIONS = """
subscription($after: Cursor) { statusTransitions(after: $after) {
  __typename
  ... on StreamStart { cursor } ... on StreamReset { cursor reason } ... on StatusTransition { cursor to { reason } }
} }"""


class Away:
    """A cluster that is written, and an api that follows it now and then."""

    def __init__(self, redis: RedisServer) -> None:
        self.servers = Server(redis.url), Server(redis.url)
        codec = Codec(KINDS)
        self.writer = RedisWriter(self.servers[0], CLUSTER, codec, KEPT)
        self.replica = Replica(CLUSTER, KINDS, keep_transitions=10_000, keep_log=10_000, keep_actions=10)
        catalog = Catalog(Hub(100_000))
        self.follower = Follower(self.replica, RedisReader(*self.servers, codec), catalog.hub, time.monotonic)
        catalog.add(self.follower)
        self.context = Context(catalog, RedisDesk(*self.servers, codec), False, time.time)
        self._number = 0

    async def begin(self) -> None:
        await self.servers[0].command("FLUSHALL")
        self.pen = await self.writer.fill(await self.writer.claim(1), [service(0)])
        await self.writer.beat(self.pen, FreshnessState.LIVE, None)

    async def write(self, transitions: int) -> None:
        """So many, and as many lines of the log: of these Redis forgets more."""
        for _ in range(transitions):
            self._number += 1
            one = service(0, f"N{self._number}")
            at = instant.show(0)
            told = Transition(one.ref, one.key, one.key, None, one.status, at, at, at, False)
            entry = LogEntry(f"l{self._number}", at, LogLevel.INFO, CLUSTER, ObjectRef("Lamp", "a"), None, "hello")
            change = ResourceChange(ChangeType.MODIFIED, one.key, one, told)
            self.pen = await self.writer.write(self.pen, [change, LogChange(entry)])

    async def caught_up(self) -> None:
        await until(lambda: self.replica.cursor is not None and self.replica.cursor.seq == self.pen.seq)


@pytest.fixture
async def away(redis_server: RedisServer) -> AsyncIterator[Away]:
    made = Away(redis_server)
    await made.begin()
    yield made
    for server in made.servers:
        await server.close()


@contextlib.asynccontextmanager
async def client(context: Context) -> AsyncIterator[Client]:
    async with hosting() as host:
        host.app = http.create(SCHEMA, context, ready=lambda: None)
        async with websockets.connect(
            f"ws://127.0.0.1:{host.port}/graphql", subprotocols=[websockets.Subprotocol("graphql-transport-ws")]
        ) as raw:
            one = Client(raw)
            await one.send({"type": "connection_init"})
            assert await one.receive() == {"type": "connection_ack"}
            yield one


async def last(client: Client, reason: str) -> list[dict[str, Any]]:
    """All items up to the transition to this."""
    items: list[dict[str, Any]] = []
    while not items or items[-1].get("to") != {"reason": reason}:
        items.append(await client.next())
    return items


async def test_a_live_subscription_is_told_of_what_was_trimmed_before_its_api_came_back(away: Away) -> None:
    async with client(away.context) as one:
        async with followed(away.follower):
            await away.caught_up()
            await one.subscribe(TRANSITIONS)
            assert (await one.next())["__typename"] == "StreamStart"
            await away.write(1)
            await last(one, "N1")
        await away.write(1000)
        async with followed(away.follower):
            await away.caught_up()
            items = await last(one, "N1001")
            await away.write(1)
            items += await last(one, "N1002")
    resets = [item for item in items if item["__typename"] == "StreamReset"]
    assert [reset["reason"] for reset in resets] == ["CURSOR_EXPIRED"]
    seqs = [decode_cursor(item["cursor"])[CLUSTER].seq for item in items]
    assert seqs == sorted(seqs)
    behind = [item["to"]["reason"] for item in items[items.index(resets[0]) + 1 :]]
    assert behind == [f"N{number}" for number in range(1003 - len(behind), 1003)]
    assert len(behind) > 10


async def test_a_position_that_is_told_with_the_gap_is_one_to_go_on_from(away: Away) -> None:
    async with followed(away.follower):
        await away.caught_up()
    subscriber = away.context.catalog.hub.subscribe()
    await away.write(1000)
    async with followed(away.follower):
        await away.caught_up()
        (position,) = {item.cursor for item in subscriber.waiting if isinstance(item, Reset)}
        async with client(away.context) as one:
            await one.subscribe(TRANSITIONS, after=encode_cursor([position]))
            items = await last(one, "N1000")
    assert {item["__typename"] for item in items} == {"StatusTransition"}


async def test_who_was_away_for_less_is_told_everything_and_of_no_gap(away: Away) -> None:
    async with followed(away.follower):
        await away.caught_up()
    subscriber = away.context.catalog.hub.subscribe()
    await away.write(90)
    await away.servers[0].command("XTRIM", f"statusgraph:{{{CLUSTER}}}:changes", "MAXLEN", 1)
    async with followed(away.follower):
        await away.caught_up()
    assert not any(isinstance(item, Reset) for item in subscriber.waiting)
    assert len([item for item in subscriber.waiting if isinstance(item, Delivery)]) >= 180
