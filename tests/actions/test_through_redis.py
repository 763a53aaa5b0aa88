"""From a request on the real desk to what the api reads, through a real Redis."""

from __future__ import annotations

import asyncio

from graph.actions.runner import Runner
from graph.config import load
from graph.kinds import KINDS
from graph.model.action import ActionState
from graph.model.resource import FreshnessState
from graph.store.codec import Codec
from graph.store.connection import Server
from graph.store.desk import RedisDesk
from graph.store.outbox import Outbox
from graph.store.reader import RedisReader
from graph.store.writer import Kept, RedisWriter
from tests.actions.recorders import NOW, Scripted, asked, known
from tests.servers import RedisServer

CLUSTER = "actions"
SCALE = {"metadata": {"name": "web"}, "spec": {"replicas": 1}}


async def test_a_request_becomes_an_action_and_its_log_and_leaves_the_desk(shared_redis: RedisServer) -> None:
    server, tailing, codec = Server(shared_redis.url), Server(shared_redis.url), Codec(KINDS)
    writer = RedisWriter(server, CLUSTER, codec, Kept(changes=1000, transitions=100, log=100, actions=10))
    vitals = (FreshnessState.LIVE, None)
    outbox = Outbox(writer, await writer.claim(1), everything=dict, vitals=lambda _: vitals)
    outbox.open()
    desk, reader = RedisDesk(server, tailing, codec), RedisReader(server, tailing, codec)
    runner = Runner(Scripted(lambda *_: SCALE), desk, settings=load(actions="on", cluster=CLUSTER), clock=lambda: NOW)
    request = asked("scaleDeployment", "home", "web", replicas=2, cluster=CLUSTER)
    assert await desk.ask(request, "a fingerprint")
    tasks = [asyncio.create_task(outbox.run()), asyncio.create_task(runner(outbox, known))]
    async with asyncio.timeout(10):
        while await server.command("XLEN", f"statusgraph:{{{CLUSTER}}}:requests"):
            pass
    snapshot = await reader.snapshot(CLUSTER)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await server.close()
    await tailing.close()
    assert snapshot is not None
    assert [(action.id, action.state) for action in snapshot.actions] == [(request.id, ActionState.SUCCEEDED)]
    assert [entry.step for _, entry in snapshot.log] == [None, "read", "scale"]
