"""GraphQL clients as browsers have them: queries over HTTP, subscriptions over graphql-transport-ws."""

from __future__ import annotations

import asyncio
import json
import urllib.request
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any

import websockets

TRANSITIONS = """
subscription ($after: Cursor, $filter: TransitionFilter) {
  statusTransitions(after: $after, filter: $filter) {
    __typename
    ... on StreamStart { cursor }
    ... on StreamReset { cursor reset: reason }
    ... on StatusTransition {
      cursor at observedAt recordedAt inferred
      object { kind namespace name uid }
      service { name }
      from { state reason }
      to { state reason message hint because { object { kind name container } reason message evidence } }
    }
  }
}
"""


async def query(port: int, document: str, variables: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The data; AssertionError with the errors where there are any."""

    def post() -> dict[str, Any]:
        body = json.dumps({"query": document, "variables": variables or {}}).encode()
        headers = {"content-type": "application/json"}
        request = urllib.request.Request(f"http://127.0.0.1:{port}/graphql", body, headers)
        with urllib.request.urlopen(request, timeout=10) as answer:
            result: dict[str, Any] = json.load(answer)
            return result

    answer = await asyncio.to_thread(post)
    assert "errors" not in answer, answer["errors"]
    data: dict[str, Any] = answer["data"]
    return data


@asynccontextmanager
async def subscription(port: int, document: str, variables: Mapping[str, Any]) -> AsyncIterator[AsyncIterator[Any]]:
    """The payloads of one subscription over a socket of its own."""
    url = f"ws://127.0.0.1:{port}/graphql"
    async with websockets.connect(url, subprotocols=[websockets.Subprotocol("graphql-transport-ws")]) as socket:
        await socket.send('{"type":"connection_init"}')
        assert json.loads(await socket.recv())["type"] == "connection_ack"
        payload = {"query": document, "variables": dict(variables)}
        await socket.send(json.dumps({"id": "1", "type": "subscribe", "payload": payload}))
        yield _payloads(socket)


async def _payloads(socket: websockets.ClientConnection) -> AsyncIterator[Any]:
    async for frame in socket:
        message = json.loads(frame)
        if message["type"] == "next":
            yield message["payload"]
        elif message["type"] == "error":
            raise AssertionError(message["payload"])
        elif message["type"] == "complete":
            return
        elif message["type"] == "ping":
            await socket.send('{"type":"pong"}')


class Ledger:
    """What a client got of ``statusTransitions``, in order; it connects again and resumes after each loss."""

    def __init__(self, port: int, **filter_: Any) -> None:
        self._port = port
        self._filter = filter_
        self._cursor: str | None = None
        self._changed = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self.items: list[dict[str, Any]] = []
        self.starts = 0

    async def __aenter__(self) -> Ledger:
        self._task = asyncio.create_task(self._run())
        await self.until(lambda: self._cursor is not None)
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._task is not None
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    @property
    def transitions(self) -> list[dict[str, Any]]:
        """Without duplicates, by cursor."""
        found = [item for item in self.items if item["__typename"] == "StatusTransition"]
        return list({item["cursor"]: item for item in found}.values())

    @property
    def resets(self) -> list[str]:
        """The reasons of the resets."""
        return [item["reset"] for item in self.items if item["__typename"] == "StreamReset"]

    def of(self, kind: str, name: str) -> list[str]:
        """``FAILED/CrashLoopBackOff`` and so on of one object (by the start of its name), ``GONE`` where it left."""
        return [
            f"{item['to']['state']}/{item['to']['reason']}" if item["to"] else "GONE"
            for item in self.transitions
            if item["object"]["kind"] == kind and item["object"]["name"].startswith(name)
        ]

    async def until(self, condition: Callable[[], bool], within: float = 30.0) -> None:
        """Waits for a condition on what was received."""
        async with asyncio.timeout(within):
            while not condition():
                self._changed.clear()
                await self._changed.wait()

    async def _run(self) -> None:
        while True:
            with suppress(OSError, websockets.WebSocketException):
                await self._follow()
            await asyncio.sleep(0.1)

    async def _follow(self) -> None:
        variables = {"after": self._cursor, "filter": self._filter or None}
        async with subscription(self._port, TRANSITIONS, variables) as payloads:
            self.starts += 1
            self._changed.set()
            async for payload in payloads:
                item = payload["data"]["statusTransitions"]
                self._cursor = item["cursor"]
                self.items.append(item)
                self._changed.set()
