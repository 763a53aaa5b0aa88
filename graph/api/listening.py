"""Listening to the hub for as long as a subscription lasts."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from graph.api.context import Context
from graph.store.hub import Item

LOADING = 5.0
"""Seconds that a resumed subscription waits at most for a process that has just begun."""


async def loaded(context: Context) -> None:
    """Returns when all clusters are loaded: until then a good cursor of another process would name an unknown one."""
    with suppress(TimeoutError):
        async with asyncio.timeout(LOADING), listening(context) as items:
            while context.catalog.loading:
                await anext(items)


@asynccontextmanager
async def listening(context: Context) -> AsyncIterator[AsyncIterator[Item]]:
    """What is published from now on. What is read before the next ``await`` has no gap to it."""
    subscriber = context.catalog.hub.subscribe()
    try:
        yield aiter(subscriber)
    finally:
        context.catalog.hub.leave(subscriber)
