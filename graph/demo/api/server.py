"""Serves the API on a loopback port, in the running event loop."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn

from graph.demo.api.app import Api

IDLE = 120
"""Seconds that an idle connection is kept: longer than clients keep theirs, so that none is closed under a request."""
GRACE = 2
"""Seconds that requests get to end when the server stops."""


class PortTaken(OSError):
    """The API cannot be served where it was asked to."""


class Server:
    """``start`` it, ``stop`` it; ``task`` is over when it ended. ``url`` is known once it was started."""

    def __init__(self, api: Api, *, host: str, port: int) -> None:
        self.url = ""
        self.task: asyncio.Task[None]
        self._api = api
        self._place = (host, port)
        self._server = _Uvicorn(
            uvicorn.Config(
                api,
                http="httptools",
                ws="none",
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
                date_header=False,
                timeout_keep_alive=IDLE,
                timeout_graceful_shutdown=GRACE,
            )
        )

    def start(self) -> None:
        """Listens from now on. Raises PortTaken."""
        listener = _listener(*self._place)
        self.url = f"http://{self._place[0]}:{listener.getsockname()[1]}"
        self.task = asyncio.create_task(self._server.serve(sockets=[listener]))

    async def stop(self) -> None:
        """Ends the watches, and waits until all is closed."""
        self._api.streams.close()
        self._server.should_exit = True
        await self.task


class _Uvicorn(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Signals are for who runs the cluster."""
        yield


def _listener(host: str, port: int) -> socket.socket:
    """Made by hand: of a socket that does not say TCP itself, asyncio does not turn Nagle's delays off."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen()
    except OSError as error:
        listener.close()
        raise PortTaken(f"The demo cluster cannot listen on {host}:{port}: {error.strerror}.") from error
    return listener
