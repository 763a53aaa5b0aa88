"""Answers without an end: watches and followed logs. They end when the client goes, or when the API closes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing, suppress

from starlette.types import Receive, Scope, Send

Pieces = Callable[["Stream"], AsyncGenerator[bytes, None]]


class Streams:
    """All that are open."""

    def __init__(self) -> None:
        self.closed = False
        self._open: set[Stream] = set()

    def answer(self, pieces: Pieces, media_type: str) -> Stream:
        """An ASGI answer that sends what ``pieces`` yields."""
        return Stream(self, pieces, media_type)

    def close(self) -> None:
        """Ends all of them, and those to come."""
        self.closed = True
        for stream in self._open:
            stream.wake.set()

    def enter(self, stream: Stream) -> None:
        """It is open."""
        self._open.add(stream)

    def leave(self, stream: Stream) -> None:
        """It is not any more."""
        self._open.discard(stream)

    def __len__(self) -> int:
        return len(self._open)


class Stream:
    """One of them. ``wake`` is set when there may be something to do: by who has news, or because it is ``over``."""

    def __init__(self, streams: Streams, pieces: Pieces, media_type: str) -> None:
        self.wake = asyncio.Event()
        self._streams = streams
        self._pieces = pieces
        self._headers = [(b"content-type", media_type.encode())]
        self._gone = False

    @property
    def over(self) -> bool:
        """Whether nobody reads it any more, or the API closes."""
        return self._gone or self._streams.closed

    async def wait(self, seconds: float | None) -> bool:
        """Whether something woke it in that time. Clear ``wake`` before looking for news."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                return await self.wake.wait()
        return False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        leaving = asyncio.create_task(self._until_gone(receive))
        self._streams.enter(self)
        try:
            with suppress(OSError):
                await self._send(send)
        finally:
            self._streams.leave(self)
            leaving.cancel()
            with suppress(asyncio.CancelledError):
                await leaving

    async def _send(self, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": self._headers})
        async with aclosing(self._pieces(self)) as pieces:
            async for piece in pieces:
                await send({"type": "http.response.body", "body": piece, "more_body": True})
                if self._gone:
                    return
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _until_gone(self, receive: Receive) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        self._gone = True
        self.wake.set()
