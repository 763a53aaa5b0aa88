"""The operator's half: the only one that talks to Kubernetes."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from prometheus_client import generate_latest
from starlette.applications import Starlette

from graph import probes
from graph.actions.runner import Runner
from graph.app.part import Part
from graph.config import Settings
from graph.kinds import KINDS
from graph.kube import client
from graph.store import inspection
from graph.store.codec import Codec
from graph.store.connection import Server
from graph.store.desk import RedisDesk
from graph.store.reader import RedisReader
from graph.store.writer import Kept, RedisWriter
from graph.watch import metrics
from graph.watch.clock import ClusterClock
from graph.watch.lease import Elector
from graph.watch.operator import Operator


@asynccontextmanager
async def operator(settings: Settings) -> AsyncIterator[Part]:
    """A candidate for the lead of one cluster, with its probes."""
    kube = await client.connect(settings.kubeconfig, settings.kube_context)
    server, tailing = Server(settings.redis_url), Server(settings.redis_url)
    codec = Codec(KINDS)
    clock = ClusterClock(time.time, time.monotonic, told=metrics.SKEW.labels(settings.cluster).set)
    kube.on_date = clock.hear
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
        RedisWriter(server, settings.cluster, codec, kept, clock),
        RedisReader(server, tailing, codec),
        elector,
        kinds=KINDS,
        settings=settings,
        clock=clock,
        companions=[Runner(kube, RedisDesk(server, tailing, codec), settings=settings, clock=clock)],
    )
    routes = probes.routes(one.unready, generate_latest)

    async def job() -> None:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(inspection.tell(server, inspection.OF_OPERATOR))
            await one.run()

    try:
        yield Part("operator", settings.operator_listen, Starlette(routes=routes), job)
    finally:
        await kube.close()
        await server.close()
        await tailing.close()
