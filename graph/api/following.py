"""``service``, ``actionProgress`` and ``freshness``: the value now, then what becomes of it. None of them is resumed:
whoever subscribes again is told the value of then.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterable
from contextlib import aclosing

from graph.api import reading
from graph.api.context import Context
from graph.api.errors import Code, refused
from graph.api.gathering import gathering
from graph.api.listening import listening, loaded, unknown
from graph.api.trail import Touched
from graph.model.action import Action, ActionState
from graph.model.ref import Key
from graph.model.resource import ActionChange, Freshness, Resource
from graph.store.hub import Delivery, Item, News, Reset

ACTION_WAIT = 5.0
"""Seconds until an action that was asked for must have been accepted by the operator."""

ENDED = frozenset({ActionState.SUCCEEDED, ActionState.FAILED})


async def service(context: Context, key: Key) -> AsyncGenerator[Resource | None, None]:
    """Now, and after each change of it or of what belongs to it; None while it is not known."""

    def picked(touched: Touched) -> Iterable[Key]:
        return (key,) if key in touched.services else ()

    async with gathering(context, reading.SERVICE, picked, clusters=[key.cluster]) as gathered:
        told = reading.get(context, key)
        yield told
        while True:
            await gathered.batch()
            now = reading.get(context, key)
            if told is not None or now is not None:
                told = now
                yield told


async def freshness(context: Context, name: str | None) -> AsyncGenerator[Freshness, None]:
    """Of the cluster of that name, or of the only one: now, and whenever the state becomes another; ends when the
    cluster is forgotten.
    """
    await loaded(context)
    cluster = name or reading.only_cluster(context)
    if context.catalog.replica(cluster) is None:
        raise unknown(context, "cluster")
    async with listening(context) as items:
        told = context.catalog.freshness(cluster)
        yield told
        async for item in items:
            if context.catalog.replica(cluster) is None:
                return
            now = context.catalog.freshness(cluster)
            if isinstance(item, News) and now.state is not told.state:
                told = now
                yield told


async def progress(context: Context, text: str) -> AsyncGenerator[Action, None]:
    """The action now, then each change of it, to its end."""
    async with aclosing(_steps(context, text)) as steps:
        action = await _first(steps)
        while action.state not in ENDED:
            yield action
            action = await anext(steps)
        yield action


async def _first(steps: AsyncGenerator[Action, None]) -> Action:
    """The operator may not have accepted yet what was asked for a moment ago, perhaps from another process."""
    try:
        async with asyncio.timeout(ACTION_WAIT):
            return await anext(steps)
    except TimeoutError as error:
        raise refused(Code.NOT_FOUND, "there is no such action") from error


async def _steps(context: Context, text: str) -> AsyncGenerator[Action, None]:
    parts = reading.parts_of(text)
    if len(parts) != 3 or parts[0] != reading.ACTION:
        raise refused(Code.NOT_FOUND, "there is no such action")
    cluster, id_ = parts[1:]
    await loaded(context)
    if context.catalog.replica(cluster) is None:
        raise unknown(context, "action")
    async with listening(context) as items:
        known = reading.action(context, cluster, id_)
        if known is not None:
            yield known
        async for item in items:
            if isinstance(item, Reset) and item.cursor.cluster == cluster:
                known = reading.action(context, cluster, id_)  # its steps may be among what was lost
                if known is None:
                    raise refused(Code.NOT_FOUND, "the action is not known any more")
                yield known
            action = _action_of(item)
            if action is not None and reading.id_of_action(action) == text and reading.readable(context, action):
                yield action


def _action_of(item: Item) -> Action | None:
    return item.change.action if isinstance(item, Delivery) and isinstance(item.change, ActionChange) else None
