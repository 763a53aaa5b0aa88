"""Finds the clusters that Redis holds and keeps a follower for each; a new one shows within seconds, a forgotten one
goes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import structlog

from graph.errors import StoreError
from graph.store.catalog import Catalog
from graph.store.follower import Follower
from graph.store.hub import Hub
from graph.store.protocols import Reader
from graph.store.replica import Replica

LOOK = 1.0
"""Seconds between two looks for clusters."""

log = structlog.get_logger(__name__)


class Followers:
    """Run ``run()`` as a task; it ends only by cancellation. ``replica``: makes an empty one for a cluster."""

    def __init__(
        self,
        catalog: Catalog,
        reader: Reader,
        hub: Hub,
        *,
        replica: Callable[[str], Replica],
        clock: Callable[[], float],
    ) -> None:
        self._catalog = catalog
        self._reader = reader
        self._hub = hub
        self._replica = replica
        self._clock = clock
        self._following: dict[str, asyncio.Task[None]] = {}
        self._told = False

    async def run(self) -> None:
        """Follows all clusters until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            while True:
                try:
                    names, forgotten = await self._reader.clusters(), await self._reader.forgotten()
                except StoreError as error:
                    self._away(error)
                else:
                    for cluster in set(names) - self._following.keys():
                        self._following[cluster] = tasks.create_task(self._followed(cluster).run())
                    self._catalog.forgotten = frozenset(forgotten) - set(names)
                    for cluster in self._following.keys() & self._catalog.forgotten:
                        self._drop(cluster)
                await asyncio.sleep(LOOK)

    def _followed(self, cluster: str) -> Follower:
        follower = Follower(self._replica(cluster), self._reader, self._hub, self._clock)
        self._catalog.add(follower)
        return follower

    def _drop(self, cluster: str) -> None:
        self._following.pop(cluster).cancel()
        self._catalog.remove(cluster)
        log.info("the cluster was forgotten", cluster=cluster)

    def _away(self, error: StoreError) -> None:
        if not self._following and not self._told:  # later on, each follower tells of an absent Redis
            self._told = True
            log.warning("Redis cannot be read, trying again", problem=str(error))
