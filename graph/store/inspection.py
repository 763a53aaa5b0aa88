"""What is wrong with a Redis for our purposes, said once when it first answers, by the operator and by the api.

What makes a call fail is said by whoever calls; here is what would lose data later, or fail only then.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import structlog

from graph.errors import StoreError, StoreRefused, StoreUnavailable
from graph.store.connection import Script, Server
from graph.store.keys import RIGHTS

OLDEST = (6, 2)
RETRY = 1.0
OF_OPERATOR = (
    *("EVAL", "EVALSHA", "GET", "HDEL", "HGET", "HGETALL", "HMGET", "HSET", "LLEN", "LPUSH", "LRANGE", "RPOP", "SADD"),
    *("TIME", "UNLINK", "XADD", "XDEL", "XRANGE", "XREAD", "XTRIM"),
)
"""Commands that the operator uses, its scripts included, beside INFO, whose absence is told by itself."""
OF_API = (
    *("EVAL", "EVALSHA", "GET", "HGET", "HGETALL", "HMGET", "LRANGE", "SET", "SMEMBERS", "TIME"),
    *("XADD", "XRANGE", "XREAD"),
)
"""The same of the api; SET and XADD ask for actions; SET also tells that Redis lost something."""
_CALLING = ("EVAL", "EVALSHA")

log = structlog.get_logger(__name__)


async def tell(server: Server, commands: Sequence[str]) -> None:
    """Logs every flaw, one line each, as soon as Redis answers; who waits for it tells of its absence."""
    while True:
        try:
            for flaw in await flaws(server, commands):
                log.warning(flaw)
            return
        except StoreUnavailable:
            await asyncio.sleep(RETRY)


async def flaws(server: Server, commands: Sequence[str]) -> list[str]:
    """A sentence for each. Raises StoreUnavailable."""
    try:
        missing = await _missing(server, commands)
    except StoreRefused as error:
        return [f"{error}."]  # it lets us in to nothing
    return [*await _settings(server), *missing]


async def _settings(server: Server) -> list[str]:
    try:
        return list(_of(await server.command("INFO")))
    except StoreUnavailable:
        raise
    except StoreError as error:
        return [f"Redis does not say how it is set up, so that is not checked: {error}."]


def _of(info: Mapping[str, Any]) -> Iterator[str]:
    version = str(info.get("redis_version", ""))
    if info.get("redis_mode") == "sentinel":
        yield "This is a Sentinel and no Redis; write its address as redis+sentinel://host:port/service."
        return
    if (_parts(version) or OLDEST) < OLDEST:
        yield f"Redis {version} is too old; 6.2 is needed."
    if info.get("redis_mode") == "cluster":
        yield "Redis runs in cluster mode; one primary is needed, with replicas and Sentinels."
    if info.get("role") == "slave":
        yield "Redis is a replica and takes no writes; give the address of the primary, or of Sentinels."
    if not info.get("aof_enabled"):
        yield "Redis runs without AOF: a restart loses transitions and the operator log; set appendonly yes."
    if info.get("maxmemory") and info.get("maxmemory_policy") != "noeviction":
        yield f"Redis may evict data ({info.get('maxmemory_policy')}); set maxmemory-policy noeviction."


def _parts(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".") if part.isdigit())


async def _missing(server: Server, commands: Sequence[str]) -> list[str]:
    """Tried with keys of their own."""
    tried = [command for command in commands if command not in _CALLING]
    try:
        missing = await server.script(Script("rights"), RIGHTS, tried)
    except (StoreUnavailable, StoreRefused):
        raise
    except StoreError:  # it knows no scripts: a Sentinel
        return []
    rules = " ".join(f"+{name.decode().lower()}" for name in missing)
    return [f"Redis refuses our user a right: {rules} is missing, see docs/redis.md."] if rules else []
