"""The invented cluster of ``manifests`` read and judged by the program's own parts, and written to Redis as an operator
would.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import msgspec

from benchmarks import manifests
from graph.config import Rules, load
from graph.judging.decode import variants
from graph.judging.forest import Forest
from graph.judging.ledger import Ledger
from graph.kinds import KINDS
from graph.model import instant
from graph.model.action import LogEntry, LogLevel
from graph.model.kind import Kind, Object
from graph.model.ref import Key
from graph.model.resource import LogChange, Resource
from graph.store.codec import Codec
from graph.store.connection import Server
from graph.store.protocols import Pen
from graph.store.writer import Kept, RedisWriter
from tests.servers import RedisServer, binary

CLUSTER = "bench"
LOGGED = 3
"""Operator log entries of every service."""
PAGE = 500


@dataclass(frozen=True)
class Seen:
    """One object as it came over the wire, and what was read of it."""

    raw: bytes
    kind: Kind
    view: Object


def seen() -> list[Seen]:
    """Every object of the invented cluster whose kind the program knows."""
    return read(manifests.cluster())


def read(objects: Iterable[dict[str, Any]]) -> list[Seen]:
    """Objects as they come over the wire."""
    readers = {one.watched.kind: one for one in variants(KINDS).values()}
    found = []
    for manifest in objects:
        raw = msgspec.json.encode(manifest)
        found.append(Seen(raw, *readers[manifest["kind"]].decode(raw)))
    return found


def now() -> float:
    """The instant at which the invented cluster is judged."""
    at = instant.parse(manifests.NOW)
    assert at is not None, "a constant"
    return at


def forest(objects: Sequence[Seen], kinds: Sequence[Kind] = KINDS) -> Forest:
    """A forest that holds them, not yet judged. ``kinds`` may judge in another way."""
    by_name = {one.name: one for one in kinds}
    grown = Forest(CLUSTER, kinds, Rules(), labels=load().service_labels)
    for one in objects:
        grown.put(by_name[one.kind.name], one.view, now())
    return grown


def resources(objects: Sequence[Seen]) -> dict[Key, Resource]:
    """What an operator would publish of them."""
    ledger = Ledger(Rules(), {})
    for _ in ledger.publish(forest(objects).judge(now()), now(), baseline=True):
        pass
    return ledger.resources


@contextmanager
def redis() -> Iterator[RedisServer]:
    """A Redis server of our own, empty."""
    program = binary()
    if program is None:
        raise SystemExit("no redis-server and no valkey-server was found")
    server = RedisServer(program)
    try:
        server.start()
        yield server
    finally:
        server.close()


def writer(server: Server) -> RedisWriter:
    """The writer of the invented cluster, with the default retention."""
    settings = load()
    kept = Kept(
        changes=settings.keep_changes,
        transitions=settings.keep_transitions,
        log=settings.keep_log,
        actions=settings.keep_actions,
    )
    return RedisWriter(server, CLUSTER, Codec(KINDS), kept)


async def fill(pencil: RedisWriter, stored: Sequence[Resource]) -> Pen:
    """Writes all resources, and a few entries of the operator log for each service."""
    pen = await pencil.fill(await pencil.claim(1), stored)
    log = [LogChange(entry) for one in stored if one.key.kind == "SERVICE" for entry in _log(one)]
    for start in range(0, len(log), PAGE):
        pen = await pencil.write(pen, log[start : start + PAGE])
    return pen


def _log(service: Resource) -> Iterator[LogEntry]:
    for number in range(LOGGED):
        yield LogEntry(
            id=f"{service.key.name}-{number}",
            at=instant.show(now()),
            level=LogLevel.INFO,
            cluster=CLUSTER,
            object=service.ref,
            service=service.key,
            message=f"Restarted by setting an annotation of its pods' template, step {number}.",
            step="patch",
        )
