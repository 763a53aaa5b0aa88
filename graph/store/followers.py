"""Finds the clusters that Redis holds and keeps a follower for each; a new one shows within seconds."""

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
        self._known: set[str] = set()
        self._told = False

    async def run(self) -> None:
        """Follows all clusters until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            while True:
                for cluster in await self._new():
                    follower = Follower(self._replica(cluster), self._reader, self._hub, self._clock)
                    self._known.add(cluster)
                    self._catalog.add(follower)
                    tasks.create_task(follower.run())
                await asyncio.sleep(LOOK)

    async def _new(self) -> list[str]:
        try:
            return [cluster for cluster in await self._reader.clusters() if cluster not in self._known]
        except StoreError as error:
            if not self._known and not self._told:  # later on, each follower tells of an absent Redis
                self._told = True
                log.warning("Redis cannot be read, trying again", problem=str(error))
            return []
