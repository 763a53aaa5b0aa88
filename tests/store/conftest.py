"""Stores over a real server, a cluster of its own for each test."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator

import pytest

from graph.store.codec import Codec
from graph.store.connection import Server
from graph.store.desk import RedisDesk
from graph.store.reader import RedisReader
from graph.store.writer import Kept, RedisWriter
from tests.servers import RedisServer
from tests.store.samples import LAMP

_numbers = itertools.count(1)
KEPT = Kept(changes=1000, transitions=100, log=100, actions=10)


@pytest.fixture
def codec() -> Codec:
    return Codec([LAMP])


@pytest.fixture
def cluster() -> str:
    return f"c{next(_numbers)}"


@pytest.fixture
async def server(shared_redis: RedisServer) -> AsyncIterator[Server]:
    server = Server(shared_redis.url)
    yield server
    await server.close()


@pytest.fixture
def writer(server: Server, cluster: str, codec: Codec) -> RedisWriter:
    return RedisWriter(server, cluster, codec, KEPT)


@pytest.fixture
def reader(server: Server, codec: Codec) -> RedisReader:
    return RedisReader(server, server, codec)


@pytest.fixture
def desk(server: Server, codec: Codec) -> RedisDesk:
    return RedisDesk(server, server, codec)
