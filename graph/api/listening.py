"""Listening to the hub for as long as a subscription lasts."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

from graphql import GraphQLError

from graph.api.context import Context
from graph.api.errors import Code, refused
from graph.store.hub import Item

LOADING = 5.0
"""Seconds that a resumed subscription waits at most for a process that has just begun."""


async def loaded(context: Context) -> None:
    """Returns when all clusters are loaded: until then a good cursor of another process would name an unknown one."""
    with suppress(TimeoutError):
        async with asyncio.timeout(LOADING), listening(context) as items:
            while context.catalog.loading:
                await anext(items)


def unknown(context: Context, what: str) -> GraphQLError:
    """Of what is not found; or may not be loaded yet, although that was waited for."""
    if context.catalog.loading:
        return refused(Code.UNAVAILABLE, "not all clusters are loaded yet; try again")
    return refused(Code.NOT_FOUND, f"there is no such {what}")


@asynccontextmanager
async def listening(context: Context) -> AsyncIterator[AsyncIterator[Item]]:
    """What is published from now on. What is read before the next ``await`` has no gap to it."""
    subscriber = context.catalog.hub.subscribe()
    try:
        yield aiter(subscriber)
    finally:
        context.catalog.hub.leave(subscriber)


class Woken:
    """Waits for what a task beside it was given."""

    def __init__(self, giving: asyncio.Task[None], event: asyncio.Event) -> None:
        self._giving, self._event = giving, event

    async def wait(self) -> None:
        """Returns when something was taken since the last time; raises what ended the giving."""
        await self._event.wait()
        self._event.clear()
        if self._giving.done():
            self._giving.result()


@asynccontextmanager
async def taking(context: Context, take: Callable[[Item], bool]) -> AsyncIterator[Woken]:
    """Hands everything to ``take`` as soon as it is published, so that a slow client never fills the subscriber's
    queue; whoever waits is woken when that returns True.
    """
    event = asyncio.Event()

    async def give(items: AsyncIterator[Item]) -> None:
        try:
            async for item in items:
                if take(item):
                    event.set()
        finally:
            event.set()

    async with listening(context) as items:
        task = asyncio.create_task(give(items))
        try:
            yield Woken(task, event)
        finally:
            task.cancel()
            await asyncio.wait([task])
