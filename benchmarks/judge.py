"""What the operator's own work costs on one core: reading a watch line, judging an object, and a change all the way
from the line to what is published.
"""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import partial
from statistics import median
from typing import Any

import msgspec

from benchmarks import manifests, report, synthetic
from benchmarks import objects as invented
from benchmarks.synthetic import Seen
from graph.config import Rules
from graph.errors import ClusterError
from graph.judging.decode import variants
from graph.judging.ledger import Ledger
from graph.kinds import KINDS
from graph.kube.client import Kube
from graph.model.kind import Judge, Kind, Memory, Related
from graph.model.status import Verdict
from graph.watch.reflector import Found, Reflector, Tally, Timing

ROUNDS = 5
FAMILIES = 1000
"""Deployments with one ReplicaSet and ``REPLICAS`` pods each."""
REPLICAS = 3
CHUNK = 64
"""Watch lines that come together, as under load."""

Call = tuple[Any, Related, Memory, Rules, float]


async def run() -> None:
    """Prints four tables."""
    objects = synthetic.seen()
    gc.freeze()
    await _reading(objects)
    _judging(objects)
    _families()
    _changing(objects)


async def _reading(objects: Sequence[Seen]) -> None:
    rows = []
    for name in ("POD", "DEPLOYMENT"):
        raws = [one.raw for one in objects if one.kind.name == name]
        lines = [b'{"type":"MODIFIED","object":' + raw + b"}" for raw in raws]
        costs = [await _read(name, lines) for _ in range(ROUNDS)]
        rows.append([name, f"{sum(map(len, lines)) / len(lines):.0f}", *_cost(median(costs))])
    report.table("Watch line → view (the reflector, without the socket)", ["", "bytes", "µs CPU", "per second"], rows)


def _judging(objects: Sequence[Seen]) -> None:
    calls = _calls(objects)
    rows = []
    for kind in KINDS:
        if kind.judge is not None and calls[kind.name]:
            recorded = calls[kind.name]
            cost = median(_cpu(partial(_judge, kind.judge, recorded)) for _ in range(ROUNDS)) / len(recorded)
            rows.append([kind.name, str(len(recorded)), *_cost(cost)])
    report.table(
        "Judging alone, 95 % healthy (services: in the next table)", ["", "objects", "µs CPU", "per second"], rows
    )


def _families() -> None:
    """Whole Deployments, ``because`` included: the judges alone, and all the way from the bytes."""
    objects = synthetic.read(manifests.families(FAMILIES, replicas=REPLICAS))
    calls = _calls(objects)
    judges = {kind.name: kind.judge for kind in KINDS if kind.judge is not None and calls[kind.name]}

    def alone() -> None:
        for name, judge in judges.items():
            _judge(judge, calls[name])

    def pods() -> None:
        _judge(judges["POD"], calls["POD"])

    def whole() -> None:
        for _ in synthetic.forest(_again(objects)).judge(synthetic.now()):
            pass

    rows = [
        [name, str(count), *_cost(median(_cpu(work) for _ in range(ROUNDS)) / count)]
        for name, count, work in (
            ("pods, judged", FAMILIES * REPLICAS, pods),
            (f"Deployments of {REPLICAS} pods, all judged", FAMILIES, alone),
            (f"Deployments of {REPLICAS} pods, from bytes to statuses", FAMILIES, whole),
        )
    ]
    report.table(
        "Whole Deployments: pods, ReplicaSet, Deployment, service", ["", "number", "µs CPU", "per second"], rows
    )


def _again(objects: Sequence[Seen]) -> list[Seen]:
    """The same objects, read anew from their bytes."""
    readers = {one.watched.kind: one for one in variants(KINDS).values()}
    return [Seen(one.raw, *readers[one.kind.resource.kind].decode(one.raw)) for one in objects if one.kind.resource]


