"""What ``graph.store.protocols`` promises, on a real server."""

from __future__ import annotations

import pytest

from graph.errors import CursorExpired, EpochLost, Fenced, StoreIncompatible, StoreRefused, StoreUnavailable
from graph.model.action import Action, ActionRequest, ActionState, LogEntry, LogLevel
from graph.model.ref import ObjectRef
from graph.model.resource import ActionChange, Change, Cursor, FreshnessState, LogChange
from graph.store.codec import Codec
from graph.store.connection import Server
from graph.store.desk import RedisDesk
from graph.store.keys import Keys, epoch_number
from graph.store.protocols import Pen
from graph.store.reader import RedisReader
from graph.store.unread import in_full
from graph.store.writer import RedisWriter
from tests.store.conftest import KEPT
from tests.store.samples import added, deleted, key, lamp, modified


async def loaded(writer: RedisWriter, *resources: str, cluster: str) -> Pen:
    pen = await writer.claim(1)
    return await writer.fill(pen, [lamp(name, cluster=cluster) for name in resources])


async def tail(reader: RedisReader, cursor: Cursor) -> list[tuple[int, Change]]:
    """What follows a position, in full."""
    return [(seq, in_full(step)) for seq, step in await reader.tail(cursor, wait=0.1)]


async def test_an_empty_redis_gets_an_epoch_and_shows_nothing_until_it_is_loaded(
    writer: RedisWriter, reader: RedisReader, cluster: str
) -> None:
    assert (await reader.pulse(cluster)).epoch is None
    pen = await writer.claim(1)
    assert not pen.loaded
    assert await reader.snapshot(cluster) is None
    await writer.fill(pen, [lamp("a", cluster=cluster)])
    snapshot = await reader.snapshot(cluster)
    assert snapshot is not None
    assert snapshot.resources == {key("a", cluster): lamp("a", cluster=cluster)}
    assert snapshot.cursor == Cursor(cluster, pen.epoch, 0)
    assert cluster in await reader.clusters()


async def test_a_batch_is_a_dense_run_of_the_change_stream(
    writer: RedisWriter, reader: RedisReader, cluster: str
) -> None:
    pen = await loaded(writer, cluster=cluster)
    batch: list[Change] = [added(lamp("a", cluster=cluster)), modified(lamp("a", watts=2, cluster=cluster))]
    pen = await writer.write(pen, batch)
    pen = await writer.write(pen, [deleted("a", cluster)])
    assert pen.seq == 3
    found = await tail(reader, Cursor(cluster, pen.epoch, 0))
    assert found == [(1, batch[0]), (2, batch[1]), (3, deleted("a", cluster))]
    assert await tail(reader, Cursor(cluster, pen.epoch, 3)) == []


async def test_a_snapshot_holds_what_the_stream_led_to(writer: RedisWriter, reader: RedisReader, cluster: str) -> None:
    pen = await loaded(writer, "old", cluster=cluster)
    await writer.write(pen, [added(lamp("new", cluster=cluster)), deleted("old", cluster)])
    snapshot = await reader.snapshot(cluster)
    assert snapshot is not None
    assert list(snapshot.resources) == [key("new", cluster)]
    assert snapshot.cursor.seq == 2
    assert [seq for seq, _ in snapshot.transitions] == [1]


async def test_a_repeated_batch_is_written_once(writer: RedisWriter, reader: RedisReader, cluster: str) -> None:
    pen = await loaded(writer, cluster=cluster)
    batch = [added(lamp("a", cluster=cluster)), added(lamp("b", cluster=cluster))]
    first = await writer.write(pen, batch)
    assert await writer.write(pen, batch) == first
    snapshot = await reader.snapshot(cluster)
    assert snapshot is not None
    assert [seq for seq, _ in snapshot.transitions] == [1, 2]


async def test_a_deposed_leader_writes_nothing(writer: RedisWriter, reader: RedisReader, cluster: str) -> None:
    old = await loaded(writer, cluster=cluster)
    new = await writer.claim(2)
    assert (new.epoch, new.seq, new.loaded) == (old.epoch, 0, True)
    for attempt in (
        writer.write(old, [added(lamp("a", cluster=cluster))]),
        writer.beat(old, FreshnessState.LIVE, None),
        writer.fill(old, []),
        writer.claim(1),
    ):
        with pytest.raises(Fenced) as refused:
            await attempt
        assert refused.value.stored == 2
    assert (await reader.pulse(cluster)).seq == 0


