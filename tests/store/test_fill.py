"""A generation is filled as a whole, whatever came before it and between its pages."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from graph.errors import StoreUnavailable
from graph.model.resource import FreshnessState, Resource
from graph.store.codec import Codec
from graph.store.connection import Server
from graph.store.keys import Keys, field_of
from graph.store.outbox import Outbox
from graph.store.protocols import Pen
from graph.store.reader import RedisReader
from graph.store.writer import RedisWriter
from tests.store.conftest import KEPT
from tests.store.samples import deleted, key, lamp


class LosesAnAnswer(RedisWriter):
    """The first generation is stored, and nobody is told so."""

    lost = False

    async def fill(self, pen: Pen, resources: Sequence[Resource]) -> Pen:
        filled = await super().fill(pen, resources)
        if not self.lost:
            self.lost = True
            raise StoreUnavailable("the answer was lost")
        return filled


async def test_what_an_ended_leader_left_of_an_unfinished_generation_is_no_part_of_it(
    server: Server, writer: RedisWriter, reader: RedisReader, codec: Codec, cluster: str
) -> None:
    pen = await writer.claim(1)
    left = lamp("ghost", cluster=cluster)
    await server.command("HSET", Keys(cluster).resources(pen.epoch), field_of(left.key), codec.encode(left))
    await writer.fill(await writer.claim(2), [])
    snapshot = await reader.snapshot(cluster)
    assert snapshot is not None
    assert snapshot.resources == {}


async def test_a_generation_that_was_given_up_half_filled_does_not_stay(
    server: Server, writer: RedisWriter, codec: Codec, cluster: str
) -> None:
    keys, left = Keys(cluster), lamp("ghost", cluster=cluster)
    pen = await writer.claim(1)
    await server.command("HSET", keys.resources(pen.epoch), field_of(left.key), codec.encode(left))
    await writer.fill(await writer.claim(1, lost=pen.epoch), [])
    assert await server.command("KEYS", keys.resources("*")) == []


async def test_what_leaves_while_a_generation_is_filled_again_is_gone_afterwards(
    server: Server, reader: RedisReader, codec: Codec, cluster: str
) -> None:
    writer = LosesAnAnswer(server, cluster, codec, KEPT)
    held = {one.key: one for one in (lamp("stays", cluster=cluster), lamp("leaves", cluster=cluster))}
    outbox = Outbox(
        writer, await writer.claim(1), everything=lambda: dict(held), vitals=lambda _: (FreshnessState.LIVE, None)
    )
    outbox.open()
    running = asyncio.create_task(outbox.run())
    try:
        while not writer.lost:  # noqa: ASYNC110 # the writer tells no one
            await asyncio.sleep(0)
        del held[key("leaves", cluster)]
        outbox.put([deleted("leaves", cluster)])
        await outbox.written()
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    snapshot = await reader.snapshot(cluster)
    assert snapshot is not None
    assert list(snapshot.resources) == [key("stays", cluster)]
