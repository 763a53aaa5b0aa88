"""The composition root: which parts make up ``operator``, ``api`` and ``serve``, how they start and how they end.

Ending (SIGTERM, SIGINT): unready at once, then open websockets are closed one after another over ``drain_seconds``, the
operator gives its Lease back, connections are closed. A second signal ends at once.
"""

from __future__ import annotations

import asyncio
import gc
import signal
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager, nullcontext

import structlog

from graph import __version__
from graph.app.part import Part
from graph.app.server import Server
from graph.config import Settings, address
from graph.errors import SettingsError

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
    gc.collect()
    gc.freeze()  # the program itself is most of what the collector would look at; replicas hold hardly anything for it
    ending = asked or asyncio.Event()
    servers = [(part, _server(part)) for part in parts]
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


async def _listen(part: Part, server: Server) -> None:
    at = f"{server.config.host}:{server.config.port}"
    try:
        bound = server.bind()
    except SystemExit as error:
        name = f"STATUSGRAPH_{part.name.upper()}_LISTEN"
        raise SettingsError(f"{name}={part.listen}: {at} cannot be listened on, it is taken or not ours") from error
    log.info("listening", part=part.name, address=f"http://{at}", version=__version__)
    await server.serve(sockets=[bound])


def _server(part: Part) -> Server:
    host, port = address(part.listen)
    return Server(part.app, host=host, port=port, trusted_proxies=part.trusted_proxies)


@contextmanager
def _signals(ending: asyncio.Event, servers: list[tuple[Part, Server]]) -> Iterator[None]:
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
