"""The address of Sentinels: the primary that they know is written to and read, and the next one when it is gone."""

from __future__ import annotations

import asyncio

import pytest

from graph import config
from graph.errors import SettingsError, StoreUnavailable
from graph.store.address import client
from graph.store.connection import Server
from graph.store.hub import Reset
from graph.store.inspection import OF_API, flaws
from graph.store.keys import Keys
from tests.servers import free_port
from tests.store.pipeline import WITHIN, pipeline
from tests.store.sentinels import Sentinels, settled


async def test_a_killed_primary_is_replaced_and_nothing_is_lost(redis_program: str) -> None:
    with Sentinels(redis_program) as sentinels:
        await settled(sentinels)
        async with pipeline(sentinels.url, "c1") as one:
            one.switch("a", 1)
            await one.shown("a", 1)
            await replicated(sentinels, "c1")
            epoch = one.outbox.pen.epoch
            sentinels.primary.kill()
            one.switch("a", 2)
            one.switch("b", 1)
            await one.shown("b", 1)
            assert one.watts("a") == 2
            assert one.outbox.pen.epoch == epoch
            assert [transition.key.name for _, transition in one.replica.transitions.items] == ["a", "b"]
            assert not one.replica.whole.lost


async def test_a_failover_to_a_replica_that_was_behind_is_a_loss_that_is_told(redis_program: str) -> None:
    with Sentinels(redis_program) as sentinels:
        await settled(sentinels)
        async with pipeline(sentinels.url, "c1") as one:
            one.switch("a", 1)
            await one.shown("a", 1)
            await replicated(sentinels, "c1")
            epoch, subscriber = one.outbox.pen.epoch, one.hub.subscribe()
            with sentinels.replica.stopped():
                await cut_off(sentinels)
                one.switch("a", 2)
                one.switch("b", 1)
                await one.outbox.written()
                await one.until(lambda: one.watts("b") == 1)
                sentinels.primary.kill()
            one.switch("c", 1)
            await one.shown("c", 1)
            assert one.outbox.pen.epoch != epoch
            assert (one.watts("a"), one.watts("b")) == (2, 1)
            assert one.replica.whole.lost
            assert any(isinstance(item, Reset) for item in subscriber.waiting)


async def cut_off(sentinels: Sentinels) -> None:
    """What is written from now on the replica is not even sent."""
    primary = Server(sentinels.primary.url)
    await primary.command("CLIENT", "KILL", "TYPE", "replica")
    await primary.close()


async def replicated(sentinels: Sentinels, cluster: str) -> None:
    """What the primary holds the replica holds, too."""
    primary, replica = Server(sentinels.primary.url), Server(sentinels.replica.url)
    try:
        seq = await primary.command("HGET", Keys(cluster).meta, "seq")
        async with asyncio.timeout(WITHIN):
            while await replica.command("HGET", Keys(cluster).meta, "seq") != seq:  # noqa: ASYNC110 # as above
                await asyncio.sleep(0.02)
    finally:
        await primary.close()
        await replica.close()


async def test_the_address_of_a_sentinel_as_that_of_a_redis_is_told(redis_program: str) -> None:
    with Sentinels(redis_program) as sentinels:
        await settled(sentinels)
        server = Server(f"redis://127.0.0.1:{sentinels.ports[0]}/0")
        try:
            assert await flaws(server, OF_API) == [
                "This is a Sentinel and no Redis; write its address as redis+sentinel://host:port/service."
            ]
        finally:
            await server.close()


async def test_sentinels_that_are_away_are_unavailable() -> None:
    server = Server(f"redis+sentinel://127.0.0.1:{free_port()}/main")
    try:
        with pytest.raises(StoreUnavailable, match=r"^no Sentinel tells of a primary that is up: No master .* 'main'$"):
            await server.command("PING")
    finally:
        await server.close()


@pytest.mark.parametrize(
    "url",
    [
        "redis+sentinel://one:26379,two:26380/main/0",
        "redis+sentinel://one,two/main",
        "rediss+sentinel://user:p%40ss@one:1,[::1]:2/main/3?sentinel_password=x&ssl_ca_certs=/ca.pem",
    ],
)
def test_an_address_of_sentinels_is_a_setting(url: str) -> None:
    assert config.load(redis_url=url).redis_url == url


@pytest.mark.parametrize("url", ["redis+sentinel://one:26379", "redis+sentinel://one:x/main", "redis+sentinel:///main"])
def test_an_address_of_sentinels_that_cannot_be_used_is_an_error(url: str) -> None:
    with pytest.raises(SettingsError, match="host:port,host:port/service/db"):
        config.load(redis_url=url)


def test_sentinels_and_their_redis_may_have_passwords_and_tls_of_their_own() -> None:
    url = "rediss+sentinel://user:p%40ss@one:1,[::1]/main/3?sentinel_password=x&ssl_ca_certs=/ca.pem"
    redis, sentinels = client(url, timeout=5)
    assert sentinels is not None
    primary = redis.connection_pool.connection_kwargs
    assert (primary["username"], primary["password"], primary["db"]) == ("user", "p@ss", 3)
    assert (primary["ssl_ca_certs"], primary["socket_timeout"]) == ("/ca.pem", 5)
    each = [one.connection_pool.connection_kwargs for one in sentinels.sentinels]
    assert [(one["host"], one["port"]) for one in each] == [("one", 1), ("::1", 26379)]
    assert {(one["username"], one["password"], one["ssl_ca_certs"]) for one in each} == {(None, "x", "/ca.pem")}
