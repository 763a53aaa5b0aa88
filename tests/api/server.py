"""The real application on a real port, and clients of it: HTTP by the standard library, websocket by ``websockets``."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from typing import Any

import websockets
from starlette.types import ASGIApp, Receive, Scope, Send
from websockets.asyncio.client import ClientConnection

from graph.api import http
from graph.api.schema import build
from graph.app.server import Server
from graph.kinds import KINDS
from tests.api.world import World

SCHEMA = build(KINDS)
WAIT = 5.0


async def until(holds: Callable[[], bool]) -> None:
    """Lets the server work until something holds."""
    async with asyncio.timeout(WAIT):
        while not holds():  # noqa: ASYNC110 # what it waits for is other people's state
            await asyncio.sleep(0.001)


@dataclass(frozen=True)
class Answer:
    """Of HTTP."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The decoded body."""
        return json.loads(self.body)

    @property
    def data(self) -> Any:
        """Of an answer without errors."""
        assert "errors" not in self.json, self.json
        return self.json["data"]

    @property
    def codes(self) -> list[str]:
        """Of its errors."""
        return [error["extensions"]["code"] for error in self.json["errors"]]


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


class Served:
    """A world that is served."""

    def __init__(self, world: World, port: int) -> None:
        self.world = world
        self.port = port
        self.unready: str | None = None

    async def query(self, document: str, **variables: Any) -> Answer:
        """POST as a client does."""
        return await self.post({"query": document, "variables": variables})

    async def post(self, given: object, **headers: str) -> Answer:
        """Any JSON; with ``accept=…`` and the like."""
        return await self.request(
            "POST", "/graphql", json.dumps(given), {"content-type": "application/json", **headers}
        )

    async def request(
        self, method: str, path: str, body: str | bytes | None = None, headers: dict[str, str] | None = None
    ) -> Answer:
        """Any request."""
        return await asyncio.to_thread(self._request, method, path, body, headers or {})

    def _request(self, method: str, path: str, body: str | bytes | None, headers: dict[str, str]) -> Answer:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=WAIT)
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            return Answer(answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read())
        finally:
            connection.close()

    @asynccontextmanager
    async def socket(self, *, init: bool = True, **options: Any) -> AsyncIterator[Client]:
        """A websocket that was acknowledged, unless ``init`` is off."""
        subprotocols = options.pop("subprotocols", ["graphql-transport-ws"])
        async with websockets.connect(
            f"ws://127.0.0.1:{self.port}/graphql", subprotocols=subprotocols, **options
        ) as raw:
            client = Client(raw)
            if init:
                await client.send({"type": "connection_init"})
                assert await client.receive() == {"type": "connection_ack"}
            yield client


class Client:
    """Speaks graphql-transport-ws."""

    def __init__(self, raw: ClientConnection) -> None:
        self.raw = raw

    async def send(self, message: object) -> None:
        """Any message."""
        await self.raw.send(json.dumps(message))

    async def receive(self) -> Any:
        """The next message."""
        async with asyncio.timeout(WAIT):
            return json.loads(await self.raw.recv())

    async def subscribe(self, document: str, *, id_: str = "1", **variables: Any) -> None:
        """Starts an operation."""
        await self.send({"type": "subscribe", "id": id_, "payload": {"query": document, "variables": variables}})

    async def next(self) -> Any:
        """The data of the next item, of a subscription of one field."""
        message = await self.receive()
        assert message["type"] == "next", message
        assert "errors" not in message["payload"], message
        (value,) = message["payload"]["data"].values()
        return value

    async def error(self, of: str | None = None) -> str:
        """The code of the error by which an operation ends; of one, whatever others are told meanwhile."""
        message = await self.receive()
        while of is not None and message["id"] != of:
            message = await self.receive()
        assert message["type"] == "error", message
        return str(message["payload"][0]["extensions"]["code"])

    async def closed(self) -> tuple[int, str]:
        """The server's close code and reason."""
        async with asyncio.timeout(WAIT):
            await self.raw.wait_closed()
        assert self.raw.close_code is not None
        return self.raw.close_code, self.raw.close_reason or ""


class Host:
    """One server for all tests; each puts its own application there."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.app: ASGIApp | None = None
        self.server: Server | None = None

    def serve(self, world: World, **options: Any) -> Served:
        """Serves a world from now on. ``options``: of ``http.create``."""
        served = Served(world, self.port)
        self.app = http.create(SCHEMA, world.context, ready=lambda: served.unready, **options)
        return served

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        assert self.app is not None, "a test serves first"
        await self.app(scope, receive, send)


@asynccontextmanager
async def hosting(*, trusted_proxies: tuple[str, ...] = ()) -> AsyncIterator[Host]:
    """A server on a free port."""
    host = Host(0)
    server = Server(host, host="127.0.0.1", port=0, trusted_proxies=trusted_proxies)
    host.server = server
    task = asyncio.create_task(server.serve(sockets=[server.bind()]))
    await until(lambda: server.started)
    host.port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield host
    finally:
        server.should_exit = True
        await task


async def told(client: Client, number: int) -> list[str]:
    """The names of the objects of the next transitions."""
    return [(await client.next())["object"]["name"] for _ in range(number)]
