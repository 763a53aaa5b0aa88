"""What comes before a request's body has a bound, in bytes and in time, over real sockets."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest
from structlog.testing import capture_logs

from graph.app import heads
from tests.api.server import Served

BODY = b'{"query": "{ clusters { name } }"}'
UPGRADE = b"GET /graphql HTTP/1.1\r\nhost: a\r\nupgrade: websocket\r\nconnection: upgrade\r\n"
POST = b"POST /graphql HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n"
LENGTH = b"content-length: %d\r\n" % len(BODY)
FLOOD = 8 * 1024 * 1024


@asynccontextmanager
async def connected(served: Served) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
    try:
        async with asyncio.timeout(5):
            yield reader, writer
    finally:
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()


async def answer(served: Served, sent: bytes) -> bytes:
    """All that is answered, to the end of the connection; the server may be gone before all was sent."""
    async with connected(served) as (reader, writer):
        told = b""
        with suppress(OSError):
            for start in range(0, len(sent), 65_536):
                writer.write(sent[start : start + 65_536])
                await writer.drain()
        with suppress(OSError):
            while some := await reader.read(65_536):
                told += some
        return told


@pytest.mark.parametrize(
    "head",
    [
        b"a: b\r\n" * (FLOOD // 6),
        b"a: " + b"b" * FLOOD + b"\r\n",
        b"a" * FLOOD + b": b\r\n",
    ],
    ids=["many", "long value", "long name"],
)
async def test_a_flood_of_headers_is_ended_long_before_it_is_over(served: Served, head: bytes) -> None:
    sent = 0
    async with connected(served) as (_, writer):
        writer.write(POST)
        with suppress(OSError):
            for sent in range(0, FLOOD, 65_536):
                writer.write(head[sent : sent + 65_536])
                await writer.drain()
                await asyncio.sleep(0)
    assert sent < FLOOD - 65_536, "the rest was not taken"


@pytest.mark.parametrize(
    "sent",
    [
        POST + b"a: " + b"b" * heads.MAX_HEAD + b"\r\n\r\n",
        POST + b"a: bcd\r\n" * (heads.MAX_HEAD // 4) + LENGTH + b"\r\n" + BODY,
        b"GET /graphql?query=" + b"x" * heads.MAX_HEAD + b" HTTP/1.1\r\nhost: a\r\n\r\n",
        UPGRADE + b"a: " + b"b" * heads.MAX_HEAD + b"\r\n\r\n",
    ],
    ids=["value", "many", "url", "websocket"],
)
async def test_a_head_that_is_too_big_is_refused(served: Served, sent: bytes) -> None:
    with capture_logs() as logs:
        assert (await answer(served, sent)).startswith(b"HTTP/1.1 431 ")
    assert logs == []


async def test_a_big_head_that_is_not_too_big_is_served_and_so_is_the_next(served: Served) -> None:
    one = POST + b"a: " + b"b" * (heads.MAX_HEAD // 2) + b"\r\n" + LENGTH + b"\r\n" + BODY
    last = POST + b"connection: close\r\n" + LENGTH + b"\r\n" + BODY
    told = await answer(served, one + one + one + last)
    assert told.count(b"HTTP/1.1 200 OK") == 4


@pytest.mark.parametrize("sent", [b"", b"POST /graph", POST, POST + LENGTH + b"\r\n" + BODY + POST])
async def test_a_head_that_does_not_end_is_not_waited_for(
    served: Served, sent: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(heads, "SLOWEST_HEAD", 0.1)
    await answer(served, sent)  # within the time-out of the connection


async def test_a_connection_may_rest_between_requests_and_a_websocket_for_ever(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(heads, "SLOWEST_HEAD", 0.1)
    async with served.socket() as client, connected(served) as (reader, writer):
        for _ in range(2):
            writer.write(POST + LENGTH + b"\r\n" + BODY)
            assert (await reader.readuntil(b"}}")).startswith(b"HTTP/1.1 200 OK")
            await asyncio.sleep(0.3)
        await client.subscribe("{ clusters { name } }")
        assert (await client.next()) == [{"name": "one"}]
