"""The composition root: which parts make up ``operator``, ``api`` and ``serve``, how they start and how they end.

Ending (SIGTERM, SIGINT): unready at once, open websockets are closed one after another over ``drain_seconds``, the
operator gives its Lease back, connections are closed. A second signal ends at once.
"""

from __future__ import annotations

import asyncio
import signal
import socket
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager, nullcontext

import structlog
import uvicorn

from graph import __version__
from graph.app.part import Part
from graph.config import Settings, address
from graph.errors import SettingsError

STALLED_MS = 20_000
"""Milliseconds for which sent bytes may stay unacknowledged before the connection is given up."""

log = structlog.get_logger(__name__)


async def run(settings: Settings, *, operator: bool, api: bool, ending: asyncio.Event | None = None) -> None:
    """Runs the chosen halves until a signal, or until ``ending``. SettingsError for what a setting makes impossible.

    A half is imported when it is wanted: the Kubernetes library costs an api process seconds and memory for nothing.
    """
    async with AsyncExitStack() as stack:
        parts = []
        if operator:
            from graph.app.operator import operator as operator_part

            parts.append(await stack.enter_async_context(operator_part(settings)))
        if api:
            from graph.app.api import api as api_part

            parts.append(await stack.enter_async_context(api_part(settings)))
        await _serve(parts, ending)


async def _serve(parts: list[Part], asked: asyncio.Event | None) -> None:
    ending = asked or asyncio.Event()
    servers = [(part, _Server(part)) for part in parts]
    with nullcontext() if asked else _signals(ending, servers):
        async with asyncio.TaskGroup() as tasks:
            jobs = [tasks.create_task(part.job()) for part in parts]
            listening = [tasks.create_task(_listen(part, server)) for part, server in servers]
            await ending.wait()
            log.info("ending")
            await asyncio.gather(*(part.drain() for part in parts if part.drain is not None))
            for _, server in servers:
                server.should_exit = True
            for job in jobs:
                job.cancel()
            await asyncio.wait([*jobs, *listening])
    log.info("ended")


async def _listen(part: Part, server: _Server) -> None:
    host, port = address(part.listen)
    try:
        bound = server.config.bind_socket()
    except SystemExit as error:  # uvicorn's way of telling that the address is taken
        name = f"STATUSGRAPH_{part.name.upper()}_LISTEN"
        raise SettingsError(
            f"{name}={part.listen}: {host}:{port} cannot be listened on, it is taken or not ours"
        ) from error
    if hasattr(socket, "TCP_USER_TIMEOUT"):  # a ping that is never answered does not free a client that reads nothing
        bound.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, STALLED_MS)
    log.info("listening", part=part.name, address=f"http://{host}:{port}", version=__version__)
    await server.serve(sockets=[bound])


class _Server(uvicorn.Server):
    """Ends when told to, not by signals of its own: two of them share one process."""

    def __init__(self, part: Part) -> None:
        host, port = address(part.listen)
        super().__init__(
            uvicorn.Config(
                part.app,
                host=host,
                port=port,
                log_config=None,
                access_log=False,
                lifespan="off",
                server_header=False,
                ws="websockets-sansio",
                ws_max_size=65_536,
                ws_per_message_deflate=False,
                ws_ping_interval=10,
                ws_ping_timeout=10,
                timeout_graceful_shutdown=5,
            )
        )

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@contextmanager
def _signals(ending: asyncio.Event, servers: list[tuple[Part, _Server]]) -> Iterator[None]:
    loop = asyncio.get_running_loop()

    def end() -> None:
        if ending.is_set():
            for _, server in servers:
                server.force_exit = True
        ending.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, end)
    try:
        yield
    finally:
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)
