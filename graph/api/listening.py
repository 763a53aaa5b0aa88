"""Listening to the hub for as long as a subscription lasts."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from graph.api.context import Context
from graph.store.hub import Item


@asynccontextmanager
async def listening(context: Context) -> AsyncIterator[AsyncIterator[Item]]:
    """What is published from now on. What is read before the next ``await`` has no gap to it."""
    subscriber = context.catalog.hub.subscribe()
    try:
        yield aiter(subscriber)
    finally:
        context.catalog.hub.leave(subscriber)
