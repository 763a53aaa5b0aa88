"""The sole owner of redis-py: connecting, the Lua scripts, and its exceptions turned into ours.

redis-py's own retries are off: it would send a write again whose reply was lost. Our batches survive that, see
``write.lua``, but only the caller knows whether trying again makes sense.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from importlib.resources import files
from typing import Any

from redis import exceptions
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from graph.errors import StoreError, StoreRefused, StoreUnavailable

TIMEOUT = 5.0
"""Seconds for a connection or an answer."""

Value = str | bytes | int

_REFUSALS = (
    exceptions.ReadOnlyError,
    exceptions.OutOfMemoryError,
    exceptions.NoPermissionError,
    exceptions.AuthenticationError,
)


class Script:
    """A Lua file of ``lua/``, called by its hash, sent whole when the server does not know it."""

    def __init__(self, name: str) -> None:
        self.text = files("graph.store").joinpath("lua", f"{name}.lua").read_text()
        self.sha = hashlib.sha1(self.text.encode(), usedforsecurity=False).hexdigest()


class Server:
    """A Redis server behind a connection pool; connects on first use.

    Every call raises StoreUnavailable, StoreRefused or StoreError.
    """

    def __init__(self, url: str, *, timeout: float = TIMEOUT) -> None:
        self._redis: Any = Redis.from_url(
            url,
            protocol=2,
            socket_timeout=timeout,
            socket_connect_timeout=timeout,
            **({} if url.startswith("unix:") else {"socket_keepalive": True}),  # a socket of the machine has none
            retry=Retry(NoBackoff(), 0),
            client_name="statusgraph",
        )

    async def command(self, *words: Value) -> Any:
        """One command; strings in its reply are bytes."""
        async with _translated():
            return await self._redis.execute_command(*words)

    async def script(self, script: Script, keys: Sequence[str], args: Sequence[Value]) -> Any:
        """What the script returns."""
        async with _translated():
            try:
                return await self._redis.execute_command("EVALSHA", script.sha, len(keys), *keys, *args)
            except exceptions.NoScriptError:
                return await self._redis.execute_command("EVAL", script.text, len(keys), *keys, *args)

    async def read(self, stream: str, after: str, *, count: int, wait: float) -> list[tuple[bytes, dict[bytes, bytes]]]:
        """(id, fields) of the stream's entries after an id; waits up to ``wait`` seconds for the first."""
        words = ("XREAD", "COUNT", count, "BLOCK", max(1, int(wait * 1000)), "STREAMS", stream, after)
        reply = await self.command(*words)
        return reply[0][1] if reply else []

    async def warnings(self) -> list[str]:
        """What of the server's configuration would lose data, a sentence each. Empty also where it may not be asked."""
        try:
            config = [await self._config(name) for name in ("appendonly", "maxmemory-policy", "maxmemory")]
        except StoreError:
            return []
        found = []
        if config[0] == "no":
            found.append(
                "Redis runs without AOF: a restart loses transitions and the operator log; set appendonly yes."
            )
        if config[1] != "noeviction" and config[2] != "0":
            found.append(f"Redis may evict data ({config[1]}); set maxmemory-policy noeviction.")
        return found

    async def close(self) -> None:
        """Closes every connection."""
        await self._redis.aclose()

    async def _config(self, name: str) -> str:
        reply = await self.command("CONFIG", "GET", name)
        pairs = reply if isinstance(reply, dict) else dict(zip(reply[::2], reply[1::2], strict=True))
        return str(pairs.get(name.encode(), b"").decode())


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
        raise _ours(error) from error
    except OSError as error:
        raise StoreUnavailable(f"Redis does not answer: {error}") from error


def _still_wanted() -> None:
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


def _ours(error: exceptions.RedisError) -> StoreError:
    text = str(error)
    if isinstance(error, _REFUSALS):
        return StoreRefused(f"Redis refuses: {text}")
    if isinstance(error, exceptions.ConnectionError | exceptions.TimeoutError):
        return StoreUnavailable(f"Redis does not answer: {text}")
    if text.startswith(("LOADING", "BUSY", "MASTERDOWN", "TRYAGAIN", "CLUSTERDOWN")):
        return StoreUnavailable(f"Redis is not ready: {text}")
    if "OOM" in text or "MISCONF" in text:
        return StoreRefused(f"Redis refuses: {text}")
    return StoreError(f"Redis cannot do this: {text}")
