"""``statusgraph forget`` removes a cluster as a whole, or leaves it as it was."""

from __future__ import annotations

import pytest

from graph.errors import BadArgument, NameTaken, StoreUnavailable
from graph.model.action import ActionRequest
from graph.model.resource import FreshnessState
from graph.store.connection import Server
from graph.store.desk import RedisDesk
from graph.store.forgetting import forget
from graph.store.keys import CLUSTERS, Keys
from graph.store.reader import RedisReader
from graph.store.writer import RedisWriter
from tests.store.samples import key, lamp

ASKED_AT = "2026-01-01T00:00:00.000Z"


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


async def test_an_idempotency_key_of_a_forgotten_cluster_means_nothing_to_its_successor(
    writer: RedisWriter, desk: RedisDesk, server: Server, cluster: str
) -> None:
    request = ActionRequest("r1", "switch", key("a", cluster), ASKED_AT)
    await writer.fill(await writer.claim(1), [])
    assert await desk.ask(request, "of the first")
    await forget(server, cluster)
    assert await server.command("KEYS", f"{Keys(cluster).prefix}*") == []
    await writer.fill(await writer.claim(1), [])
    assert await desk.ask(request, "of the second")
    assert await server.command("XLEN", Keys(cluster).requests) == 1


async def test_a_name_of_a_cluster_is_no_pattern(desk: RedisDesk, server: Server, cluster: str) -> None:
    """Another one keeps its idempotency keys, and they are more than are looked through at once."""
    kept, gone = f"{cluster}-kept", f"{cluster}-*"
    for number in range(1500):
        await desk.ask(ActionRequest(f"r{number}", "switch", key("a", kept), ASKED_AT), "fp")
    await desk.ask(ActionRequest("r", "switch", key("a", gone), ASKED_AT), "fp")
    await server.command("SADD", CLUSTERS, gone)
    await forget(server, gone)
    assert await server.command("EXISTS", Keys(gone).asked("r")) == 0
    assert len(await server.command("KEYS", Keys(kept).asked("*"))) == 1500


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
