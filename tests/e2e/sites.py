"""Several clusters, one Redis, one api: two demo clusters that change, and what a client hears of both."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from graph.model.resource import Cursor
from graph.store.codec import decode_cursor
from tests.controlplane.demo import DemoPlane
from tests.controlplane.kube import Kube
from tests.e2e import manifests
from tests.e2e.churn import Churn, churning
from tests.e2e.client import Ledger, query
from tests.e2e.system import Process, System
from tests.e2e.waiting import eventually
from tests.servers import RedisServer

EAST, WEST = "east", "west"
NAMES = (EAST, WEST)
TWIN = "twin"
"""A Deployment that both have, in a namespace of the same name."""
SPEED = 10.0
FRESHNESS = "{ clusters { name freshness { state lagMs } } }"
RECORDED = """
query ($filter: TransitionFilter, $after: String) {
  page: transitions(filter: $filter, first: 100, after: $after) {
    nodes { cursor object { namespace kind name } to { state reason } }
    pageInfo { hasNextPage endCursor }
  }
}
"""

Item = dict[str, Any]


@dataclass
class Site:
    """One cluster: its changes are in the namespace that has its name."""

    kubeconfig: Path
    churn: Churn
    operator: Process


class Sites:
    """Both of them, and one client that connects again and resumes after each loss."""

    def __init__(self, redis: RedisServer, system: System, sites: dict[str, Site], heard: Ledger) -> None:
        self.redis = redis
        self.system = system
        self.sites = sites
        self.heard = heard

    @property
    def port(self) -> int:
        return self.system.api.port

    async def freshness(self) -> dict[str, str]:
        """Cluster → state; empty while nobody answers."""
        with suppress(OSError):
            clusters = (await query(self.port, FRESHNESS))["clusters"]
            return {one["name"]: one["freshness"]["state"] for one in clusters}
        return {}

    async def fresh(self, **states: str) -> None:
        """Returns when the clusters are in these states."""

        async def so() -> bool:
            return await self.freshness() == states

        await eventually(so)

    async def changed(self, *names: str) -> None:
        """Some changes of these clusters later."""
        for name in names:
            await self.sites[name].churn.some(6)

    async def recorded(self, name: str) -> list[Cursor]:
        """Where each recorded transition of a cluster stands, oldest first."""
        found, after = list[Item](), None
        while True:
            variables = {"filter": {"clusters": [name], "namespaces": [name]}, "after": after}
            page = (await query(self.port, RECORDED, variables))["page"]
            found += page["nodes"]
            after = page["pageInfo"]["endCursor"]
            if not page["pageInfo"]["hasNextPage"]:
                return [place(item) for item in found[::-1]]

    async def all_is_heard(self, name: str, *, since_reset: bool = False) -> int:
        """All that is recorded of a cluster was heard, in order, after dedup by cursor; how much it is.

        ``since_reset``: the first that was recorded after a loss of data may be what the reset stands for.
        """
        churn = self.sites[name].churn
        churn.going.clear()
        recorded: list[Cursor] = []

        async def so() -> bool:
            nonlocal recorded
            recorded = await self.recorded(name)
            return heard()[-1:] == recorded[-1:]

        def heard() -> list[Cursor]:
            return [one for one in places(self.heard.items)[name] if one.epoch == recorded[-1].epoch]

        await eventually(so)
        first = recorded.index(heard()[0]) if since_reset else 0
        assert heard() == recorded[first:]
        churn.going.set()
        return len(recorded)


def place(item: Item) -> Cursor:
    """A transition's own position: in its cluster, which has the name of its namespace."""
    return decode_cursor(item["cursor"])[item["object"]["namespace"]]


def places(items: list[Item]) -> dict[str, list[Cursor]]:
    """Of each cluster, in the order in which they were heard, each once."""
    found: dict[str, dict[Cursor, None]] = defaultdict(dict)
    for item in items:
        if item["__typename"] == "StatusTransition":
            found[item["object"]["namespace"]][place(item)] = None
    return defaultdict(list, {name: list(each) for name, each in found.items()})


@asynccontextmanager
async def open_sites(redis: RedisServer) -> AsyncIterator[Sites]:
    """All of it, ready, and things change."""
    async with AsyncExitStack() as stack:
        planes, kubes = [], []
        for seed, name in enumerate(NAMES):
            planes.append(await stack.enter_async_context(DemoPlane(nodes=1, speed=SPEED, seed=seed)))
            kubes.append(await stack.enter_async_context(Kube.from_kubeconfig(planes[-1].kubeconfig)))
            for namespace in (name, TWIN):
                await kubes[-1].create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}})
            await kubes[-1].create(manifests.deployment(TWIN, "1.0"), namespace=TWIN)
        system = await stack.enter_async_context(System(redis, planes[0].kubeconfig, cluster=EAST))
        other = system.another_operator(planes[1].kubeconfig, cluster=WEST)
        stack.push_async_callback(other.stop)
        await other.start()
        heard = Ledger(system.api.port, namespaces=[*NAMES])
        sites = Sites(redis, system, {}, heard)
        await sites.fresh(east="LIVE", west="LIVE")
        await stack.enter_async_context(heard)
        for name, plane, kube, operator in zip(NAMES, planes, kubes, (system.operator, other), strict=True):
            churn = await stack.enter_async_context(churning(kube, name))
            sites.sites[name] = Site(plane.kubeconfig, churn, operator)
        yield sites
