"""uvicorn's HTTP over TCP, with a bound for what comes before a request's body: its size, and the time that it takes.

uvicorn gathers headers without end, and waits for them without end.
"""

from __future__ import annotations

import asyncio

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MAX_HEAD = 32 * 1024
"""Bytes of a request's URL and headers. What comes in one read may be more until it is looked at."""
SLOWEST_HEAD = 10.0
"""Seconds from the first byte, of the first request from the connection on, to the end of the headers."""

_REFUSAL = b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"


class Http(HttpToolsProtocol):
    """One connection."""

    _timer: asyncio.TimerHandle | None = None
    _size = 0
    """Of the URL and the headers that are whole."""
    _unfinished = 0
    """Bytes in which no head ended."""
    _within = True
    """Whether more of a head is to come."""
    _began = False
    _refused = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn has it
        super().connection_made(transport)
        self._arm()

    def connection_lost(self, exc: Exception | None) -> None:
        self._disarm()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._refused:
            return
        self._began = False
        super().data_received(data)
        if self._within and not self._began:
            self._unfinished += len(data)
        if self._size > MAX_HEAD or self._unfinished > MAX_HEAD:
            self._refuse()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._size, self._unfinished, self._within, self._began = 0, 0, True, True
        if self._timer is None:
            self._arm()

    def on_url(self, url: bytes) -> None:
        self._size += len(url)
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        self._size += len(name) + len(value)
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        self._disarm()
        self._within, self._unfinished = False, 0
        if not self._is_too_much:
            super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        if not self._is_too_much:
            super().on_body(body)

    def on_message_complete(self) -> None:
        if not self._is_too_much:
            super().on_message_complete()

    def handle_websocket_upgrade(self) -> None:
        if not self._is_too_much:
            super().handle_websocket_upgrade()

    @property
    def _is_too_much(self) -> bool:
        return self._size > MAX_HEAD

    def _refuse(self) -> None:
        self._refused = True
        self._disarm()
        self.transport.write(_REFUSAL)
        self.transport.close()

    def _arm(self) -> None:
        self._timer = self.loop.call_later(SLOWEST_HEAD, self.transport.close)

    def _disarm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
