"""uvicorn as this program runs it: bounded messages and buffers, and connections that end even when a client does not
read. The composition root listens by it, and so do the tests.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import uvicorn
from uvicorn.protocols.utils import ClientDisconnected
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.protocol import State

from graph.app.heads import Http

if TYPE_CHECKING:
    from starlette.types import ASGIApp
    from uvicorn._types import ASGISendEvent

MAX_MESSAGE = 64 * 1024
"""Bytes of a websocket message."""
STALLED_MS = 20_000
"""Milliseconds for which sent bytes may stay unacknowledged before the connection is given up."""
SEND_BUFFER = 256 * 1024
"""Bytes that the kernel holds of what one client has not read (twice of it, by its own counting)."""
GRACE = 5.0
"""Seconds that a connection lives on after its application is over, or its pings were not answered."""
INVALID_TEXT = 1007


class _WebSocket(WebSocketsSansIOProtocol):
    """uvicorn's, which waits without an end for what a client has not read, and is not sure that it closed."""

    def handle_ping(self) -> None:
        """A pong for a client that does not read would only be held."""
        if self.writable.is_set():
            super().handle_ping()
        else:
            self.conn.data_to_send()

    def keepalive_timeout(self) -> None:
        super().keepalive_timeout()
        self._end_soon()

    def send_receive_event_to_app(self) -> None:
        """Text that is none is the client's mistake, not worth a traceback. It may have closed behind it already."""
        if self.curr_msg_data_type == "bytes" or _is_text(b"".join(self.frames)):
            super().send_receive_event_to_app()
        elif self.conn.state is State.OPEN:
            self.frames = []
            self.conn.send_close(INVALID_TEXT, "not UTF-8")
            self.handle_parser_exception()

    async def run_asgi(self) -> None:
        try:
            await super().run_asgi()
        finally:
            self._end_soon()

    async def send(self, message: ASGISendEvent) -> None:
        """uvicorn may have closed for its own reasons: a message too big, a ping without an answer."""
        if self.close_sent:
            raise ClientDisconnected
        await super().send(message)
        if self.initial_response is not None and self.close_sent:
            self.handshake_complete = True  # by a refusal, which uvicorn logs as an error of ours

    def _end_soon(self) -> None:
        self.loop.call_later(GRACE, self.transport.abort)


class Server(uvicorn.Server):
    """Ends when told to, not by signals of its own: two of them share one process."""

    def __init__(self, app: ASGIApp, *, host: str, port: int, trusted_proxies: tuple[str, ...] = ()) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                host=host,
                port=port,
                log_config=None,
                access_log=False,
                lifespan="off",
                server_header=False,
                proxy_headers=bool(trusted_proxies),
                forwarded_allow_ips=list(trusted_proxies),
                http=Http,
                ws=_WebSocket,
                ws_max_size=MAX_MESSAGE,
                ws_per_message_deflate=False,
                ws_ping_interval=10,
                ws_ping_timeout=10,
                timeout_graceful_shutdown=5,
            )
        )

    def bind(self) -> socket.socket:
        """What is set here is inherited by every connection. SystemExit when the address cannot be listened on."""
        bound = self.config.bind_socket()
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
        if hasattr(socket, "TCP_USER_TIMEOUT"):  # a ping that is never answered does not free what was written
            bound.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, STALLED_MS)
        return bound

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _is_text(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True
