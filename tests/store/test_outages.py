"""A Redis that stood still, lost data, holds rubbish, or hears late what was sent, and what becomes of it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

import pytest
from prometheus_client import REGISTRY

from graph.errors import EpochLost, MalformedObject, StoreIncompatible
from graph.model import instant
from graph.model.resource import FreshnessState, Whole
from graph.store import outbox as outboxes
from graph.store.codec import Codec
from graph.store.connection import Script, Server, Value
from graph.store.follower import Follower
from graph.store.hub import Hub
from graph.store.keys import LAYOUT, Keys, field_of
from graph.store.outbox import Outbox
from graph.store.protocols import Pen
from graph.store.reader import RedisReader
from graph.store.replica import Replica
from graph.store.writer import RedisWriter
from tests.servers import RedisServer
from tests.store.pipeline import pipeline
from tests.store.samples import LAMP, added, key, lamp, modified


async def whole(reader: RedisReader, cluster: str) -> Whole:
    snapshot = await reader.snapshot(cluster)
    assert snapshot is not None
    return snapshot.whole


async def stored(reader: RedisReader, cluster: str) -> set[str]:
    snapshot = await reader.snapshot(cluster)
    assert snapshot is not None
    return {one.name for one in snapshot.resources}


def gauge(name: str, cluster: str) -> float | None:
    return REGISTRY.get_sample_value(name, {"cluster": cluster})


async def test_a_redis_that_stood_still_gets_everything_in_order_and_once(redis_server: RedisServer) -> None:
    async with pipeline(redis_server.url, "still", timeout=0.2) as one:
        one.switch("a", 0)
        await one.shown("a", 0)
        with redis_server.stopped():
            for watts in range(1, 200):
                one.switch("a", watts)
                one.switch(f"n{watts}", watts)
            await one.until(lambda: one.state is FreshnessState.DISCONNECTED)
            await one.until(lambda: (gauge("statusgraph_outbox_oldest_seconds", "still") or 0) > 0.3)
            assert gauge("statusgraph_outbox_waiting", "still") == 398
            assert gauge("statusgraph_redis_refuses_writes", "still") == 0
        await one.shown("n199", 199)
        assert one.watts("a") == 199
        assert one.outbox.pen.seq == 399
        told = [transition.key.name for _, transition in one.replica.transitions.items]
        assert told == ["a", *(f"n{watts}" for watts in range(1, 200))]
        assert gauge("statusgraph_outbox_waiting", "still") == 0
        assert gauge("statusgraph_outbox_oldest_seconds", "still") == 0


async def test_a_long_outage_keeps_of_each_object_the_newest_value_and_every_transition(
    writer: RedisWriter, reader: RedisReader, cluster: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outboxes, "CROWDED", 100)
    lamps = {name: lamp(name, cluster=cluster) for name in ("a", "b")}
    outbox = Outbox(
        writer,
        await writer.fill(await writer.claim(1), []),
        everything=lambda: {one.key: one for one in lamps.values()},
        vitals=lambda _: (FreshnessState.LIVE, None),
    )
    for watts in range(1000):
        outbox.put([modified(lamp("a", watts=watts, cluster=cluster))])
        if watts % 100 == 0:
            outbox.put([added(lamp("b", watts=watts, cluster=cluster))])
    assert len(outbox) < 250
    outbox.open()
    running = asyncio.create_task(outbox.run())
    await outbox.written()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    snapshot = await reader.snapshot(cluster)
    assert snapshot is not None
    assert snapshot.resources[key("a", cluster)].fields.watts == 999
    assert snapshot.resources[key("b", cluster)].fields.watts == 900
    assert len(snapshot.transitions) == 10


async def test_data_of_before_the_last_loss_is_written_anew(
    writer: RedisWriter, reader: RedisReader, server: Server, cluster: str
) -> None:
    old = await writer.fill(await writer.claim(1), [lamp("old", cluster=cluster)])
    backup = {name: await server.command("DUMP", name) for name in await server.command("KEYS", f"*{{{cluster}}}*")}
    now = lamp("now", cluster=cluster)
    pen = await writer.fill(await writer.claim(1, lost=old.epoch), [now])
    outbox = Outbox(writer, pen, everything=lambda: {now.key: now}, vitals=lambda _: (FreshnessState.LIVE, None))
    outbox.open()
    for name in await server.command("KEYS", f"*{{{cluster}}}*"):
        await server.command("DEL", name)
    for name, value in backup.items():
        await server.command("RESTORE", name, 0, value)
    running = asyncio.create_task(outbox.run())
    outbox.put([modified(now)])
    await outbox.written()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    snapshot = await reader.snapshot(cluster)
    assert snapshot is not None
    assert snapshot.resources == {now.key: now}
    assert snapshot.cursor.epoch not in (old.epoch, pen.epoch)


async def test_a_beat_says_how_long_what_is_to_be_written_waits_and_nothing_before_it_may_be(
    writer: RedisWriter, cluster: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outboxes, "BEAT", 0.02)
    told: list[float | None] = []

    def vitals(waits: float | None) -> tuple[FreshnessState, str | None]:
        told.append(waits)
        return FreshnessState.CATCHING_UP, None

    pen = await writer.fill(await writer.claim(1), [])
    outbox = Outbox(writer, pen, everything=dict, vitals=vitals)
    running = asyncio.create_task(outbox.run())
    outbox.put([added(lamp("a", cluster=cluster))])
    await asyncio.sleep(0.1)
    assert told
    assert not any(told)
    outbox.put([added(lamp(f"m{number}", cluster=cluster)) for number in range(outboxes.BATCH)])
    told.clear()
    outbox.open()
    monkeypatch.setattr(outboxes, "BEAT", 0.0)
    await outbox.written()
    await until(lambda: len(told) > 2)
    assert told[0] is None, "what an earlier leader left may be of any time"
    assert told[-1] == 0
    monkeypatch.setattr(outboxes, "BEAT", 0.02)
    outbox.put([], waited=7)
    outbox.put([added(lamp("late", cluster=cluster))], waited=7)
    assert outbox.oldest >= 7
    await outbox.written()
    outbox.put([added(lamp(f"n{number}", cluster=cluster)) for number in range(outboxes.BATCH + 1)])
    told.clear()
    time.sleep(0.1)  # noqa: ASYNC251 # a loop that is late for its beat writes one batch first
    await until(lambda: len(told) > 1)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert told[0] is not None
    assert told[0] > 0.1
    assert told[1] == 0


async def test_after_an_outage_the_next_one_is_kept_as_small(
    writer: RedisWriter, cluster: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outboxes, "CROWDED", 100)
    pen = await writer.fill(await writer.claim(1), [])
    outbox = Outbox(writer, pen, everything=dict, vitals=lambda _: (FreshnessState.LIVE, None))
    outbox.put([added(lamp(f"n{number}", cluster=cluster)) for number in range(500)])
    outbox.open()
    running = asyncio.create_task(outbox.run())
    try:
        await outbox.written()
        await until(lambda: len(outbox) == 0)
        await asyncio.wait_for(outbox.written(), 5)
        outbox.put([modified(lamp("a", watts=watts, cluster=cluster)) for watts in range(200)])
        assert len(outbox) == 1
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def test_history_says_since_when_it_is_whole(
    writer: RedisWriter, reader: RedisReader, server: Server, cluster: str
) -> None:
    before = time.time() - 0.001
    pen = await writer.fill(await writer.claim(1), [])
    began = await whole(reader, cluster)
    since = instant.parse(began.since)
    assert since is not None
    assert before <= since <= time.time()
    assert not began.lost
    await writer.claim(2)
    assert await whole(reader, cluster) == began
    await server.command("DEL", Keys(cluster).meta)
    with pytest.raises(EpochLost):
        await writer.write(pen, [added(lamp("a", cluster=cluster))])
    await writer.fill(await writer.claim(2, lost=pen.epoch), [])
    after = await whole(reader, cluster)
    assert after.lost
    await server.command("DEL", Keys(cluster).meta)
    await writer.fill(await writer.claim(3), [])
    assert (await whole(reader, cluster)).lost
    assert (after.since or "") >= (began.since or "")


async def test_a_reader_that_is_ahead_tells_a_writer_that_knows_of_no_loss(
    writer: RedisWriter, reader: RedisReader, server: Server, cluster: str
) -> None:
    pen = await writer.fill(await writer.claim(1), [])
    pen = await writer.write(pen, [added(lamp("a", cluster=cluster)), added(lamp("b", cluster=cluster))])
    replica = Replica(cluster, [LAMP], keep_transitions=10, keep_log=10, keep_actions=10)
    running = asyncio.create_task(Follower(replica, reader, Hub(100), time.monotonic).run())
    try:
        await until(lambda: replica.cursor is not None)
        await server.command("HSET", Keys(cluster).meta, "seq", 1)  # a failover to a replica that was behind
        another = await writer.claim(2)
        assert another.epoch == pen.epoch
        with pytest.raises(EpochLost, match="more was read of epoch"):
            await beating(writer, another)
        another = await writer.fill(await writer.claim(2, lost=another.epoch), [])
        await until(lambda: replica.cursor is not None and replica.cursor.epoch == another.epoch)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    assert replica.whole.lost


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not holds():  # noqa: ASYNC110 # a replica tells no one
            await asyncio.sleep(0.01)


async def beating(writer: RedisWriter, pen: Pen) -> None:
    async with asyncio.timeout(10):
        while True:
            await writer.beat(pen, FreshnessState.LIVE, None)
            await asyncio.sleep(0.01)


async def test_a_term_that_went_back_is_a_loss_and_no_other_leader(
    writer: RedisWriter, server: Server, cluster: str
) -> None:
    pen = await writer.fill(await writer.claim(2), [])
    await server.command("HSET", Keys(cluster).meta, "term", 1)
    with pytest.raises(EpochLost, match="Redis holds term 1 again, ours is 2"):
        await writer.write(pen, [added(lamp("a", cluster=cluster))])


async def test_a_page_that_comes_late_changes_nothing_that_is_read(
    writer: RedisWriter, reader: RedisReader, server: Server, codec: Codec, cluster: str
) -> None:
    pen = await writer.fill(await writer.claim(1), [lamp("a", cluster=cluster)])
    pen = await writer.write(pen, [modified(lamp("a", watts=2, cluster=cluster))])
    await page(server, codec, pen, cluster, first=True)
    await page(server, codec, pen, cluster, first=False)
    snapshot = await reader.snapshot(cluster)
    assert snapshot is not None
    assert list(snapshot.resources.values()) == [lamp("a", watts=2, cluster=cluster)]


async def test_a_first_page_that_comes_late_makes_no_incomplete_generation(
    writer: RedisWriter,
    reader: RedisReader,
    server: Server,
    codec: Codec,
    cluster: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("graph.store.writer.PAGE", 1)
    pen = await writer.claim(1)
    script, calls = server.script, 0

    async def late(*words: object) -> object:
        nonlocal calls
        calls += 1
        if calls == 2:  # between the first page and the second
            monkeypatch.undo()
            await page(server, codec, pen, cluster, first=True)
        return await script(*words)  # type: ignore[arg-type] # handed on as it came

    monkeypatch.setattr(server, "script", late)
    lamps = [lamp("a", cluster=cluster), lamp("b", cluster=cluster)]
    with pytest.raises(EpochLost):
        await writer.fill(pen, lamps)
    await writer.fill(await writer.claim(1, lost=pen.epoch), lamps)
    assert await stored(reader, cluster) == {"a", "b"}


async def page(server: Server, codec: Codec, pen: Pen, cluster: str, *, first: bool) -> None:
    """What a leader sent that was never answered arrives."""
    keys, one = Keys(cluster), lamp("a", cluster=cluster)
    words: list[Value] = [pen.epoch, pen.term, pen.epoch, int(first), "late", field_of(one.key), codec.encode(one)]
    await server.script(Script("fill"), [keys.meta, keys.resources(pen.epoch)], words)


async def test_another_layout_is_refused_with_a_sentence_by_both_sides(
    writer: RedisWriter, reader: RedisReader, server: Server, cluster: str
) -> None:
    pen = await writer.fill(await writer.claim(1), [])
    await server.command("HSET", Keys(cluster).meta, "layout", "0")
    for attempt in (writer.claim(2), writer.claim(1, lost=pen.epoch), reader.snapshot(cluster)):
        with pytest.raises(
            StoreIncompatible, match=f"Redis holds data of layout '0', this version (writes|reads) '{LAYOUT}'"
        ):
            await attempt


async def test_an_outbox_outlives_data_of_another_layout(
    writer: RedisWriter, reader: RedisReader, server: Server, cluster: str
) -> None:
    keys, held = Keys(cluster), {key("a", cluster): lamp("a", cluster=cluster)}
    pen = await writer.fill(await writer.claim(1), [])
    outbox = Outbox(writer, pen, everything=lambda: held, vitals=lambda _: (FreshnessState.LIVE, None))
    await server.command("HSET", keys.meta, "epoch", "another", "layout", "0")
    outbox.open()
    running = asyncio.create_task(outbox.run())
    try:
        outbox.put([added(lamp("a", cluster=cluster))])
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(outbox.written(), 0.3)
        assert not running.done()
        await server.command("DEL", keys.meta, keys.changes, keys.transitions)
        await asyncio.wait_for(outbox.written(), 5)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    assert await stored(reader, cluster) == {"a"}


@pytest.mark.parametrize(
    ("name", "value"), [("seq", b"many"), ("seq", b"\xff"), ("epoch", b"\xff\xfe"), ("observed", b"\xff")]
)
async def test_rubbish_in_redis_is_malformed(
    writer: RedisWriter, reader: RedisReader, server: Server, cluster: str, *, name: str, value: bytes
) -> None:
    await writer.fill(await writer.claim(1), [])
    await server.command("HSET", Keys(cluster).meta, name, value)
    with pytest.raises(MalformedObject):
        await reader.pulse(cluster)


async def test_a_position_that_is_rubbish_is_not_written_to(writer: RedisWriter, server: Server, cluster: str) -> None:
    await writer.claim(1)
    await server.command("HSET", Keys(cluster).meta, "seq", b"\xff")
    with pytest.raises(StoreIncompatible, match=r"^somebody else wrote to statusgraph:.*: delete the keys"):
        await writer.claim(2)


async def test_a_resource_that_is_rubbish_is_malformed(
    writer: RedisWriter, reader: RedisReader, server: Server, cluster: str
) -> None:
    pen = await writer.fill(await writer.claim(1), [lamp("a", cluster=cluster)])
    await server.command("HSET", Keys(cluster).resources(pen.epoch), field_of(key("a", cluster)), b"\xc1")
    with pytest.raises(MalformedObject):
        await reader.snapshot(cluster)
