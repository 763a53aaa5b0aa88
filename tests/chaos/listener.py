"""A client of ``statusTransitions`` that keeps a ledger of what it got, and comes back with its cursor."""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

import msgspec
import websockets

from graph.model import instant

DOCUMENT = """subscription ($after: Cursor) { statusTransitions(after: $after) {
... on StreamStart { cursor } ... on StreamReset { cursor reset: reason }
... on StatusTransition { cursor object { name } to { reason since } } } }"""


class Listener:
    """Transitions are numbered, as ``tests.apis`` writes them. ``ports``: of the servers, any of which will do."""

    def __init__(self, ports: Callable[[], Sequence[int]], *, wait: float = 0.0) -> None:
        self._ports = ports
        self._wait = wait
        self._cursor: str | None = None
        self._cursors: set[str] = set()
        self._last: dict[str, int] = {}
        self.duplicates = 0
        self.resets = 0
        self.problems: list[str] = []
        self.connected: list[float] = []
        """When it was acknowledged."""
        self.closed: list[tuple[float, int]] = []
        """When a connection ended, and its code."""
        self.lags: list[float] = []
        """Seconds from a status to its arrival."""

    def __len__(self) -> int:
        """How many transitions it has."""
        return sum(self._last.values())

    @property
    def listening(self) -> bool:
        """Whether it has begun to."""
        return self._cursor is not None

    async def run(self) -> None:
        """Until it is cancelled."""
        while True:
            with suppress(OSError, websockets.WebSocketException, TimeoutError):
                await self._listen(random.choice(self._ports()))
            await asyncio.sleep(self._wait * random.random())

    async def _listen(self, port: int) -> None:
        url, protocol = f"ws://127.0.0.1:{port}/graphql", websockets.Subprotocol("graphql-transport-ws")
        async with websockets.connect(url, subprotocols=[protocol], compression=None, open_timeout=5) as socket:
            await socket.send('{"type":"connection_init"}')
            await socket.recv()
            self.connected.append(time.monotonic())
            payload = {"query": DOCUMENT, "variables": {"after": self._cursor}}
            await socket.send(json.dumps({"id": "1", "type": "subscribe", "payload": payload}))
            try:
                async for text in socket:
                    self._take(msgspec.json.decode(text))
            finally:
                self.closed.append((time.monotonic(), socket.close_code or 0))

    def _take(self, message: dict[str, Any]) -> None:
        if message["type"] != "next":
            self.problems.append(f"told {message}")
            return
        item = message["payload"]["data"]["statusTransitions"]
        known = item["cursor"] in self._cursors
        self._cursor = item["cursor"]
        if "reset" in item:
            self.resets += 1
        elif "object" in item and known:
            self.duplicates += 1
        elif "object" in item:
            self._note(item)

    def _note(self, item: dict[str, Any]) -> None:
        name, number = item["object"]["name"], int(item["to"]["reason"].removeprefix("N"))
        before = self._last.get(name, 0)
        if number != before + 1:
            self.problems.append(f"{name} {number} after {before}")
        self._cursors.add(item["cursor"])
        self._last[name] = number
        self.lags.append(time.time() - (instant.parse(item["to"]["since"]) or 0.0))
