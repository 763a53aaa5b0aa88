"""REDIS_URL as a client of redis-py: of one server, or of the primary that Sentinels tell of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, unquote, urlencode

from redis.asyncio import Redis
from redis.asyncio.connection import parse_url
from redis.asyncio.retry import Retry
from redis.asyncio.sentinel import Sentinel
from redis.backoff import NoBackoff

from graph.config import SENTINELS

PORT = 26379
"""Of a Sentinel whose port is not given."""
IMPATIENCE = 1.0
"""Seconds for one Sentinel's answer: there are others."""
_THEIRS = "sentinel_"
"""What in the query begins so is for the Sentinels: ``sentinel_username``, ``sentinel_password``."""


def client(url: str, *, timeout: float, answer: float | None = None) -> tuple[Any, Sentinel | None]:
    """The client of redis-py and, where there are some, the Sentinels; whoever takes them closes both.

    ``timeout``: seconds for a connection or an answer; ``answer``: for an answer, where that may take longer.

    redis-py's own retries are off: it would send a write again whose reply was lost. Our batches survive that, see
    ``write.lua``, but only the caller knows whether trying again makes sense.
    """
    if (found := SENTINELS.fullmatch(url)) is None:
        keepalive = {} if url.startswith("unix:") else {"socket_keepalive": True}  # a socket of the machine has none
        return Redis.from_url(url, **_common(timeout, answer), **keepalive, client_name="statusgraph"), None
    query = dict(parse_qsl(found["query"] or ""))
    own = {name.removeprefix(_THEIRS): query.pop(name) for name in tuple(query) if name.startswith(_THEIRS)}
    given = _given(found["tls"], f"{found['user'] or ''}redis/{found['db'] or 0}", query)
    secure = {name: value for name, value in given.items() if name.startswith("ssl")}
    sentinels = Sentinel(  # type: ignore[no-untyped-call] # redis-py leaves it without types
        [_place(one) for one in found["hosts"].split(",")],
        sentinel_kwargs={**_common(min(timeout, IMPATIENCE)), **secure, **own},
    )
    options = {**_common(timeout, answer), **given, "socket_keepalive": True, "client_name": "statusgraph"}
    return sentinels.master_for(unquote(found["service"]), **options), sentinels


def _common(timeout: float, answer: float | None = None) -> dict[str, Any]:
    return {
        "protocol": 2,
        "socket_timeout": answer or timeout,
        "socket_connect_timeout": timeout,
        "retry": Retry(NoBackoff(), 0),
    }


def _given(tls: str, place: str, query: Mapping[str, str]) -> dict[str, Any]:
    """User, password, database and the options of TLS, as redis-py reads them of any address."""
    options: dict[str, Any] = dict(parse_url(f"redis{tls}://{place}?{urlencode(query)}"))
    del options["host"]
    return {**options, "ssl": True} if options.pop("connection_class", None) is not None else options


def _place(text: str) -> tuple[str, int]:
    """``host``, ``host:port``, ``[::1]:port``."""
    host, colon, port = text.rpartition(":")
    if not colon or port.endswith("]"):
        return text.strip("[]"), PORT
    return host.strip("[]"), int(port)
