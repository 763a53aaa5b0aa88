"""GraphQL over server-sent events, in the distinct connections mode of ``graphql-sse``: one operation a connection.

``next`` for each result, ``complete`` at its own end. A stream that ends without ``complete`` was cut off: by the end
of this process, or because the client did not read; the client asks again.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing, suppress

import msgspec
import structlog
from graphql import ExecutionResult
from starlette.types import Receive, Send

from graph.api.accept import EVENTS
from graph.api.execute import formatted, is_request_error

log = structlog.get_logger(__name__)

HEARTBEAT = 12.0
"""Seconds after which a comment is sent again and again: proxies close what is silent."""
SEND_WAIT = 20.0
"""Seconds after which a client that does not read is dropped."""
CLOSE_WAIT = 1.0
"""Seconds for the last bytes; a client that does not read gets none."""
_HEADERS = [
    (b"content-type", f"{EVENTS}; charset=utf-8".encode()),
    (b"cache-control", b"no-store"),
    (b"vary", b"Accept"),
    (b"x-accel-buffering", b"no"),  # nginx would keep events back until it has enough of them
]

Results = AsyncGenerator[ExecutionResult, None]


class EventStream:
    """The answer to one request. ``results``: what is told."""

    def __init__(self, results: Results, receive: Receive, send: Send) -> None:
        self._results = results
        self._receive = receive
        self._send = send
        self._closed = asyncio.Event()
        self.outcome = "ok"

    async def run(self) -> None:
        """Until all is told, the client is gone, or it is closed. Then nothing of it is left."""
        await self._send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
        ends = (self._tell(), self._beat(), self._leave(), self._closed.wait())
        tasks = [asyncio.ensure_future(each) for each in ends]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            ended = await asyncio.gather(*tasks, return_exceptions=True)
        self._explain(ended)
        with suppress(TimeoutError):
            await self._write(b"", more=False)

    async def close(self, code: int, reason: str) -> None:
        """Ends it from our side, without ``complete``. Events know no close codes: the client asks again anyway."""
        self._closed.set()

    async def _tell(self) -> None:
        async with aclosing(self._results) as results:
            async for result in results:
                if is_request_error(result):
                    self.outcome = "error"
                await self._write(b"event: next\ndata: " + msgspec.json.encode(formatted(result)) + b"\n\n")
                await asyncio.sleep(0)  # nothing above waits while results are there: all others get their turn
        await self._write(b"event: complete\ndata:\n\n")

    async def _beat(self) -> None:
        while True:
            await self._write(b":\n\n")
            await asyncio.sleep(HEARTBEAT)

    async def _leave(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass

    async def _write(self, body: bytes, *, more: bool = True) -> None:
        async with asyncio.timeout(SEND_WAIT if more else CLOSE_WAIT):
            await self._send({"type": "http.response.body", "body": body, "more_body": more})

    def _explain(self, ended: Sequence[object]) -> None:
        for end in ended:
            if isinstance(end, TimeoutError):
                log.info("a client that does not read is dropped")
            elif isinstance(end, Exception):
                log.error("an event stream failed", exc_info=end)
