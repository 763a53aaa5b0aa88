"""``statusgraph forget`` removes a cluster as a whole, or leaves it as it was."""

from __future__ import annotations

import pytest

from graph.errors import BadArgument, NameTaken, StoreUnavailable
from graph.model.resource import FreshnessState
from graph.store.connection import Server
from graph.store.forgetting import forget
from graph.store.keys import CLUSTERS, Keys
from graph.store.reader import RedisReader
from graph.store.writer import RedisWriter
from tests.store.samples import lamp


async def test_a_forgotten_cluster_leaves_nothing_but_its_name(
    writer: RedisWriter, reader: RedisReader, server: Server, cluster: str
) -> None:
    await writer.fill(await writer.claim(1), [lamp("a", cluster=cluster)])
    await forget(server, cluster)
    assert await server.command("KEYS", f"{Keys(cluster).prefix}*") == []
    assert cluster not in await reader.clusters()
    assert cluster in await reader.forgotten()
    with pytest.raises(BadArgument, match=f"there is no cluster '{cluster}' in Redis"):
        await forget(server, cluster)


async def test_a_cluster_that_is_written_stays(
    writer: RedisWriter, reader: RedisReader, server: Server, cluster: str
) -> None:
    pen = await writer.fill(await writer.claim(1), [])
    await writer.beat(pen, FreshnessState.LIVE, None)
    with pytest.raises(NameTaken, match=r"within the last 30 s"):
        await forget(server, cluster)
    assert cluster in await reader.clusters()
    assert cluster not in await reader.forgotten()
    assert (await reader.pulse(cluster)).epoch == pen.epoch


async def test_a_redis_that_goes_in_the_middle_keeps_the_name(
    writer: RedisWriter, reader: RedisReader, server: Server, cluster: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await writer.fill(await writer.claim(1), [])

    async def away(*_: object) -> None:
        raise StoreUnavailable("Redis does not answer")

    with monkeypatch.context() as patched:
        patched.setattr(server, "script", away)
        with pytest.raises(StoreUnavailable):
            await forget(server, cluster)
    assert cluster in await reader.clusters()
    await forget(server, cluster)


async def test_a_cluster_whose_name_was_lost_can_be_forgotten(
    writer: RedisWriter, server: Server, cluster: str
) -> None:
    await writer.fill(await writer.claim(1), [])
    await server.command("SREM", CLUSTERS, cluster)
    await forget(server, cluster)
    assert await server.command("KEYS", f"{Keys(cluster).prefix}*") == []