def _changing(objects: Sequence[Seen]) -> None:
    """The first pass over everything, then single pods that crash, each with all that is above it."""
    passes = [_cpu(lambda: synthetic.resources(objects)) for _ in range(3)]
    at, rules = synthetic.now(), Rules(settle_up=0, settle_down=0)
    forest, ledger = synthetic.forest(objects), Ledger(rules, {})
    list(ledger.publish(forest.judge(at), at, baseline=True))
    crashed = [_crash(one) for one in objects if one.kind.name == "POD" and one.view.metadata.name.endswith("00003")]
    told = 0

    def change() -> None:
        nonlocal told
        for kind, view in crashed:
            forest.put(kind, view, at)
            told += len(list(ledger.publish(forest.judge(at), at)))

    cost = _cpu(change)
    rows = [
        ["first pass, per object", str(len(objects)), *_cost(median(passes) / len(objects))],
        [f"one pod changes ({told / len(crashed):.1f} resources)", str(len(crashed)), *_cost(cost / len(crashed))],
    ]
    report.table("View → published resources (forest and ledger)", ["", "objects", "µs CPU", "per second"], rows)


def _crash(one: Seen) -> tuple[Kind, Any]:
    meta = one.view.metadata
    told = msgspec.json.decode(one.raw)
    told["status"] = invented.pod_status(healthy=False)
    told["metadata"]["resourceVersion"] = f"{meta.resource_version}1"
    return variants(KINDS)["pods"].decode(msgspec.json.encode(told))


def _calls(objects: Iterable[Seen]) -> dict[str, list[Call]]:
    """The arguments of every call of a judge in a first pass."""
    calls: dict[str, list[Call]] = {kind.name: [] for kind in KINDS}

    def recording(kind: Kind) -> Kind:
        if kind.judge is None:
            return kind
        judge = kind.judge

        def record(view: Any, related: Related, memory: Memory, rules: Rules, now: float) -> Verdict:
            calls[kind.name].append((view, related, memory, rules, now))
            return judge(view, related, memory, rules, now)

        return msgspec.structs.replace(kind, judge=record)

    for _ in synthetic.forest(list(objects), [recording(kind) for kind in KINDS]).judge(synthetic.now()):
        pass
    return calls


def _judge(judge: Judge, calls: Iterable[Call]) -> None:
    for call in calls:
        judge(*call)


def _cpu(work: Callable[[], object]) -> float:
    started = time.process_time()
    work()
    return time.process_time() - started


def _cost(seconds: float) -> list[str]:
    return [f"{seconds * 1e6:.1f}", f"{1 / seconds:,.0f}"]


async def _read(name: str, lines: Sequence[bytes]) -> float:
    """CPU seconds for each of the lines."""
    kind = next(kind for kind in KINDS if kind.name == name)
    assert kind.resource is not None, "of a watched kind"
    sink = _Sink(len(lines))
    reflector = Reflector(
        _Canned(lines),
        variants(KINDS)[kind.resource.plural],
        sink,
        _Silent(),
        timing=Timing(timeout=300, silence=70),
        clock=time.time,
    )
    started = time.process_time()
    task = asyncio.create_task(reflector.run())
    await sink.full.wait()
    cost = time.process_time() - started
    task.cancel()
    await asyncio.wait({task})
    return cost / len(lines)


class _Canned(Kube):
    """An API server whose one watch tells the given lines and then nothing more."""

    def __init__(self, lines: Sequence[bytes]) -> None:
        self._lines = lines

    async def page(self, path: str, query: Mapping[str, str | int]) -> bytearray:
        """An empty list."""
        return bytearray(b'{"metadata":{"resourceVersion":"1"},"items":[]}')

    @asynccontextmanager
    async def watch(
        self, path: str, query: Mapping[str, str | int], *, silence: float
    ) -> AsyncIterator[AsyncIterator[bytes]]:
        """All lines, some at a time."""
        yield self._told()

    async def _told(self) -> AsyncIterator[bytes]:
        for start in range(0, len(self._lines), CHUNK):
            yield b"\n".join(self._lines[start : start + CHUNK])
        await asyncio.Event().wait()


class _Sink:
    """Counts."""

    def __init__(self, expected: int) -> None:
        self.full = asyncio.Event()
        self._left = expected

    def replace(self, found: list[Found]) -> None:
        """The empty list."""

    def put(self, found: Found) -> None:
        """One line was read."""
        self._left -= 1
        if not self._left:
            self.full.set()

    def remove(self, found: Found) -> None:
        """Never told."""


class _Silent:
    """A report that nobody reads."""

    def __init__(self) -> None:
        self.tally = Tally()

    def works(self) -> None:
        """As it should."""

    def rests(self) -> None:
        """Between two tries."""

    def fails(self, error: ClusterError) -> None:
        """Nothing here does."""
        raise error
