"""The composition root: which parts make up ``operator``, ``api`` and ``serve``, how they start and how they end.

Ending (SIGTERM, SIGINT): unready at once, open websockets are closed one after another over ``drain_seconds``, the
operator gives its Lease back, connections are closed. A second signal ends at once.
"""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager

import structlog
import uvicorn
from prometheus_client import generate_latest
from starlette.applications import Starlette

from graph import __version__, probes
from graph.actions.runner import Runner
from graph.api import http, schema
from graph.api.context import Context
from graph.config import Settings, address
from graph.errors import SettingsError
from graph.kinds import KINDS
from graph.kube import client
from graph.store.catalog import Catalog
from graph.store.codec import Codec
from graph.store.connection import Server
from graph.store.desk import RedisDesk
from graph.store.followers import Followers
from graph.store.hub import Hub
from graph.store.reader import RedisReader
from graph.store.replica import Replica
from graph.store.writer import Kept, RedisWriter
from graph.watch.lease import Elector
from graph.watch.operator import Operator

log = structlog.get_logger(__name__)

Job = Callable[[], Awaitable[None]]
"""Runs until it is cancelled."""


class Part:
    """One of the program's halves, ready to run. ``app`` answers at ``listen``; ``drain`` is awaited before the end."""

    def __init__(self, name: str, listen: str, app: Starlette, job: Job, drain: Job | None = None) -> None:
        self.name = name
        self.listen = listen
        self.app = app
        self.job = job
        self.drain = drain


async def run(settings: Settings, *, operator: bool, api: bool) -> None:
    """Runs the chosen halves until a signal. Raises SettingsError for what a setting makes impossible."""
    async with AsyncExitStack() as stack:
        parts = []
        if operator:
            parts.append(await stack.enter_async_context(_operator(settings)))
        if api:
            parts.append(await stack.enter_async_context(_api(settings)))
        await _serve(parts)


@asynccontextmanager
async def _operator(settings: Settings) -> AsyncIterator[Part]:
    kube = await client.connect(settings.kubeconfig, settings.kube_context)
    server, tailing = Server(settings.redis_url), Server(settings.redis_url)
    codec = Codec(KINDS)
    kept = Kept(
        changes=settings.keep_changes,
        transitions=settings.keep_transitions,
        log=settings.keep_log,
        actions=settings.keep_actions,
    )
    elector = Elector(
        kube,
        name=settings.lease_name,
        namespace=settings.lease_namespace or kube.namespace,
        duration=settings.lease_seconds,
        clock=time.monotonic,
    )
    one = Operator(
        kube,
        RedisWriter(server, settings.cluster, codec, kept),
        RedisReader(server, tailing, codec),
        elector,
        kinds=KINDS,
        settings=settings,
        clock=time.time,
        companions=[Runner(kube, RedisDesk(server, tailing, codec), settings=settings, clock=time.time)],
    )
    routes = probes.routes(one.unready, generate_latest)

    async def job() -> None:
        for warning in await server.warnings():
            log.warning(warning)
        await one.run()

    try:
        yield Part("operator", settings.operator_listen, Starlette(routes=routes), job)
    finally:
        await kube.close()
        await server.close()
        await tailing.close()


@asynccontextmanager
async def _api(settings: Settings) -> AsyncIterator[Part]:
    server, tailing = Server(settings.redis_url), Server(settings.redis_url)
    codec, hub = Codec(KINDS), Hub(settings.subscriber_queue)
    reader = RedisReader(server, tailing, codec)
    catalog = Catalog(hub)
    context = Context(catalog, RedisDesk(server, tailing, codec), settings.actions == "on", time.time)

    def replica(cluster: str) -> Replica:
        return Replica(
            cluster,
            KINDS,
            keep_transitions=settings.keep_transitions,
            keep_log=settings.keep_log,
            keep_actions=settings.keep_actions,
        )

    followers = Followers(catalog, reader, hub, replica=replica, clock=time.time)
    app = http.create(
        schema.build(KINDS), context, ready=lambda: None if catalog.clusters else "no cluster was loaded yet"
    )
    try:
        yield Part("api", settings.api_listen, app, followers.run, lambda: context.drain(settings.drain_seconds))
    finally:
        await server.close()
        await tailing.close()


async def _serve(parts: list[Part]) -> None:
    ending = asyncio.Event()
    servers = [(part, _Server(part)) for part in parts]
    with _signals(ending, servers):
        async with asyncio.TaskGroup() as tasks:
            jobs = [tasks.create_task(_run(part.job)) for part in parts]
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


async def _run(job: Job) -> None:
    await job()


async def _listen(part: Part, server: _Server) -> None:
    host, port = address(part.listen)
    try:
        bound = server.config.bind_socket()
    except SystemExit as error:  # uvicorn's way of telling that the address is taken
        name = f"STATUSGRAPH_{part.name.upper()}_LISTEN"
        raise SettingsError(
            f"{name}={part.listen}: {host}:{port} cannot be listened on, it is taken or not ours"
        ) from error
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
