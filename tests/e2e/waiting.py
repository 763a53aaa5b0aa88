"""Waiting for what nobody tells: asked again and again until it holds."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

POLL = 0.1


async def eventually(holds: Callable[[], Awaitable[bool]], within: float = 30.0) -> None:
    """Raises TimeoutError when it does not come to hold."""
    async with asyncio.timeout(within):
        while True:
            if await holds():
                return
            await asyncio.sleep(POLL)