async def test_lost_data_is_noticed_by_the_writer(writer: RedisWriter, server: Server, cluster: str) -> None:
    pen = await loaded(writer, cluster=cluster)
    await server.command("DEL", Keys(cluster).meta)
    with pytest.raises(EpochLost):
        await writer.beat(pen, FreshnessState.LIVE, None)
    again = await writer.claim(1, lost=pen.epoch)
    assert again.epoch != pen.epoch
    assert not again.loaded


async def test_a_redis_that_went_back_in_time_gets_a_new_epoch(
    writer: RedisWriter, reader: RedisReader, server: Server, cluster: str
) -> None:
    pen = await loaded(writer, cluster=cluster)
    pen = await writer.write(pen, [added(lamp("a", cluster=cluster)), added(lamp("b", cluster=cluster))])
    await server.command("HSET", Keys(cluster).meta, "seq", "1")
    await server.command("XDEL", Keys(cluster).changes, f"2-{epoch_number(pen.epoch)}")
    with pytest.raises(EpochLost):
        await writer.write(pen, [deleted("a", cluster)])
    again = await writer.claim(1, lost=pen.epoch)
    assert again.epoch != pen.epoch
    assert await reader.snapshot(cluster) is None
    again = await writer.fill(again, [lamp("z", cluster=cluster)])
    snapshot = await reader.snapshot(cluster)
    assert snapshot is not None
    assert list(snapshot.resources) == [key("z", cluster)]
    assert await server.command("EXISTS", Keys(cluster).resources(pen.epoch)) == 0


async def test_a_tail_never_crosses_into_another_epoch(writer: RedisWriter, reader: RedisReader, cluster: str) -> None:
    pen = await loaded(writer, cluster=cluster)
    pen = await writer.write(pen, [added(lamp("a", cluster=cluster))])
    again = await writer.fill(await writer.claim(1, lost=pen.epoch), [])
    await writer.write(again, [added(lamp("b", cluster=cluster))])
    with pytest.raises(EpochLost):
        await reader.tail(Cursor(cluster, pen.epoch, 1), wait=0.1)


async def test_what_an_epoch_ended_with_is_no_part_of_the_next_ones_tail(
    writer: RedisWriter, reader: RedisReader, cluster: str
) -> None:
    pen = await loaded(writer, cluster=cluster)
    for _ in range(8):  # the numbers of epochs rise and fall
        pen = await writer.write(pen, [added(lamp("a", cluster=cluster))])
        pen = await writer.fill(await writer.claim(1, lost=pen.epoch), [])
        assert await tail(reader, Cursor(cluster, pen.epoch, pen.seq)) == []


async def test_what_was_trimmed_is_no_silent_gap(
    writer: RedisWriter, reader: RedisReader, server: Server, cluster: str
) -> None:
    pen = await loaded(writer, cluster=cluster)
    pen = await writer.write(pen, [added(lamp(name, cluster=cluster)) for name in "abc"])
    await server.command("XTRIM", Keys(cluster).changes, "MAXLEN", 1)
    with pytest.raises(CursorExpired):
        await reader.tail(Cursor(cluster, pen.epoch, 0), wait=0.1)
    assert [seq for seq, _ in await tail(reader, Cursor(cluster, pen.epoch, 2))] == [3]


async def test_the_beat_is_what_readers_see(writer: RedisWriter, reader: RedisReader, cluster: str) -> None:
    pen = await loaded(writer, cluster=cluster)
    await writer.beat(pen, FreshnessState.STALE, "2026-01-01T00:00:00.000Z")
    pulse = await reader.pulse(cluster)
    assert (pulse.epoch, pulse.state, pulse.observed_at) == (
        pen.epoch,
        FreshnessState.STALE,
        "2026-01-01T00:00:00.000Z",
    )


async def test_actions_and_log_entries_have_their_place_in_the_stream(
    writer: RedisWriter, reader: RedisReader, cluster: str
) -> None:
    pen = await loaded(writer, cluster=cluster)
    ref = ObjectRef("Lamp", "a", "home")
    entry = LogEntry("l1", "2026-01-01T00:00:00.000Z", LogLevel.INFO, cluster, ref, None, "switched")
    action = Action("a1", "switch", ref, key("a", cluster), ActionState.RUNNING, "2026-01-01T00:00:00.000Z")
    await writer.write(pen, [ActionChange(action), LogChange(entry)])
    snapshot = await reader.snapshot(cluster)
    assert snapshot is not None
    assert (snapshot.actions, snapshot.log) == ([action], [(2, entry)])
    assert await tail(reader, Cursor(cluster, pen.epoch, 0)) == [
        (1, ActionChange(action)),
        (2, LogChange(entry)),
    ]


