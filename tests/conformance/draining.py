"""W8: how a process ends that still has clients."""

from __future__ import annotations

import asyncio
import json
import time
from contextlib import AsyncExitStack
from dataclasses import replace

from tests.api.server import Client
from tests.conformance.http import EVENTS, FRESHNESS
from tests.conformance.target import Target, until

SOCKETS = 20
SPREAD = 9.5
NOTICED = 1.0
ENDS = 30.0
RESTART = 1012


async def w8(target: Target) -> None:
    """SIGTERM: unready, a moment, then 1012 spread over 10 s; exit within 30 s, also with SSE and stalled clients"""
    assert target.apis is not None
    process = target.apis.processes[1]
    ending = replace(target, port=process.port)
    async with AsyncExitStack() as stack:
        clients = [await _client(ending, stack) for _ in range(SOCKETS // 2)]
        stalled = await asyncio.to_thread(ending.stalling, FRESHNESS)
        stack.callback(stalled.close)
        await _stream(ending, stack)
        clients += [await _client(ending, stack) for _ in range(SOCKETS // 2)]
        began = time.monotonic()
        stopping = asyncio.create_task(process.stop())
        await until(lambda: _unready(ending), "it is not unready", NOTICED)
        closes = await asyncio.gather(*(_closed(client, began) for client in clients))
        assert await stopping == 0
        assert time.monotonic() - began < ENDS, "it took too long to end"
    assert [code for _, code in closes] == [RESTART] * SOCKETS
    first, last = min(closes)[0], max(closes)[0]
    assert first > 1.0, f"the first was closed {first:.1f} s after the signal"
    assert last - first >= SPREAD, f"closed within {last - first:.1f} s"


async def _client(target: Target, stack: AsyncExitStack) -> Client:
    client = await stack.enter_async_context(target.socket())
    await client.subscribe(FRESHNESS)
    await client.next()
    return client


async def _stream(target: Target, stack: AsyncExitStack) -> None:
    """Somebody who follows events, and goes on reading."""
    reader, writer = await asyncio.open_connection(target.host, target.port)
    stack.callback(writer.close)
    body = json.dumps({"query": FRESHNESS})
    head = "POST /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    writer.write(f"{head}Accept: {EVENTS}\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode())
    await reader.readuntil(b"event: next")


async def _unready(target: Target) -> bool:
    answer = await target.request("GET", "/readyz")
    return answer.status == 503 and answer.body == b"draining\n"


async def _closed(client: Client, began: float) -> tuple[float, int | None]:
    """Seconds since then, and the code."""
    await client.raw.wait_closed()
    return time.monotonic() - began, client.raw.close_code
