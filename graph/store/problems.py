"""redis-py's exceptions as ours, each with a sentence that says what is wrong with the Redis or with its address."""

from __future__ import annotations

import re

from redis import exceptions
from redis.asyncio.sentinel import MasterNotFoundError

from graph.errors import StoreError, StoreRefused, StoreUnavailable

_COMMAND = re.compile(r"run the '([^']+)' command")
_WITHIN = re.compile(r"^Error running script .*: -([A-Z]+ .*)$", re.DOTALL)
_CLUSTER = (exceptions.AskError, exceptions.ClusterCrossSlotError, exceptions.ClusterDownError)
_PASSING = ("LOADING", "BUSY", "TRYAGAIN", "UNBLOCKED")
_REFUSALS = {
    "OOM": "Redis refuses writes, its memory is full (maxmemory)",
    "MISCONF": "Redis refuses writes, it cannot save to its disk",
    "NOREPLICAS": "Redis refuses writes, it has too few replicas (min-replicas-to-write)",
    "READONLY": "Redis refuses writes, it is a replica: give the address of the primary, or of Sentinels",
}


def ours(error: exceptions.RedisError) -> StoreError:
    """StoreUnavailable for what may pass by itself, StoreRefused for what somebody has to mend."""
    text = str(error)
    if isinstance(error, exceptions.AuthenticationError):
        return StoreRefused(_password(text))
    if _lacks_a_right(error):
        return StoreRefused(f"Redis refuses our user a right: {_right(text)} is missing, see docs/redis.md ({text})")
    if isinstance(error, MasterNotFoundError):
        return StoreUnavailable(f"no Sentinel tells of a primary that is up: {text.partition(' : ')[0]}")
    if isinstance(error, exceptions.InvalidResponse):
        return StoreUnavailable(f"what answers at the address of Redis is no Redis: {text}")
    if isinstance(error, exceptions.ConnectionError | exceptions.TimeoutError):
        return StoreUnavailable(f"Redis does not answer: {text}")
    return _answered(error, text)


def _answered(error: exceptions.RedisError, text: str) -> StoreError:
    within = _WITHIN.search(text)  # a script: before Redis 7 its error is told inside another
    text = within[1] if within else text
    code = text.partition(" ")[0] if within else error.status_code or text.partition(" ")[0]
    if code in _REFUSALS:
        return StoreRefused(f"{_REFUSALS[code]}: {text}")
    if code in _PASSING or isinstance(error, exceptions.MasterDownError):
        return StoreUnavailable(f"Redis is not ready: {text}")
    if isinstance(error, _CLUSTER):
        return StoreRefused(f"Redis runs in cluster mode: one primary is needed, with replicas and Sentinels ({text})")
    return StoreError(f"Redis cannot do this: {text}")


def _password(text: str) -> str:
    if "required" in text:
        return "Redis asks for a password: write it into its address, redis://user:password@host:6379/0"
    if "without any password" in text:
        return "Redis has no password, and its address gives one: take it out, or set one in Redis"
    return f"Redis refuses the user or the password of its address: {text}"


def _lacks_a_right(error: exceptions.RedisError) -> bool:
    """Inside a script it has no code of its own."""
    text = str(error)
    return isinstance(error, exceptions.NoPermissionError) or "executing the script can't" in text or "ACL fail" in text


def _right(text: str) -> str:
    """The ACL rule; ``~statusgraph:*`` where the keys are not ours to use."""
    if found := _COMMAND.search(text):
        return "+" + found[1].lower()
    return "~statusgraph:*" if "key" in text else "one of our commands"
