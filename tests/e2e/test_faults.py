"""Every part is killed in turn while the cluster changes: afterwards the graph is right and no transition is lost.

The tests share one running system and follow one another; the loss of Redis' data, which ends the history that the
others check, comes late, and the logs of it all last.
"""

from __future__ import annotations

import asyncio
import re
import secrets
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import pytest

from graph.model import instant
from tests.controlplane.fixtures import Cluster
from tests.controlplane.kube import Kube
from tests.e2e.agreement import disagreements
from tests.e2e.churn import Churn, churning
from tests.e2e.client import Ledger, query
from tests.e2e.system import Process, System
from tests.servers import RedisServer

WITHIN = 45.0
"""Seconds for everything to be right again."""
CHANGES = 6
"""Changes of the cluster before, during and after each fault."""

OUTAGES = {
    "the API server does not answer, trying again": 1,
    "the Lease cannot be held, trying again": 1,
    "the lead is lost: the Lease could not be renewed in time": 1,
    "Redis takes no writes, trying again": 1,
    "Redis lost data, writing everything again": 1,
    "the requests for actions cannot be reached, trying again": 1,
    "Redis cannot be read, serving what is held": 2,
}
"""What a process may warn of, and how often: the API server was away once, Redis twice, for an operator once."""

FRESHNESS = "{ clusters { freshness { state observedAt } } }"
TRANSITIONS = """
query ($filter: TransitionFilter, $after: String) {
  page: transitions(filter: $filter, first: 100, after: $after) {
    nodes { cursor object { kind name uid } to { state reason } }
    pageInfo { hasNextPage endCursor }
  }
}
"""

Item = dict[str, Any]


@dataclass
class Drill:
    """Everything that is running, and what was heard of it."""

    kube: Kube
    cluster: Cluster
    redis: RedisServer
    system: System
    namespace: str
    churn: Churn
    heard: Ledger
    processes: list[Process]

    @property
    def port(self) -> int:
        return self.system.api.port

    async def state(self) -> tuple[str, float]:
        """Freshness in a word, and for which instant."""
        with suppress(OSError):
            clusters = (await query(self.port, FRESHNESS))["clusters"]
            if clusters:
                fresh = clusters[0]["freshness"]
                return fresh["state"], instant.parse(fresh["observedAt"]) or 0.0
        return "NO ANSWER", 0.0

    async def until(self, condition: Callable[[str, float], bool], within: float = WITHIN) -> float:
        """Seconds until the freshness was so."""
        began, last = time.monotonic(), ("", 0.0)
        while not condition(*(last := await self.state())):
            assert time.monotonic() - began < within, f"still {last} after {within:g} s"
            await asyncio.sleep(0.05)
        return time.monotonic() - began

    async def live(self) -> float:
        """Seconds until it told of an instant after this call."""
        now = time.time()
        return await self.until(lambda state, observed: state == "LIVE" and observed > now)

    async def not_live(self, within: float) -> float:
        """Seconds until it no longer said LIVE."""
        return await self.until(lambda state, _: state != "LIVE", within)

    async def changed(self) -> None:
        """Some changes of the cluster later."""
        async with asyncio.timeout(WITHIN):
            await self.churn.some(CHANGES)

    async def agreed(self, began: float) -> float:
        """Seconds since ``began`` until the graph tells what the API server tells; the changes pause for that."""
        self.churn.going.clear()
        left = WITHIN - (time.monotonic() - began)
        assert await disagreements(self.kube, self.port, [self.namespace], within=left) == []
        return time.monotonic() - began

    async def recorded(self) -> list[Item]:
        """Every recorded transition of the namespace, oldest first."""
        found, after = list[Item](), None
        while True:
            variables = {"filter": {"namespaces": [self.namespace]}, "after": after}
            page = (await query(self.port, TRANSITIONS, variables))["page"]
            found += page["nodes"]
            after = page["pageInfo"]["endCursor"]
            if not page["pageInfo"]["hasNextPage"]:
                return found[::-1]

    async def nothing_lost(self) -> int:
        """What was heard is what was recorded, in order; how much that is."""
        recorded = await self.recorded()
        await self.heard_of(recorded, lambda: self.heard.transitions)
        assert self.heard.resets == []
        return len(recorded)

    async def heard_of(self, recorded: list[Item], heard: Callable[[], list[Item]]) -> None:
        """All of it was heard, in order; meanwhile more may have been."""
        with suppress(TimeoutError):
            await self.heard.until(lambda: len(heard()) >= len(recorded), 10)
        assert list(map(_words, heard()[: len(recorded)])) == list(map(_words, recorded))

    def since_reset(self) -> list[Item]:
        """What was heard after the history was lost."""
        reset = next(at for at, item in enumerate(self.heard.items) if item["__typename"] == "StreamReset")
        return [item for item in self.heard.items[reset:] if item["__typename"] == "StatusTransition"]

    async def recovered(self, name: str, began: float, **figures: float) -> None:
        """The end of each drill: all is right, nothing is lost, and things change again."""
        figures["live"] = await self.live()
        await self.changed()
        try:
            figures["agreed"] = await self.agreed(time.monotonic())
            count = await self.nothing_lost()
        finally:
            self.churn.going.set()
        shown = ", ".join(f"{what} {seconds:.1f} s" for what, seconds in figures.items())
        print(f"\n{name}: {shown}; {count} transitions; {time.monotonic() - began:.1f} s in all")


