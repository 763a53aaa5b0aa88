"""Runs the controllers: what a change gives each of them to do, and what is due by time. All in one event loop."""

from __future__ import annotations

import asyncio
import heapq
import logging
from collections.abc import Hashable, Iterable, Sequence
from contextlib import suppress
from typing import Protocol

from graph.demo.history import Change
from graph.demo.problems import Conflict, NotFound
from graph.demo.resources import Resource
from graph.demo.store import Store

RETRY = 1.0
"""Seconds before a controller that failed is asked again."""

log = logging.getLogger(__name__)


class Controller(Protocol):
    """One control loop. Keys are its own; usually (namespace, name) of the object that it cares for."""

    def keys(self, resource: Resource, change: Change) -> Iterable[Hashable]:
        """What has to be looked at after a change; asked for every change of every resource. It must not write."""

    def reconcile(self, key: Hashable) -> float | None:
        """Looks at one of them, and writes. When to look again if nothing happens: POSIX seconds, None for never."""


Task = tuple[Controller, Hashable]


class Manager:
    """``run`` until cancelled. Tasks are done in the order in which they came, each once however often it came."""

    def __init__(self, store: Store, controllers: Sequence[Controller]) -> None:
        self._store = store
        self._controllers = controllers
        self._waiting: dict[Task, None] = {}
        self._due: list[tuple[float, int, Task]] = []
        self._times: dict[Task, float] = {}
        self._count = 0
        self._news = asyncio.Event()
        store.listen(self._hear)

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            if self.step():
                await asyncio.sleep(0)  # the API is served by the same loop
                continue
            self._news.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(self._pause()):
                    await self._news.wait()

    def step(self) -> bool:
        """Does what has waited longest; False when nothing waits."""
        self._ripen()
        if self._waiting:
            self._work(next(iter(self._waiting)))
            return True
        return False

    def _hear(self, resource: Resource, change: Change) -> None:
        for controller in self._controllers:
            for key in controller.keys(resource, change):
                self._waiting[controller, key] = None
                self._news.set()

    def _work(self, task: Task) -> None:
        del self._waiting[task]
        controller, key = task
        try:
            again = controller.reconcile(key)
        except (Conflict, NotFound):
            again = self._store.clock() + RETRY / 10
        except Exception:
            log.exception("%s failed on %s", type(controller).__name__, key)
            again = self._store.clock() + RETRY
        self._times.pop(task, None)
        if again is not None:
            self._times[task] = again
            self._count += 1
            heapq.heappush(self._due, (again, self._count, task))

    def _ripen(self) -> None:
        now = self._store.clock()
        while self._due and self._due[0][0] <= now:
            at, _, task = heapq.heappop(self._due)
            if self._times.get(task) == at:  # else it was looked at meanwhile
                del self._times[task]
                self._waiting[task] = None

    def _pause(self) -> float | None:
        return max(0.0, self._due[0][0] - self._store.clock()) if self._due else None
