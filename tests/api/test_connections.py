"""Connections over a real server: how many there may be, whose they are, and how they end when something goes wrong."""

from __future__ import annotations

import asyncio
import logging
import struct
from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import replace

import pytest
from structlog.testing import capture_logs
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from graph.api import conversation, following
from graph.api.context import Context
from graph.api.drain import Drain
from tests.api.server import Host, Served, hosting, until
from tests.api.world import World, shop
from tests.conformance.target import Target, frame

FRESHNESS = "subscription { freshness { state } }"
LIGHTS = "🚦" * 200
PINGS = 40_000
HELD = 200_000
"""Bytes of the 5 MB of answers that one client may leave in the server."""


@pytest.fixture
def limited(host: Host) -> Served:
    """Three connections, two of one address."""
    world = World()
    world.context = replace(world.context, drain=Drain(limit=3, per_peer=2))
    world.load(shop())
    return host.serve(world)


@pytest.fixture
async def proxied() -> AsyncIterator[Served]:
    """The same behind a proxy on this machine."""
    async with hosting(trusted_proxies=("127.0.0.1",)) as host:
        world = World()
        world.context = replace(world.context, drain=Drain(limit=3, per_peer=2))
        world.load(shop())
        yield host.serve(world)


async def _refused(served: Served, **options: object) -> str:
    async with served.socket(init=False, **options) as client:
        code, reason = await client.closed()
    assert code == 4429
    return reason


async def test_one_address_may_have_so_many_connections(limited: Served) -> None:
    async with limited.socket():
        async with limited.socket():
            assert await _refused(limited) == "too many connections from this address"
        await until(lambda: len(limited.world.context.drain) == 1)
        async with limited.socket():
            pass


async def test_a_proxy_that_is_trusted_says_whose_a_connection_is(proxied: Served) -> None:
    ours, theirs = {"X-Forwarded-For": "10.0.0.1"}, {"X-Forwarded-For": "10.0.0.2"}
    async with proxied.socket(additional_headers=ours), proxied.socket(additional_headers=ours):
        assert await _refused(proxied, additional_headers=ours) == "too many connections from this address"
        async with proxied.socket(additional_headers=theirs):
            assert await _refused(proxied, additional_headers=theirs) == "too many connections to this server"


async def test_others_are_not_believed(limited: Served) -> None:
    async with limited.socket(), limited.socket():
        reason = await _refused(limited, additional_headers={"X-Forwarded-For": "10.0.0.1"})
    assert reason == "too many connections from this address"


async def test_a_reason_is_cut_where_a_close_frame_ends(served: Served) -> None:
    async with served.socket() as client:
        for _ in range(2):
            await client.subscribe(FRESHNESS, id_=LIGHTS)
        await client.raw.wait_closed()
    assert client.raw.close_code == 4409
    assert (client.raw.close_reason or "").startswith("Subscriber for 🚦🚦")
    assert len((client.raw.close_reason or "").encode()) <= 123


async def test_a_fault_of_ours_closes_with_4500(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conversation, "decode", lambda text: 1 // 0)
    with capture_logs() as logs:
        async with served.socket(init=False) as client:
            await client.send({"type": "connection_init"})
            assert await client.closed() == (4500, "Internal server error")
    assert [log["event"] for log in logs if log["log_level"] == "error"] == ["a websocket failed"]


async def test_what_raises_midstream_ends_that_operation_alone(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(context: Context, cluster: str) -> AsyncGenerator[object, None]:
        yield context.catalog.freshness(cluster)
        raise ZeroDivisionError("division by zero")

    async with served.socket() as client:
        await client.subscribe(FRESHNESS)
        await client.next()
        monkeypatch.setattr(following, "freshness", broken)
        with capture_logs() as logs:
            await client.subscribe(FRESHNESS, id_="2")
            assert (await client.receive())["id"] == "2"
            message = await client.receive()
        (error,) = message["payload"]
        assert (message["id"], message["type"], error["message"]) == ("2", "error", "internal error")
        assert [log["correlation"] for log in logs if "correlation" in log] == [error["extensions"]["correlation"]]
        await client.subscribe("{ clusters { name } }", id_="2")
        assert await client.next() == [{"name": "one"}]


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        ([frame(b"\x80")], 1007),
        ([frame("x" * 65_000), frame("x" * 65_000)], 4400),
        ([frame(b"", 11)], 1002),
        ([frame("{", 0)], 1002),
    ],
)
async def test_what_the_server_closes_for_is_no_error_of_its_own(
    served: Served, caplog: pytest.LogCaptureFixture, sent: list[bytes], code: int
) -> None:
    with caplog.at_level(logging.WARNING), capture_logs() as logs:
        assert await asyncio.to_thread(_said, served.port, sent) == code
        assert await asyncio.to_thread(_said, served.port, [*sent, frame(struct.pack("!H", 1000), 8)]) in (code, 1000)
        await until(lambda: len(served.world.context.drain) == 0)
    assert caplog.records == []
    assert [log for log in logs if log["log_level"] == "error"] == []


def _said(port: int, frames: list[bytes]) -> int:
    """The close code after these frames came in one piece, while items were on their way."""
    client = Target("127.0.0.1", port).stalling(FRESHNESS)
    with client, client.makefile("rb") as stream:
        client.sendall(b"".join(frames))
        while stream.readline().strip():
            pass
        while (head := stream.read(2))[0] & 15 != 8:
            size = head[1] & 127
            stream.read(int.from_bytes(stream.read(2), "big") if size == 126 else size)
        return int.from_bytes(stream.read(head[1] & 127)[:2], "big")


async def test_a_refusal_is_no_error_of_the_server(served: Served, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING), pytest.raises(Exception, match="403"):
        async with served.socket(origin="null"):
            pass
    assert caplog.records == []


async def test_pings_of_a_client_that_does_not_read_are_not_answered_into_memory(host: Host, served: Served) -> None:
    client = await asyncio.to_thread(Target("127.0.0.1", served.port).stalling, FRESHNESS)
    with client:
        some = frame(b"x" * 120, 9) * 1000
        for _ in range(PINGS // 1000):
            await asyncio.to_thread(client.sendall, some)
        await asyncio.to_thread(client.sendall, frame("the end"))
        await until(lambda: len(served.world.context.drain) == 0)
        assert host.server is not None
        connections = [one for one in host.server.server_state.connections if isinstance(one, WebSocketsSansIOProtocol)]
        assert 0 < sum(one.transport.get_write_buffer_size() for one in connections) < HELD


async def test_being_unready_comes_before_the_first_close(served: Served, world: World) -> None:
    async with served.socket() as client:
        draining = asyncio.create_task(world.context.drain(1.0))
        await until(lambda: world.context.drain.draining)
        assert (await served.request("GET", "/readyz")).status == 503
        async with served.socket():
            pass  # whoever is still sent here is served
        assert client.raw.close_code is None
        assert (await client.closed())[0] == 1012
        await draining
