"""The server that is looked at, and the ways to talk to it: HTTP, websockets, and bytes that no client would send."""

from __future__ import annotations

import asyncio
import json
import os
import socket as tcp
import struct
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from typing import Any

import websockets

from tests.api.server import Answer, Client
from tests.apis import Apis

WAIT = 10.0
JSON = {"content-type": "application/json"}


@dataclass(frozen=True)
class Target:
    """``apis``: the server is ours, the first of these processes; what it says can be made up."""

    host: str
    port: int
    apis: Apis | None = None

    async def request(
        self, method: str, path: str, body: str | bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """Any request."""

        def send() -> Answer:
            connection = HTTPConnection(self.host, self.port, timeout=WAIT)
            try:
                connection.request(method, path, body, dict(headers or {}))
                answer = connection.getresponse()
                return Answer(answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read())
            finally:
                connection.close()

        return await asyncio.to_thread(send)

    async def post(self, given: object, **headers: str) -> Answer:
        """A request as clients send it; with ``accept=…`` and the like."""
        return await self.request("POST", "/graphql", json.dumps(given), {**JSON, **headers})

    @asynccontextmanager
    async def socket(self, *, init: bool = True, **options: Any) -> AsyncIterator[Client]:
        """A websocket that was acknowledged, unless ``init`` is off."""
        options.setdefault("subprotocols", ["graphql-transport-ws"])
        async with websockets.connect(f"ws://{self.host}:{self.port}/graphql", **options) as raw:
            client = Client(raw)
            if init:
                await client.send({"type": "connection_init"})
                assert await client.receive() == {"type": "connection_ack"}
            yield client

    async def metric(self, name: str) -> float:
        """A line of ``/metrics``; 0 while it is not there."""
        page = (await self.request("GET", "/metrics")).body.decode()
        return next((float(line.rpartition(" ")[2]) for line in page.splitlines() if line.startswith(name)), 0.0)

    def stalling(self, document: str) -> tcp.socket:
        """A websocket with a subscription, whose client has a small buffer and reads nothing any more."""
        raw = tcp.socket()
        raw.setsockopt(tcp.SOL_SOCKET, tcp.SO_RCVBUF, 4096)
        raw.settimeout(WAIT)
        raw.connect((self.host, self.port))
        raw.sendall(
            f"GET /graphql HTTP/1.1\r\nHost: {self.host}:{self.port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n".encode()
        )
        assert raw.recv(64).startswith(b"HTTP/1.1 101")
        raw.sendall(frame(json.dumps({"type": "connection_init"})))
        subscribe = {"type": "subscribe", "id": "1", "payload": {"query": document}}
        raw.sendall(frame(json.dumps(subscribe)))
        return raw


def frame(payload: str | bytes, opcode: int = 1) -> bytes:
    """A masked frame, as clients send it."""
    data = payload.encode() if isinstance(payload, str) else payload
    size = bytes([0x80 | len(data)]) if len(data) < 126 else b"\xfe" + struct.pack("!H", len(data))
    mask = os.urandom(4)
    return bytes([0x80 | opcode]) + size + mask + bytes(byte ^ mask[at % 4] for at, byte in enumerate(data))


async def until(holds: Callable[[], Awaitable[bool]], problem: str, within: float = WAIT) -> None:
    """Looks again and again."""
    try:
        async with asyncio.timeout(within):
            while not await holds():  # noqa: ASYNC110 # a server tells no one
                await asyncio.sleep(0.05)
    except TimeoutError as error:
        raise AssertionError(f"{problem} within {within:g} s") from error
