"""A Redis server: connecting, commands and the Lua scripts. With ``address`` and ``problems`` the owner of redis-py."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from importlib.resources import files
from typing import Any

from redis import exceptions

from graph.errors import StoreUnavailable
from graph.store.address import client
from graph.store.problems import ours

TIMEOUT = 5.0
"""Seconds for a connection or an answer."""
LARGE = 12
"""How many times as long for an answer that may be large: it is waited for until its last byte is there."""

Value = str | bytes | int


class Script:
    """A Lua file of ``lua/``, called by its hash, sent whole when the server does not know it."""

    def __init__(self, name: str) -> None:
        self.text = files("graph.store").joinpath("lua", f"{name}.lua").read_text()
        self.sha = hashlib.sha1(self.text.encode(), usedforsecurity=False).hexdigest()


class Server:
    """A Redis server behind a connection pool; connects on first use, with Sentinels to the primary of the day.

    Every call raises StoreUnavailable, StoreRefused or StoreError.
    """

    def __init__(self, url: str, *, timeout: float = TIMEOUT) -> None:
        self._redis, self._sentinels = client(url, timeout=timeout)
        self._redis.set_response_callback("XREAD", _as_it_came)
        self._patient, self._theirs = client(url, timeout=timeout, answer=LARGE * timeout)

    async def command(self, *words: Value) -> Any:
        """One command; strings in its reply are bytes."""
        async with _translated():
            return await self._redis.execute_command(*words)

    async def script(self, script: Script, keys: Sequence[str], args: Sequence[Value], *, large: bool = False) -> Any:
        """What the script returns. ``large``: that may take a while."""
        redis = self._patient if large else self._redis
        async with _translated():
            try:
                return await redis.execute_command("EVALSHA", script.sha, len(keys), *keys, *args)
            except exceptions.NoScriptError:
                return await redis.execute_command("EVAL", script.text, len(keys), *keys, *args)

    async def read(self, stream: str, after: str, *, count: int, wait: float) -> list[tuple[bytes, list[bytes]]]:
        """(id, [field, value …]) of the stream's entries after an id; waits up to ``wait`` seconds for the first."""
        words = ("XREAD", "COUNT", count, "BLOCK", max(1, int(wait * 1000)), "STREAMS", stream, after)
        reply = await self.command(*words)
        return reply[0][1] if reply else []

    async def close(self) -> None:
        """Closes every connection."""
        for each in (self._redis, self._sentinels, self._patient, self._theirs):
            if each is not None:
                await each.aclose()


@asynccontextmanager
async def _translated() -> AsyncIterator[None]:
    """redis-py's exceptions as ours, and a cancellation as what it is.

    It waits with ``asyncio.wait_for``, which before Python 3.12 swallows a cancellation that comes together with the
    answer.
    """
    try:
        yield
        _still_wanted()
    except exceptions.RedisError as error:
        _still_wanted()
        raise ours(error) from error
    except OSError as error:
        raise StoreUnavailable(f"Redis does not answer: {error}") from error


def _as_it_came(reply: Any, **_: Any) -> Any:
    """redis-py would make a dict of every entry, which costs more than reading it."""
    return reply


def _still_wanted() -> None:
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError
