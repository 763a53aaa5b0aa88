"""What somebody else wrote into Redis, or what broke there, ends no process and is read around."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import msgspec
import pytest
from structlog.testing import capture_logs

from graph.errors import CursorExpired, EpochLost, MalformedObject, StoreIncompatible, StoreUnavailable
from graph.model.action import ActionRequest
from graph.model.resource import Change, Cursor, FreshnessState, ResourceChange
from graph.store import follower as following
from graph.store.codec import Codec
from graph.store.connection import Script, Server
from graph.store.desk import RedisDesk
from graph.store.follower import Follower
from graph.store.hub import Hub
from graph.store.keys import CLUSTERS, Keys, epoch_number
from graph.store.protocols import Pulse, Snapshot
from graph.store.reader import RedisReader
from graph.store.replica import Replica
from graph.store.unread import in_full
from graph.store.writer import RedisWriter
from tests.servers import RedisServer
from tests.store.conftest import KEPT
from tests.store.samples import LAMP, added, key, lamp, modified
from tests.store.scripted import Scripted, followed, until

DEEP = b"\x91" * 200_000
"""Arrays in arrays: of a request, a field that is skipped."""


def change(codec: Codec, name: str = "home") -> bytes:
    _, _, head, value, _ = codec.encode_change(modified(lamp("a")))
    return (head + value).replace(b"home", name.encode("latin-1"))


def deep(stored: bytes) -> bytes:
    """With one more field, of which nobody sees the end."""
    return bytes([stored[0] + 1]) + stored[1:] + DEEP


@pytest.mark.parametrize("broken", ["text", "deep"])
def test_a_change_that_is_rubbish_is_malformed(codec: Codec, broken: str) -> None:
    rubbish = change(codec, "\xff\xfeme") if broken == "text" else deep(change(codec))
    with pytest.raises(MalformedObject, match="unreadable change"):
        codec.step(b"LAMP", rubbish)


def test_a_change_of_nothing_is_malformed(codec: Codec, replica: Replica) -> None:
    replica.load(Snapshot(Cursor("c1", "e", 0), {}, [], 0, [], 0, []))
    with pytest.raises(MalformedObject, match="a change of nothing"):
        replica.apply(1, codec.step(b"LAMP", msgspec.msgpack.encode(["MODIFIED", None, None])))
    assert replica.cursor == Cursor("c1", "e", 0)


@pytest.mark.parametrize("broken", ["text", "deep"])
def test_what_is_decoded_alone_is_malformed_when_it_is_rubbish(codec: Codec, broken: str) -> None:
    stored = codec.encode(ActionRequest("r1", "switch", key("a"), "2026-01-01T00:00:00.000Z"))
    rubbish = stored.replace(b"home", b"\xff\xfeme") if broken == "text" else deep(stored)
    with pytest.raises(MalformedObject, match="unreadable ActionRequest"):
        codec.request(rubbish)


@pytest.mark.parametrize("broken", ["text", "deep"])
def test_a_hash_of_resources_that_are_rubbish_is_malformed(codec: Codec, broken: str) -> None:
    stored = codec.encode(lamp("a"))
    rubbish = stored.replace(b"home", b"\xff\xfeme") if broken == "text" else deep(stored)
    with pytest.raises(MalformedObject, match="unreadable resource"):
        codec.resources([b"LAMP/home/a", rubbish])


async def test_an_entry_with_more_than_its_field_is_read(
    writer: RedisWriter, reader: RedisReader, server: Server, codec: Codec, cluster: str
) -> None:
    pen = await writer.fill(await writer.claim(1), [])
    words = (f"1-{epoch_number(pen.epoch)}", "LAMP", change(codec), "more", "than that")
    await server.command("XADD", Keys(cluster).changes, *words)
    found = [in_full(step) for _, step in await reader.tail(Cursor(cluster, pen.epoch, 0), wait=0.1)]
    assert found == [modified(lamp("a"))]


async def test_a_request_with_more_than_its_field_or_that_is_no_text_holds_up_nobody(
    desk: RedisDesk, server: Server, codec: Codec, cluster: str
) -> None:
    request = ActionRequest("r1", "switch", key("a", cluster), "2026-01-01T00:00:00.000Z")
    stored, requests = codec.encode(request), Keys(cluster).requests
    await server.command("XADD", requests, "*", "v", stored.replace(b"home", b"\xff\xfeme"))
    await server.command("XADD", requests, "*", "v", stored, "more", "than that")
    async for _, found in desk.requests(cluster):
        assert found == request
        break
    assert await server.command("XLEN", requests) == 1


async def test_an_epoch_that_is_rubbish_is_malformed_to_readers_and_not_written_to(
    writer: RedisWriter, reader: RedisReader, server: Server, cluster: str
) -> None:
    await writer.fill(await writer.claim(1), [])
    await server.command("HSET", Keys(cluster).meta, "epoch", "another")
    with pytest.raises(MalformedObject):
        await reader.snapshot(cluster)
    with pytest.raises(StoreIncompatible, match="somebody else wrote"):
        await writer.claim(2)


@pytest.mark.parametrize("field", ["seq", "term"])
async def test_a_position_that_is_gone_is_a_loss(writer: RedisWriter, server: Server, cluster: str, field: str) -> None:
    pen = await writer.fill(await writer.claim(1), [])
    await server.command("HDEL", Keys(cluster).meta, field)
    with pytest.raises(EpochLost):
        await writer.write(pen, [added(lamp("a", cluster=cluster))])


async def test_a_name_that_is_no_text_is_no_cluster(reader: RedisReader, server: Server) -> None:
    await server.command("SADD", CLUSTERS, b"\xff\xfe", "readable")
    try:
        names = await reader.clusters()
    finally:
        await server.command("SREM", CLUSTERS, b"\xff\xfe", "readable")
    assert "readable" in names


async def test_a_snapshot_of_another_layout_is_not_even_sent(writer: RedisWriter, server: Server, cluster: str) -> None:
    keys = Keys(cluster)
    await writer.fill(await writer.claim(1), [lamp("a", cluster=cluster)])
    names = [keys.meta, keys.transitions, keys.log, keys.actions, keys.action_order]
    assert len(await server.script(Script("snapshot"), names, [keys.resources(""), "another"])) == 1


class Garbling(Codec):
    """What it writes is stored as it should be, and told as rubbish."""

    def encode_change(self, change: Change) -> tuple[str, str, bytes, bytes, bytes]:
        sort, field, _, value, told = super().encode_change(change)
        return sort, field, b"\xc1", value, told


@pytest.fixture
def replica(cluster: str) -> Replica:
    return Replica(cluster, [LAMP], keep_transitions=100, keep_log=100, keep_actions=10)


async def test_a_change_that_cannot_be_read_is_gone_around_and_told_once(
    server: Server, codec: Codec, cluster: str, replica: Replica
) -> None:
    writer, garbling = (RedisWriter(server, cluster, each, KEPT) for each in (codec, Garbling([LAMP])))
    pen = await writer.fill(await writer.claim(1), [])
    follower = Follower(replica, RedisReader(server, server, codec), Hub(100), lambda: 0.0)
    with capture_logs() as logs:
        async with followed(follower):
            await until(lambda: replica.cursor is not None)
            pen = await garbling.write(pen, [added(lamp("a", cluster=cluster))])
            await until(lambda: replica.cursor == Cursor(cluster, pen.epoch, 1))
            pen = await writer.write(pen, [added(lamp("b", cluster=cluster))])
            await until(lambda: replica.cursor == Cursor(cluster, pen.epoch, 2))
    assert set(replica.resources) == {key("a", cluster), key("b", cluster)}
    assert [line["event"] for line in logs if line["log_level"] != "info"] == ["loading again"]


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A beat is five milliseconds."""
    monkeypatch.setattr(following, "BEAT", 0.005)


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("problem", [MalformedObject("rubbish"), StoreIncompatible("of layout '1'")])
async def test_a_snapshot_that_cannot_be_read_is_told_once(replica: Replica, problem: Exception) -> None:
    reader = Scripted(replica.cluster, Pulse("a", 0, FreshnessState.LIVE, None, loaded=True, silent=0.0))
    reader.unreadable = problem
    follower = Follower(replica, reader, Hub(100), lambda: 0.0)
    with capture_logs() as logs:
        async with followed(follower):
            await reader.beats(100)
    assert [line["event"] for line in logs if line["log_level"] != "info"] == [
        "the cluster cannot be read, trying again"
    ]
    assert follower.freshness().state is FreshnessState.CATCHING_UP


@pytest.mark.usefixtures("impatient")
async def test_a_snapshot_that_cannot_be_read_is_asked_for_less_and_less_often(replica: Replica) -> None:
    reader = Scripted(replica.cluster, Pulse("a", 0, FreshnessState.LIVE, None, loaded=True, silent=0.0))
    reader.unreadable = MalformedObject("rubbish")
    async with followed(Follower(replica, reader, Hub(100), lambda: 0.0)):
        await reader.beats(100)
        assert 2 < reader.snapshots < 15
        reader.unreadable = None
        await until(lambda: replica.cursor is not None)


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("problem", [MalformedObject("rubbish"), EpochLost("another"), CursorExpired("a gap")])
async def test_a_change_that_no_snapshot_gets_around_is_not_read_without_end(
    replica: Replica, problem: Exception
) -> None:
    reader = Scripted(replica.cluster, Pulse("a", 0, FreshnessState.LIVE, None, loaded=True, silent=0.0))

    def poison() -> Iterator[tuple[int, ResourceChange]]:
        raise problem

    async with followed(Follower(replica, reader, Hub(100), lambda: 0.0)):
        await until(lambda: replica.cursor is not None)
        reader.page = poison
        await reader.beats(100)
    assert reader.snapshots < 15


@pytest.mark.usefixtures("impatient")
async def test_a_redis_that_went_back_is_not_read_whole_until_it_goes_on(replica: Replica) -> None:
    reader = Scripted(replica.cluster, Pulse("a", 7, FreshnessState.LIVE, None, loaded=True, silent=0.0))
    async with followed(Follower(replica, reader, Hub(100), lambda: 0.0)):
        await until(lambda: replica.cursor is not None)
        reader.word = Pulse("a", 3, FreshnessState.LIVE, None, loaded=True, silent=0.0)
        await reader.beats(50)
        assert reader.snapshots == 1
        reader.word = Pulse("b", 3, FreshnessState.LIVE, None, loaded=True, silent=0.0)
        await until(lambda: replica.cursor == Cursor(replica.cluster, "b", 3))


class Slow(Scripted):
    """A load ends while the pulse is asked for."""

    replica: Replica

    async def snapshot(self, cluster: str) -> Snapshot | None:
        found = await super().snapshot(cluster)
        assert found is not None
        self.took = lambda: until(lambda: self.replica.cursor == found.cursor)
        await self.beats(1)
        return found


@pytest.mark.usefixtures("impatient")
async def test_an_epoch_that_is_loaded_while_the_writer_is_heard_is_loaded_once(replica: Replica) -> None:
    reader = Slow(replica.cluster, Pulse("a", 0, FreshnessState.LIVE, None, loaded=True, silent=0.0))
    reader.replica = replica
    async with followed(Follower(replica, reader, Hub(100), lambda: 0.0)):
        await until(lambda: replica.cursor is not None)
        reader.word = Pulse("b", 0, FreshnessState.LIVE, None, loaded=True, silent=0.0)
        await until(lambda: replica.cursor == Cursor(replica.cluster, "b", 0))
        await reader.beats(5)
    assert reader.snapshots == 2


async def test_a_large_answer_has_more_time_than_a_small_one(redis_server: RedisServer, codec: Codec) -> None:
    server = Server(redis_server.url, timeout=0.2)
    try:
        writer, reader = RedisWriter(server, "large", codec, KEPT), RedisReader(server, server, codec)
        await writer.fill(await writer.claim(1), [lamp("a", cluster="large")])
        assert await reader.snapshot("large") is not None
        with redis_server.stopped():
            snapshot = asyncio.create_task(reader.snapshot("large"))
            with pytest.raises(StoreUnavailable, match="does not answer"):
                await reader.pulse("large")
        assert await snapshot is not None
    finally:
        await server.close()
