"""The player: watches all pods, and plays those that are bound to its nodes."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import Any, Protocol

from .api import Api, ApiError, UnreachableError
from .clock import Pace
from .events import Recorder
from .node import Node
from .pod import PodPlay

Object = dict[str, Any]

PODS = "/api/v1/pods"
RETRY_SECONDS = 0.2


class Registered(Protocol):
    """An event, of asyncio or of threading."""

    def set(self) -> None: ...


class Player:
    """All played nodes of one cluster, on the running event loop."""

    def __init__(self, api: Api, *, nodes: int = 3, pace: Pace | None = None) -> None:
        self._api = api
        self._pace = pace or Pace()
        self.nodes = {f"node-{i}": Node(api, f"node-{i}", index=i, pace=self._pace) for i in range(1, nodes + 1)}
        self._recorder = Recorder(api)
        self._plays: dict[str, tuple[PodPlay, asyncio.Task[None]]] = {}
        self.errors: list[BaseException] = []

    async def run(self, registered: Registered) -> None:
        """Until cancelled; sets `registered` once all nodes are known to the API server."""
        try:
            await asyncio.gather(*(node.register() for node in self.nodes.values()))
            registered.set()
            async with asyncio.TaskGroup() as group:
                group.create_task(self._recorder.run())
                for node in self.nodes.values():
                    group.create_task(node.run())
                group.create_task(self._watch())
        finally:
            tasks = [task for _, task in self._plays.values()]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def silence(self, node: str) -> None:
        self.nodes[node].silence()

    async def resume(self, node: str) -> None:
        """Speaks again, and puts right what the node controller wrote on its pods meanwhile."""
        await self.nodes[node].resume()
        plays = [play for play, task in self._plays.values() if not task.done()]
        await asyncio.gather(*(play.refresh() for play in plays if play.pod["spec"]["nodeName"] == node))

    async def report(self, node: str, problem: str | None) -> None:
        await self.nodes[node].report(problem)

    async def _watch(self) -> None:
        """List, then watch from there, and list again whenever the stream fails."""
        while True:
            try:
                version = await self._list()
                while True:
                    version = await self._follow(version)
            except (ApiError, UnreachableError):
                await asyncio.sleep(RETRY_SECONDS)

    async def _list(self) -> str:
        answer = await self._api.request("GET", PODS)
        pods = answer.get("items") or []
        present = {pod["metadata"]["uid"] for pod in pods}
        for uid in self._plays.keys() - present:
            self._forget(uid)
        for pod in pods:
            self._see(pod)
        return str(answer["metadata"]["resourceVersion"])

    async def _follow(self, version: str) -> str:
        async with aclosing(self._api.watch(PODS, params={"resourceVersion": version})) as watch:
            async for type_, pod in watch:
                version = pod["metadata"]["resourceVersion"]
                if type_ == "DELETED":
                    self._forget(pod["metadata"]["uid"])
                elif type_ != "BOOKMARK":
                    self._see(pod)
        return version

    def _see(self, pod: Object) -> None:
        node = self.nodes.get(pod["spec"].get("nodeName", ""))
        if node is None:
            return
        uid = pod["metadata"]["uid"]
        known = self._plays.get(uid)
        if known is not None:
            known[0].update(pod)
            return
        play = PodPlay(self._api, node, self._recorder, pod, pace=self._pace)
        task = asyncio.create_task(play.run())
        task.add_done_callback(self._note_error)
        self._plays[uid] = (play, task)

    def _forget(self, uid: str) -> None:
        if known := self._plays.pop(uid, None):
            known[1].cancel()

    def _note_error(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            self.errors.append(error)
