"""The api's half: GraphQL from Redis, without any access to Kubernetes."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from graph.api import graphiql, http, origins, persisted, schema
from graph.api.context import Context
from graph.api.drain import Drain
from graph.app.part import Part
from graph.config import Settings, address
from graph.kinds import KINDS
from graph.store import inspection
from graph.store.catalog import Catalog
from graph.store.codec import Codec
from graph.store.connection import Server
from graph.store.desk import RedisDesk
from graph.store.followers import Followers
from graph.store.hub import Hub
from graph.store.reader import RedisReader
from graph.store.replica import Replica


@asynccontextmanager
async def api(settings: Settings) -> AsyncIterator[Part]:
    """A replica of all clusters in Redis, and the GraphQL server over it."""
    server, tailing = Server(settings.redis_url), Server(settings.redis_url)
    codec, hub = Codec(KINDS), Hub(settings.subscriber_queue)
    reader = RedisReader(server, tailing, codec)
    catalog = Catalog(hub)
    context = Context(
        catalog,
        RedisDesk(server, tailing, codec),
        settings.actions == "on",
        time.time,
        drain=Drain(limit=settings.max_sockets, per_peer=settings.max_sockets_per_peer),
    )

    def replica(cluster: str) -> Replica:
        return Replica(
            cluster,
            KINDS,
            keep_transitions=settings.keep_transitions,
            keep_log=settings.keep_log,
            keep_actions=settings.keep_actions,
        )

    followers = Followers(catalog, reader, hub, replica=replica, clock=time.monotonic)
    app = http.create(
        schema.build(KINDS),
        context,
        ready=lambda: None if catalog.clusters else "no cluster was loaded yet",
        web=graphiql.BUILT if settings.graphiql == "on" else None,
        allowed_origins=settings.allowed_origins,
        allowed_hosts=_hosts(settings),
        limits=settings.limits,
        persisted=_persisted(settings),
    )

    async def job() -> None:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(inspection.tell(server, inspection.OF_API))
            await followers.run()

    try:
        yield Part(
            "api",
            settings.api_listen,
            app,
            job,
            drain=lambda: context.drain(settings.drain_seconds),
            trusted_proxies=settings.trusted_proxies,
        )
    finally:
        await server.close()
        await tailing.close()


def _hosts(settings: Settings) -> tuple[str, ...]:
    """By which names it may be called; any when there are none."""
    host, _ = address(settings.api_listen)
    known = settings.allowed_hosts or origins.is_loopback(host)
    return (*settings.allowed_hosts, origins.LOOPBACK) if known else ()


def _persisted(settings: Settings) -> persisted.Persisted:
    path = settings.trusted_documents
    trusted = persisted.manifest(path) if path is not None else {}
    return persisted.Persisted(trusted, only_trusted=settings.only_trusted_documents == "on")