async def test_history_is_bounded_and_says_from_where_it_is_complete(
    writer: RedisWriter, reader: RedisReader, server: Server, cluster: str, codec: Codec
) -> None:
    pen = await loaded(writer, cluster=cluster)
    for _ in range(4):
        pen = await writer.write(pen, [added(lamp(f"n{n}", cluster=cluster)) for n in range(100)])
    snapshot = await reader.snapshot(cluster)
    assert snapshot is not None
    first = snapshot.transitions[0][0]
    assert KEPT.transitions <= len(snapshot.transitions) < 400
    assert snapshot.transitions_from == first - 1


async def test_only_the_newest_actions_are_kept(writer: RedisWriter, reader: RedisReader, cluster: str) -> None:
    pen = await loaded(writer, cluster=cluster)
    actions = [
        Action(
            f"a{n}",
            "switch",
            ObjectRef("Lamp", "a"),
            key("a", cluster),
            ActionState.SUCCEEDED,
            "2026-01-01T00:00:00.000Z",
        )
        for n in range(15)
    ]
    await writer.write(pen, [ActionChange(action) for action in actions])
    snapshot = await reader.snapshot(cluster)
    assert snapshot is not None
    assert snapshot.actions == actions[5:]


async def test_data_of_another_layout_is_refused(
    writer: RedisWriter, reader: RedisReader, server: Server, cluster: str
) -> None:
    await loaded(writer, cluster=cluster)
    await server.command("HSET", Keys(cluster).meta, "layout", "0")
    with pytest.raises(StoreIncompatible):
        await writer.claim(2)
    with pytest.raises(StoreIncompatible):
        await reader.snapshot(cluster)


async def test_an_action_is_asked_for_once_and_stays_until_it_is_done(desk: RedisDesk, cluster: str) -> None:
    request = ActionRequest("r1", "switch", key("a", cluster), "2026-01-01T00:00:00.000Z")
    assert await desk.ask(request, "fp")
    assert await desk.ask(request, "fp")
    assert not await desk.ask(request, "another")
    receipt, found = await first(desk, cluster)
    assert found == request
    assert await first(desk, cluster) == (receipt, request)
    await desk.done(cluster, receipt)
    await desk.ask(ActionRequest("r2", "switch", key("a", cluster), "2026-01-01T00:00:00.000Z"), "fp")
    assert (await first(desk, cluster))[1].id == "r2"


async def first(desk: RedisDesk, cluster: str) -> tuple[str, ActionRequest]:
    """What the desk hands out first to somebody who begins to read."""
    async for receipt, request in desk.requests(cluster):
        return receipt, request
    raise AssertionError("the desk never ends")


async def test_an_unreadable_request_is_dropped_and_holds_up_nobody(
    desk: RedisDesk, server: Server, cluster: str
) -> None:
    await server.command("XADD", Keys(cluster).requests, "*", "v", b"\xc1")
    request = ActionRequest("r1", "switch", key("a", cluster), "2026-01-01T00:00:00.000Z")
    await desk.ask(request, "fp")
    assert (await first(desk, cluster))[1] == request
    assert await server.command("XLEN", Keys(cluster).requests) == 1


async def test_an_absent_server_is_unavailable(codec: Codec) -> None:
    server = Server("redis://127.0.0.1:1/0", timeout=0.2)
    with pytest.raises(StoreUnavailable):
        await RedisReader(server, server, codec).clusters()
    await server.close()


async def test_a_server_without_memory_refuses_and_writes_nothing(
    writer: RedisWriter, reader: RedisReader, server: Server, cluster: str
) -> None:
    pen = await loaded(writer, cluster=cluster)
    await server.command("CONFIG", "SET", "maxmemory", "1")
    try:
        with pytest.raises(StoreRefused):
            await writer.write(pen, [added(lamp("a", cluster=cluster))])
    finally:
        await server.command("CONFIG", "SET", "maxmemory", "0")
    assert (await reader.pulse(cluster)).seq == 0
    assert (await writer.write(pen, [added(lamp("a", cluster=cluster))])).seq == 1
