"""What one GraphQL request over HTTP costs a real api process: the dashboard's list (A), a service's page with
everything (B), one pod (C), over 1,000 services and 8,000 pods.

One connection, one request after another; the three take turns, so that a disturbance of the machine meets all.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from http.client import HTTPConnection
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

import msgspec

from benchmarks import report, synthetic
from benchmarks.objects import NAMESPACE
from benchmarks.program import Part, started
from graph.model.ref import Key
from graph.store.connection import Server

DOCUMENTS = Path(__file__).with_name("queries")
ROUNDS = 7
WORTH = 0.7
"""Seconds of each measurement: a process' CPU time is told in steps of 10 ms."""
SERVICE = Key(synthetic.CLUSTER, "SERVICE", NAMESPACE, "web-0000")
"""In trouble, with a build: its page has the most to tell."""
POD = Key(synthetic.CLUSTER, "POD", NAMESPACE, "web-0001-5d4f8-00004")


class Query(NamedTuple):
    """A request that is measured."""

    name: str
    document: str
    variables: Mapping[str, Any]


class Cost(NamedTuple):
    """Of one request, in seconds."""

    cpu: float
    wall: float


QUERIES = (
    Query("A: list of 100 services", "services", {"first": 100}),
    Query("B: a service's page", "service", {"id": SERVICE.id}),
    Query("C: one pod", "pod", {"id": POD.id}),
)


async def run() -> None:
    """Prints one table."""
    with synthetic.redis() as redis:
        server = Server(redis.url)
        await synthetic.fill(synthetic.writer(server), list(synthetic.resources(synthetic.seen()).values()))
        await server.close()
        began = time.perf_counter()
        async with started(redis, "api") as (api,):
            ready = time.perf_counter() - began
            rows = await asyncio.to_thread(_measure, api)
            report.table(
                "One request, one connection, medians", ["", "bytes", "ms CPU", "ms", "least ms", "requests"], rows
            )
            print(f"ready after {ready:.1f} s, {api.memory:.0f} MiB resident\n")


def _measure(api: Part) -> list[list[str]]:
    connection = HTTPConnection("127.0.0.1", api.port, timeout=30)
    bodies = [_body(query) for query in QUERIES]
    sizes = [len(_post(connection, body)) for body in bodies]
    counts = [_worth(connection, body) for body in bodies]
    costs: list[list[Cost]] = [[] for _ in QUERIES]
    for _ in range(ROUNDS):
        for at, body in enumerate(bodies):
            costs[at].append(_round(api, connection, body, counts[at]))
    connection.close()
    return [
        _row(query.name, size, count * ROUNDS, cost)
        for query, size, count, cost in zip(QUERIES, sizes, counts, costs, strict=True)
    ]


def _row(name: str, size: int, requests: int, costs: list[Cost]) -> list[str]:
    cpu, wall = median(cost.cpu for cost in costs), median(cost.wall for cost in costs)
    times = [f"{seconds * 1000:.2f}" for seconds in (cpu, wall, min(cost.wall for cost in costs))]
    return [name, f"{size:,}", *times, str(requests)]


def _worth(connection: HTTPConnection, body: bytes) -> int:
    """How many requests take long enough to be measured, after as many to warm up."""
    count, began = 0, time.perf_counter()
    while (spent := time.perf_counter() - began) < WORTH:
        _post(connection, body)
        count += 1
    return max(1, round(count * WORTH / spent))


def _round(api: Part, connection: HTTPConnection, body: bytes, count: int) -> Cost:
    cpu, began = api.cpu, time.perf_counter()
    for _ in range(count):
        _post(connection, body)
    return Cost((api.cpu - cpu) / count, (time.perf_counter() - began) / count)


def _body(query: Query) -> bytes:
    text = (DOCUMENTS / f"{query.document}.graphql").read_text()
    return msgspec.json.encode({"query": text, "variables": query.variables})


def _post(connection: HTTPConnection, body: bytes) -> bytes:
    """The answer, which must hold data and no errors."""
    connection.request("POST", "/graphql", body, {"content-type": "application/json"})
    answer = connection.getresponse().read()
    if not answer.startswith(b'{"data":{') or b'"errors":' in answer[-2000:]:
        raise SystemExit(f"the api answered {answer[:2000]!r}")
    return answer
