"""What a change costs an api process before any subscriber sees it: from Redis into the replica."""

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
from graph.store.hub import Delivery, Hub
from graph.store.protocols import Pen
from graph.store.reader import RedisReader
from graph.store.replica import Replica
from graph.store.writer import RedisWriter

ROUNDS = 5
CHANGES = 4000
BATCH = 100
SINGLE = 500
"""Changes that are written one by one."""


async def run() -> None:
    """Prints one table."""
    stored = synthetic.resources(synthetic.seen())
    with synthetic.redis() as redis:
        writing, reading, tailing = Server(redis.url), Server(redis.url), Server(redis.url)
        pencil, reader = synthetic.writer(writing), RedisReader(reading, tailing, Codec(KINDS))
        pen = await synthetic.fill(pencil, list(stored.values()))
        replica = _empty()
        cost = await _loading(reader, replica)
        gc.freeze()
        rows = [["snapshot, per resource", str(len(stored)), f"{cost / len(stored) * 1e6:.1f}", "", "", ""]]
        costs = []
        for number in range(ROUNDS):
            pen = await _write(pencil, pen, _changes(stored, CHANGES, number))
            costs.append(await _catch_up(reader, replica, pen.seq))
        for name, values in zip(("stream → replica", "replica.apply alone"), zip(*costs, strict=True), strict=True):
            rows.append([name, str(CHANGES), f"{median(values) * 1e6:.1f}", "", "", ""])
        latencies = await _latencies(pencil, pen, _changes(stored, SINGLE, ROUNDS), replica=replica, reader=reader)
        rows.append(["written → with the hub's subscriber", str(SINGLE), "", *report.milliseconds(latencies)])
        report.table("Change in Redis → replica", ["", "count", "µs CPU", "p50 ms", "p99 ms", "max ms"], rows)
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


async def _write(pencil: RedisWriter, pen: Pen, changes: Sequence[Change]) -> Pen:
    for start in range(0, len(changes), BATCH):
        pen = await pencil.write(pen, changes[start : start + BATCH])
    return pen


async def _loading(reader: RedisReader, replica: Replica) -> float:
    began = time.process_time()
    snapshot = await reader.snapshot(synthetic.CLUSTER)
    assert snapshot is not None, "it was filled"
    replica.load(snapshot)
    return time.process_time() - began


async def _catch_up(reader: RedisReader, replica: Replica, last: int) -> tuple[float, float]:
    """CPU seconds of one change: read, decoded and applied; applied alone."""
    whole = alone = 0.0
    while (cursor := replica.cursor) is not None and cursor.seq < last:
        began = time.process_time()
        page = await reader.tail(cursor, wait=1)
        read = time.process_time()
        for seq, change in page:
            replica.apply(seq, change)
        done = time.process_time()
        whole, alone = whole + done - began, alone + done - read
    return whole / CHANGES, alone / CHANGES


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
