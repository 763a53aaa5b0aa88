"""Whether what a client makes of ``serviceChanges``, snapshot and then changes, equals a fresh query: after each of
many random changes, with and without a filter, and after reconnections with its last cursor.

``python -m tests.api.equality [--changes 100000] [--services 2000] [--seed 1]`` prints what was compared; exit code 1
at the first difference.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from collections import Counter
from collections.abc import AsyncGenerator, Iterable
from contextlib import aclosing
from random import Random
from typing import Any

from graphql import ExecutionResult

from graph.api.execute import Operations, Request
from graph.api.schema import build
from graph.kinds import KINDS
from graph.model.ref import Key
from graph.model.status import State
from tests.api.shuffle import Shuffle
from tests.api.world import World

FIELDS = """fragment Shown on Service {
  name labels { value } status { state reason } pods(first: 2) { totalCount nodes { name status { state } } }
  events(first: 1) { totalCount nodes { count } } operatorLog(first: 1) { totalCount nodes { message } }
}"""
FOLLOW = """subscription($filter: ServiceFilter, $after: Cursor) {
  serviceChanges(filter: $filter, after: $after) {
    __typename
    ... on ServiceChange { cursor type id service { ...Shown } }
    ... on SnapshotEnd { cursor }
    ... on StreamReset { cursor }
  }
}"""
SOME = "query($ids: [ID!]!) { nodes(ids: $ids) { ...Shown } }"
ALL = """query($filter: ServiceFilter, $after: String) { services(filter: $filter, first: 100, after: $after) {
  nodes { id ...Shown } pageInfo { hasNextPage endCursor } } }"""
TURNS = 200
"""Turns of the event loop in which a change must have arrived."""
OPERATIONS = Operations(build(KINDS).core)


class Different(Exception):
    """What a client shows is not what a query answers."""


class Client:
    """What somebody shows who only follows. ``states``: of its filter, None when it has none."""

    def __init__(self, world: World, states: list[State] | None) -> None:
        self._world, self.states = world, states
        self.filter = {"states": states} if states is not None else {}
        self.shown: dict[str, Any] = {}
        self.items: Counter[str] = Counter()
        self._cursor: str | None = None
        self._task: asyncio.Task[None] | None = None

    def connect(self) -> None:
        """From its last cursor on."""
        request = Request(FOLLOW + FIELDS, variables={"filter": self.filter, "after": self._cursor})
        self._task = asyncio.create_task(self._follow(OPERATIONS.stream(request, self._world.context)))

    async def disconnect(self) -> None:
        """Whatever is told from now on is missed."""
        assert self._task is not None
        self._task.cancel()
        await asyncio.wait([self._task])

    def check(self) -> None:
        """Raises what ended the subscription."""
        assert self._task is not None
        if self._task.done():
            self._task.result()
            raise Different("the subscription has ended")

    async def _follow(self, results: AsyncGenerator[ExecutionResult, None]) -> None:
        async with aclosing(results):
            async for result in results:
                if result.errors or result.data is None:
                    raise Different(str(result.errors))
                self._take(result.data["serviceChanges"])

    def _take(self, item: dict[str, Any]) -> None:
        self._cursor = item["cursor"]
        self.items[item.get("type", item["__typename"])] += 1
        if item["__typename"] == "StreamReset":
            self.shown.clear()
        elif item["__typename"] == "ServiceChange":
            if item["service"] is None:
                self.shown.pop(item["id"], None)
            else:
                self.shown[item["id"]] = item["service"]


class Comparison:
    """Clients, and the queries that they are compared with."""

    def __init__(self, world: World, clients: list[Client]) -> None:
        self._world, self._clients = world, clients
        self.compared: Counter[str] = Counter()

    async def touched(self, keys: Iterable[Key]) -> None:
        """Of these services."""
        ids = [key.id for key in keys]
        fresh: dict[str, Any] = {}
        for start in range(0, len(ids), 100):
            part = ids[start : start + 100]
            fresh.update(zip(part, (await self._query(SOME, ids=part))["nodes"], strict=True))
        for client in self._clients:
            await self._equal(client, {each: _matching(fresh[each], client) for each in ids})
        self.compared["services"] += len(ids)

    async def everything(self) -> None:
        """Every service, each client with its own filter; nothing else is shown."""
        for client in self._clients:
            fresh, after, more = {}, None, True
            while more:
                page = (await self._query(ALL, filter=client.filter, after=after))["services"]
                fresh.update({node.pop("id"): node for node in page["nodes"]})
                more, after = page["pageInfo"]["hasNextPage"], page["pageInfo"]["endCursor"]
            await self._equal(client, {**dict.fromkeys(client.shown), **fresh})
        self.compared["lists"] += 1

    async def _equal(self, client: Client, expected: dict[str, Any]) -> None:
        for _ in range(TURNS):
            if all(client.shown.get(each) == service for each, service in expected.items()):
                return
            client.check()
            await asyncio.sleep(0)
        found = {each: (client.shown.get(each), service) for each, service in expected.items()}
        raise Different(str([pair for pair in found.values() if pair[0] != pair[1]][:3]))

    async def _query(self, document: str, **variables: Any) -> dict[str, Any]:
        admitted: Any = OPERATIONS.admit(Request(document + FIELDS, variables=variables))
        result = await OPERATIONS.execute(admitted, self._world.context)
        if result.errors or result.data is None:
            raise Different(str(result.errors))
        return result.data


def _matching(service: Any, client: Client) -> Any:
    if service is None or client.states is None or service["status"]["state"] in client.states:
        return service
    return None


async def run(*, changes: int, services: int, seed: int, every: int = 1_000) -> Counter[str]:
    """What was compared and told; Different."""
    random, world = Random(seed), World(queue=10_000, window=0.0, keep=changes + 100)
    shuffle = Shuffle(world, random, services)
    clients = [Client(world, None), Client(world, [State.FAILED, State.DEGRADED])]
    comparison, done = Comparison(world, clients), 0
    for client in clients:
        client.connect()
    await comparison.everything()
    while done < changes:
        batch = random.choice((1, 1, 1, 2, 5))
        if random.random() < 0.01:
            batch = random.randint(1, 60)
            await asyncio.gather(*(client.disconnect() for client in clients))
            touched = shuffle.change(batch)
            for client in clients:
                client.connect()
            comparison.compared["reconnections"] += 1
        else:
            touched = shuffle.change(batch)
        await comparison.touched(touched)
        done, before = done + batch, done
        if done // every > before // every:
            await comparison.everything()
    await asyncio.gather(*(client.disconnect() for client in clients))
    return comparison.compared + Counter(changes=done) + sum((client.items for client in clients), Counter())


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--changes", type=int, default=100_000)
    parser.add_argument("--services", type=int, default=2_000)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    began = time.monotonic()
    try:
        told = asyncio.run(run(changes=given.changes, services=given.services, seed=given.seed))
    except Different as difference:
        print(f"DIFFERENT: {difference}")
        return 1
    print(f"{given.services:,} services, seed {given.seed}, {time.monotonic() - began:.0f} s: no difference")
    print(", ".join(f"{count:,} {name}" for name, count in sorted(told.items())))
    return 0


if __name__ == "__main__":
    sys.exit(main())
