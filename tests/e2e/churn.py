"""Changes without end in one namespace: rollouts, good and bad ones, runs, crashing pods, deletions."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from graph.demo.player import ApiError, UnreachableError
from tests.controlplane.kube import Kube, Object
from tests.e2e import manifests

PACE = 0.25
"""Seconds between two changes."""
TAGS = ("1.1", "1.2-crash", "1.3", "1.4-missing")


class Churn:
    """``going`` is set while it goes on; what an absent API server refuses is skipped."""

    def __init__(self, kube: Kube, namespace: str) -> None:
        self.going = asyncio.Event()
        self.going.set()
        self._changed = asyncio.Event()
        self._kube = kube
        self._namespace = namespace

    async def run(self) -> None:
        """Until cancelled."""
        for round_ in itertools.count():
            for change in (self._roll_out, self._start_job, self._replace_pod, self._scale, self._end_job):
                await self.going.wait()
                with suppress(ApiError, UnreachableError):
                    await change(round_)
                    self._changed.set()
                await asyncio.sleep(PACE)

    async def some(self, count: int) -> None:
        """Returns so many changes later."""
        for _ in range(count):
            self._changed.clear()
            await self._changed.wait()

    async def begin(self) -> None:
        """What the changes are made of."""
        for name in ("web", "shop"):
            await self._create(manifests.deployment(name, "1.0", replicas=2))
        await self._create(manifests.pod("crashing", "crash exit=3 after=500ms"))

    async def _roll_out(self, round_: int) -> None:
        change = manifests.image(TAGS[round_ % len(TAGS)])
        await self._kube.patch("Deployment", "web", change, namespace=self._namespace)

    async def _scale(self, round_: int) -> None:
        change = {"spec": {"replicas": 1 + round_ % 3}}
        await self._kube.patch("Deployment", "shop", change, namespace=self._namespace)

    async def _start_job(self, round_: int) -> None:
        ends = "exit after=300ms" if round_ % 2 else "exit exit=2 after=300ms"
        await self._create(manifests.build("shop", round_, compile=ends, push="exit after=300ms"))

    async def _end_job(self, round_: int) -> None:
        await self._kube.delete("Job", f"shop-build-{round_ - 2}", namespace=self._namespace)

    async def _replace_pod(self, round_: int) -> None:
        with suppress(ApiError):
            await self._kube.delete("Pod", "loner", namespace=self._namespace, grace=0)
        await self._create(manifests.pod("loner", "ok" if round_ % 2 else "crash exit=1 after=200ms"))

    async def _create(self, item: Object) -> None:
        await self._kube.create(item, namespace=self._namespace)


@asynccontextmanager
async def churning(kube: Kube, namespace: str) -> AsyncIterator[Churn]:
    """While this is open, things change."""
    churn = Churn(kube, namespace)
    await churn.begin()
    task = asyncio.create_task(churn.run())
    try:
        yield churn
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
