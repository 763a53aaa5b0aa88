"""The open websockets of this process: how many there may be, and how they are closed without a stampede, one after
the other, so that clients come back spread over time.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Protocol

SERVICE_RESTART = 1012
NOTICE = 0.3
"""Part of the time of a drain that passes between being unready and the first close: until nobody is sent here."""
GRACE = 5.0
"""Seconds for the last close frames, after which a stalled client is left to the server's own end."""


class Closable(Protocol):
    """An open connection."""

    async def close(self, code: int, reason: str) -> None: ...


class Drain:
    """``limit``: of all connections; ``per_peer``: of one address."""

    def __init__(self, *, limit: int = 5_000, per_peer: int = 2_000) -> None:
        self._limit = limit
        self._per_peer = per_peer
        self._open: dict[Closable, str] = {}
        self._peers: Counter[str] = Counter()
        self.draining = False
        """Whether this process is unready."""
        self.closing = False
        """Whether no new connection is welcome any more."""

    def __len__(self) -> int:
        return len(self._open)

    def full(self, peer: str) -> str | None:
        """Why there is no room for one more connection; None when there is."""
        if len(self._open) >= self._limit:
            return "too many connections to this server"
        if peer and self._peers[peer] >= self._per_peer:
            return "too many connections from this address"
        return None

    def enter(self, connection: Closable, peer: str = "") -> None:
        """A connection was accepted. ``peer``: whose it is, empty when that is not known."""
        self._open[connection] = peer
        self._peers[peer] += 1

    def leave(self, connection: Closable) -> None:
        """It is gone."""
        peer = self._open.pop(connection)
        self._peers[peer] -= 1
        if not self._peers[peer]:
            del self._peers[peer]

    async def __call__(self, seconds: float) -> None:
        """Is unready, waits a moment, then refuses new connections and closes the open ones over ``seconds``."""
        self.draining = True
        await asyncio.sleep(seconds * NOTICE)
        self.closing = True
        connections = tuple(self._open)
        closing: list[asyncio.Task[None]] = []
        for connection in connections:
            if closing:
                await asyncio.sleep(seconds / (len(connections) - 1))
            closing.append(asyncio.create_task(connection.close(SERVICE_RESTART, "the server restarts; connect again")))
        if closing:
            _, stalled = await asyncio.wait(closing, timeout=GRACE)
            for task in stalled:
                task.cancel()
