"""Shutting down without a stampede: open websockets are closed one after the other, so that clients come back spread
over time.
"""

from __future__ import annotations

import asyncio
from typing import Protocol

SERVICE_RESTART = 1012
GRACE = 5.0
"""Seconds for the last close handshakes, after which a stalled client is left to the server's own end."""


class Closable(Protocol):
    """An open websocket."""

    async def close(self, code: int, reason: str) -> None: ...


class Drain:
    """The open websockets, and whether new ones are still welcome."""

    def __init__(self) -> None:
        self.draining = False
        self._open: set[Closable] = set()

    def __len__(self) -> int:
        return len(self._open)

    def enter(self, socket: Closable) -> None:
        """A websocket was accepted."""
        self._open.add(socket)

    def leave(self, socket: Closable) -> None:
        """It is gone."""
        self._open.discard(socket)

    async def __call__(self, seconds: float) -> None:
        """Refuses new websockets, and closes the open ones with 1012, spread over ``seconds``."""
        self.draining = True
        sockets = tuple(self._open)
        closing = []
        for socket in sockets:
            closing.append(asyncio.create_task(socket.close(SERVICE_RESTART, "the server restarts; connect again")))
            await asyncio.sleep(seconds / len(sockets))
        if closing:
            _, stalled = await asyncio.wait(closing, timeout=GRACE)
            for task in stalled:
                task.cancel()
