"""The demo cluster as a whole: the store, the API on a loopback port, the controllers and the kubelets' player."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from pathlib import Path
from random import Random
from types import TracebackType
from typing import Self

from graph.demo.api.app import Api
from graph.demo.api.log import Logs
from graph.demo.api.server import PortTaken, Server
from graph.demo.controllers import NODE_GRACE, controllers
from graph.demo.controllers.events import LIFETIME
from graph.demo.controllers.manager import Manager
from graph.demo.controllers.quota import admit
from graph.demo.defaults import defaulted
from graph.demo.logs import Logs as WrittenLogs
from graph.demo.player import Api as Client
from graph.demo.player import Pace, Player
from graph.demo.resources import NAMESPACES
from graph.demo.store import HISTORY, Store

FIRST = ("default", "kube-node-lease", "kube-public", "kube-system")
"""The namespaces that a cluster has from the start."""

__all__ = ["Cluster", "PortTaken"]


class Cluster:
    """Runs in the event loop of who enters it, as an async context manager; ready once its nodes are registered.

    ``speed`` divides every delay of the kubelets; ``seed`` repeats UIDs, names and logs;
    ``node_grace`` is how many seconds a node may be silent, ``event_lifetime`` how many an event stays.
    """

    def __init__(
        self,
        *,
        port: int = 0,
        host: str = "127.0.0.1",
        seed: int = 0,
        nodes: int = 3,
        speed: float = 1.0,
        clock: Callable[[], float] = time.time,
        logs: Logs | None = None,
        history: int = HISTORY,
        node_grace: float = NODE_GRACE,
        event_lifetime: float = LIFETIME,
    ) -> None:
        self.store = Store(clock, Random(seed), history=history)
        self.url = ""
        acting = controllers(self.store, node_grace=node_grace, event_lifetime=event_lifetime)
        self._manager = Manager(self.store, acting)
        self._nodes = nodes
        self._pace = Pace(speed=speed)
        self._server = Server(Api(self.store, logs or WrittenLogs(seed), admit), host=host, port=port)
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        self._server.start()
        self.url = self._server.url
        for name in FIRST:
            self.store.create(NAMESPACES, defaulted(NAMESPACES, {"metadata": {"name": name}}))
        self._client = await Client(self.url).__aenter__()
        self.player = Player(self._client, nodes=self._nodes, pace=self._pace)
        registered = asyncio.Event()
        self._tasks = [
            asyncio.create_task(self._manager.run()),
            asyncio.create_task(self.player.run(registered)),
        ]
        try:
            await self._until(registered)
        except BaseException:  # who is interrupted here is never exited
            await self.__aexit__(None, None, None)
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._client.__aexit__(kind, error, trace)
        await self._server.stop()

    async def _until(self, registered: asyncio.Event) -> None:
        waiting, died = asyncio.create_task(registered.wait()), asyncio.create_task(self.died())
        try:
            await asyncio.wait([waiting, died], return_when=asyncio.FIRST_COMPLETED)
            if died.done():
                died.result()
        finally:
            waiting.cancel()
            died.cancel()

    async def died(self) -> None:
        """Waits until one of its parts is over, which none is meant to be, and raises what ended it."""
        done, _ = await asyncio.wait([*self._tasks, self._server.task], return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()

    def kubeconfig(self, path: Path) -> Path:
        """Writes one for this cluster: JSON, which is YAML too."""
        named = {"name": "demo"}
        content = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{**named, "cluster": {"server": self.url}}],
            "users": [{**named, "user": {}}],
            "contexts": [{**named, "context": {"cluster": "demo", "user": "demo"}}],
            "current-context": "demo",
        }
        path.write_text(json.dumps(content, indent=2))
        return path
