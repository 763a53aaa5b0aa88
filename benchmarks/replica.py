"""What a change costs before any subscriber sees it: in the writer, in Redis, and from there into the replica."""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import Sequence
from itertools import islice
from statistics import median

from msgspec.structs import replace

from benchmarks import report, synthetic
from graph.config import load
from graph.kinds import KINDS
from graph.model import instant
from graph.model.ref import Key
from graph.model.resource import Change, ChangeType, Resource, ResourceChange, Transition
from graph.model.status import State, Status
from graph.store.codec import Codec
from graph.store.connection import Server
from graph.store.follower import Follower
from graph.store.hub import Delivery, Hub, Item
from graph.store.protocols import Pen
from graph.store.reader import RedisReader
from graph.store.replica import Replica
from graph.store.unread import Step, in_full
from graph.store.writer import RedisWriter

ROUNDS = 5
CHANGES = 4000
BATCH = 100
SINGLE = 500
"""Changes that are written one by one."""
COSTS = {
    "stream → replica": "≤ 12 µs",
    "of that, reading": "",
    "stream → replica → hub": "",
    "writer": "",
    "Redis, writing": "",
}
"""What is measured in every round, and its goal."""
WRITTEN = "written → with the hub's subscriber"


async def run() -> None:
    """Prints one table."""
    stored = synthetic.resources(synthetic.seen())
    with synthetic.redis() as redis:
        writing, reading, tailing = Server(redis.url), Server(redis.url), Server(redis.url)
        pencil, reader = synthetic.writer(writing), RedisReader(reading, tailing, Codec(KINDS))
        pen = await synthetic.fill(pencil, list(stored.values()))
        replica = _empty()
        cost = await _loading(reader, replica) / len(stored)
        gc.freeze()
        rounds = []
        for number in range(ROUNDS):
            wrote, pen = await _wrote(pencil, pen, writing, _changes(stored, CHANGES, 2 * number))
            unheard = await _catch_up(reader, replica, pen.seq, hub=None)
            _, pen = await _wrote(pencil, pen, writing, _changes(stored, CHANGES, 2 * number + 1))
            heard = await _catch_up(reader, replica, pen.seq, hub=Hub(CHANGES))
            rounds.append([*unheard, heard[0], *wrote])
        latencies = await _latencies(pencil, pen, _changes(stored, SINGLE, 2 * ROUNDS), replica=replica, reader=reader)
        rows = [["snapshot → replica, of one resource", str(len(stored)), f"{cost * 1e6:.1f}", "", "", "", ""]]
        for (name, goal), values in zip(COSTS.items(), zip(*rounds, strict=True), strict=True):
            rows.append([name, str(CHANGES), f"{median(values) * 1e6:.1f}", "", "", "", goal])
        rows.append([WRITTEN, str(SINGLE), "", *report.milliseconds(latencies), "p50 ≤ 1 ms"])
        columns = ["", "count", "µs CPU", "p50 ms", "p99 ms", "max ms", "goal"]
        report.table("Change → Redis → replica", columns, rows)
        for server in (writing, reading, tailing):
            await server.close()


def _empty() -> Replica:
    settings = load()
    return Replica(
        synthetic.CLUSTER,
        KINDS,
        keep_transitions=settings.keep_transitions,
        keep_log=settings.keep_log,
        keep_actions=settings.keep_actions,
    )


def _changes(stored: dict[Key, Resource], count: int, number: int) -> Sequence[Change]:
    """Pods that turn from one state to another."""
    pods = [resource for resource in stored.values() if resource.key.kind == "POD"]
    return [_changed(pod, number) for pod in islice(pods, count)]


def _changed(pod: Resource, number: int) -> ResourceChange:
    at = instant.show(synthetic.now() + number)
    because = pod.status.because if pod.status else ()
    status = Status(State.PROGRESSING, f"Reason{number}", "The pod starts.", None, at, because)
    resource = replace(pod, status=status)
    told = Transition(pod.ref, pod.key, pod.service, pod.status, status, at, at, at, False)
    return ResourceChange(ChangeType.MODIFIED, pod.key, resource, told)


async def _wrote(
    pencil: RedisWriter, pen: Pen, server: Server, changes: Sequence[Change]
) -> tuple[tuple[float, float], Pen]:
    """CPU seconds of one change: of the writer, of Redis."""
    redis, ours = await _used(server), time.process_time()
    for start in range(0, len(changes), BATCH):
        pen = await pencil.write(pen, changes[start : start + BATCH])
    ours = time.process_time() - ours
    return (ours / len(changes), (await _used(server) - redis) / len(changes)), pen


async def _used(server: Server) -> float:
    """CPU seconds that Redis used until now."""
    told = await server.command("INFO", "CPU")
    return float(told["used_cpu_user"]) + float(told["used_cpu_sys"])


async def _loading(reader: RedisReader, replica: Replica) -> float:
    began = time.process_time()
    snapshot = await reader.snapshot(synthetic.CLUSTER)
    assert snapshot is not None, "it was filled"
    replica.load(snapshot)
    return time.process_time() - began


async def _catch_up(reader: RedisReader, replica: Replica, last: int, *, hub: Hub | None) -> tuple[float, float]:
    """CPU seconds of one change: read, decoded and applied; read alone. With a hub also told."""
    whole = reading = 0.0
    while (cursor := replica.cursor) is not None and cursor.seq < last:
        began = time.process_time()
        page = await reader.tail(cursor, wait=1)
        read = time.process_time()
        if hub is None:
            for seq, step in page:
                replica.apply(seq, step)
        else:
            hub.publish([_told(replica, seq, step) for seq, step in page])
        done = time.process_time()
        whole, reading = whole + done - began, reading + read - began
    return whole / CHANGES, reading / CHANGES


def _told(replica: Replica, seq: int, step: Step) -> Item:
    change = in_full(step)
    replica.apply(seq, step)
    assert replica.cursor is not None, "it is loaded"
    return Delivery(replica.cursor, change)


async def _latencies(
    pencil: RedisWriter, pen: Pen, changes: Sequence[Change], *, replica: Replica, reader: RedisReader
) -> list[float]:
    """Seconds from sending a write of one change until a subscriber of the hub has it."""
    hub = Hub(load().subscriber_queue)
    items = aiter(hub.subscribe())
    following = asyncio.create_task(Follower(replica, reader, hub, time.time).run())
    found = []
    for change in changes:
        began = time.perf_counter()
        writing = asyncio.create_task(pencil.write(pen, [change]))
        while not isinstance(await anext(items), Delivery):
            pass
        found.append(time.perf_counter() - began)
        pen = await writing
    following.cancel()
    await asyncio.wait({following})
    return found