@pytest.fixture(scope="module")
async def drill(kube: Kube, cluster: Cluster, redis_program: str) -> AsyncIterator[Drill]:
    """A running system over a cluster that changes."""
    redis, namespace = RedisServer(redis_program, appendonly=True), f"faults-{secrets.token_hex(4)}"
    redis.start()
    await kube.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}})
    try:
        async with (
            System(redis, cluster.plane.kubeconfig, watch_timeout="5", watch_silence="10") as system,
            Ledger(system.api.port, namespaces=[namespace]) as heard,
            churning(kube, namespace) as churn,
        ):
            yield Drill(kube, cluster, redis, system, namespace, churn, heard, [system.operator, system.api])
    finally:
        await kube.delete("Namespace", namespace)
        redis.close()


async def test_the_api_server_is_killed(drill: Drill) -> None:
    await drill.changed()
    began = time.monotonic()
    await drill.cluster.plane.stop_apiserver()
    noticed = await drill.not_live(10)
    await drill.cluster.plane.start_apiserver()
    await drill.recovered("API server killed", began, noticed=noticed, away=time.monotonic() - began)


async def test_redis_is_killed(drill: Drill) -> None:
    await drill.changed()
    began = time.monotonic()
    drill.redis.kill()
    noticed = await drill.not_live(2)
    await drill.changed()
    drill.redis.start()
    await drill.recovered("Redis killed", began, noticed=noticed, away=time.monotonic() - began)


async def test_the_operator_is_killed(drill: Drill) -> None:
    await drill.changed()
    began = time.monotonic()
    await drill.system.operator.kill()
    noticed = await drill.not_live(10)
    await drill.system.operator.start(ready=False)
    await drill.recovered("operator killed", began, noticed=noticed, away=time.monotonic() - began)


async def test_the_operator_hands_over(drill: Drill) -> None:
    standby = drill.system.another_operator()
    drill.processes.append(standby)
    await standby.start()
    async with asyncio.timeout(WITHIN):
        while "standing by" not in standby.log():  # noqa: ASYNC110 # a file tells no one
            await asyncio.sleep(0.05)
    await drill.changed()
    began, last = time.monotonic(), drill.system.operator
    ending = asyncio.create_task(last.stop())
    drill.system.operator = standby
    async with asyncio.timeout(WITHIN):
        while "leading" not in standby.log():  # noqa: ASYNC110 # as above
            await asyncio.sleep(0.05)
    handover = time.monotonic() - began
    assert await ending == 0
    await drill.recovered("operator handed over", began, handover=handover)
    assert handover < 3


async def test_the_api_is_killed(drill: Drill) -> None:
    await drill.changed()
    began = time.monotonic()
    starts = drill.heard.starts
    await drill.system.api.kill()
    await drill.changed()
    await drill.system.api.start()
    await drill.recovered("api killed", began, away=time.monotonic() - began)
    assert drill.heard.starts > starts


async def test_redis_loses_its_data(drill: Drill) -> None:
    await drill.changed()
    began = time.monotonic()
    drill.redis.kill()
    drill.redis.wipe()
    drill.redis.start()
    noticed = await drill.not_live(2)
    live = await drill.live()
    await drill.changed()
    agreed = await drill.agreed(time.monotonic())
    assert drill.heard.resets == ["EPOCH_CHANGED"]
    recorded = await drill.recorded()
    since = drill.since_reset()
    assert since, "nothing happened afterwards"
    first = [item["cursor"] for item in recorded].index(since[0]["cursor"])
    await drill.heard_of(recorded[first:], drill.since_reset)
    print(
        f"\nRedis emptied: noticed {noticed:.1f} s, live {live:.1f} s, agreed {agreed:.1f} s;"
        f" {len(since)} transitions since; {time.monotonic() - began:.1f} s in all"
    )


async def test_the_logs_tell_each_change_of_state_once(drill: Drill) -> None:
    for process in drill.processes:
        log = process.log()
        print(log)
        assert "Traceback" not in log
        told = Counter(re.findall(r"\[warning *\] (.*?)(?: {2,}| \w+=|$)", log, re.MULTILINE))
        assert told <= Counter(OUTAGES), process.command


def _words(item: Item) -> str:
    to = item["to"]
    named = f"{item['object']['kind']} {item['object']['name']} {item['object']['uid']}"
    return f"{item['cursor']} {named} {to['state']}/{to['reason']}" if to else f"{item['cursor']} {named} GONE"
