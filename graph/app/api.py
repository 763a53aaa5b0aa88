"""The api's half: GraphQL from Redis, without any access to Kubernetes."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from graph.api import graphiql, http, schema
from graph.api.context import Context
from graph.app.part import Part
from graph.config import Settings
from graph.kinds import KINDS
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
        schema.build(KINDS),
        context,
        ready=lambda: None if catalog.clusters else "no cluster was loaded yet",
        web=graphiql.BUILT if settings.graphiql == "on" else None,
        allowed_origins=settings.allowed_origins,
    )
    try:
        yield Part("api", settings.api_listen, app, followers.run, lambda: context.drain(settings.drain_seconds))
    finally:
        await server.close()
        await tailing.close()
