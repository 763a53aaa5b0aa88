"""One pod's life on its node: init containers, containers, its end, its deletion; and the writing of its status."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

from .api import Api
from .clock import Pace, now
from .container import ContainerPlay
from .events import Note, Recorder, about_pod
from .node import Node
from .record import PodGoneError, PodRecord
from .script import seconds
from .status import Container, Facts, new_container, pod_status

Object = dict[str, Any]

EVICTED = "The node was low on resource: memory. Threshold quantity: 100Mi, available: 52840Ki. "


class PodPlay:
    """Plays one pod. `update` brings what the watch saw, `run` is the play and ends with the pod."""

    def __init__(self, api: Api, node: Node, recorder: Recorder, pod: Object, *, pace: Pace) -> None:
        self.pace = pace
        self._record = PodRecord(api, pod)
        self._node = node
        self._recorder = recorder
        self._facts = Facts(node.ip, now())
        self._plays = [ContainerPlay(self, container) for container in _containers(pod)]
        self._news = asyncio.Event()
        self._lock = asyncio.Lock()
        self._evicted = asyncio.Event()
        self._ended = _phase(pod) in ("Succeeded", "Failed")

    @property
    def pod(self) -> Object:
        """As the API server last showed it."""
        return self._record.pod

    @property
    def identity(self) -> str:
        metadata = self.pod["metadata"]
        return f"{metadata['name']}_{metadata['namespace']}({metadata['uid']})"

    def update(self, pod: Object) -> None:
        self._record.take(pod)
        self._wake()

    def _wake(self) -> None:
        news, self._news = self._news, asyncio.Event()
        news.set()

    async def changed(self) -> None:
        await self._news.wait()

    async def run(self) -> None:
        """The whole life; ends when the API server has let the pod go."""
        try:
            await self._live_until_deleted()
            if not self._ended:
                await self._shut_down()
            await self._node.reachable()
            await self._record.remove()
        except* PodGoneError:  # from a container's task it comes wrapped in the group's
            pass

    async def _live_until_deleted(self) -> None:
        life = asyncio.create_task(self._live())
        deletion = asyncio.create_task(self._deletion())
        eviction = asyncio.create_task(self._evicted.wait())
        try:
            done, _ = await asyncio.wait({life, deletion, eviction}, return_when=asyncio.FIRST_COMPLETED)
            if life in done:
                life.result()  # brings up what went wrong
            elif eviction in done:
                await _cancel(life)
                await self._end_evicted()
            await deletion
        finally:
            for task in (life, deletion, eviction):
                await _cancel(task)

    async def _deletion(self) -> None:
        while "deletionTimestamp" not in self.pod["metadata"]:
            await self.changed()

    async def _live(self) -> None:
        if self._ended:
            return
        await self.publish()
        async with asyncio.TaskGroup() as group:
            sidecars: list[asyncio.Task[int]] = []
            initialized = await self._initialize(group, sidecars)
            if initialized:
                main = [group.create_task(play.run()) for play in self._plays if not play.container.init]
                await asyncio.gather(*main)
            for task in sidecars:
                task.cancel()
        self._end_containers([play for play in self._plays if play.container.sidecar], code=0)
        self._ended = True
        await self.publish()

    async def _initialize(self, group: asyncio.TaskGroup, sidecars: list[asyncio.Task[int]]) -> bool:
        """One after the other; a sidecar lets the next one begin once it has started."""
        for play in self._plays:
            if not play.container.init:
                continue
            if play.container.sidecar:
                sidecars.append(group.create_task(play.run()))
                await self._until_started(play.container)
            elif await play.run() != 0:
                return False
        return True

    async def _until_started(self, sidecar: Container) -> None:
        while not sidecar.started:
            await self.changed()

    async def make_sandbox(self) -> None:
        if self._facts.sandbox:
            return
        self._facts.sandbox = True
        self._facts.pod_ip = self._node.new_pod_ip()
        await self.publish()

    def has_image(self, image: str) -> bool:
        """Tells whether the node has it; from now on it does."""
        present = image in self._node.images
        self._node.images.add(image)
        return present

    def tell(self, container: Container, type_: str, reason: str, message: str) -> None:
        involved = about_pod(self.pod, container=container.name, init=container.init)
        self._recorder.tell(Note(involved, type_, reason, message, self._node.name))

    def tell_pod(self, type_: str, reason: str, message: str) -> None:
        self._recorder.tell(Note(about_pod(self.pod), type_, reason, message, self._node.name))

    def evict(self, message: str | None) -> None:
        self._facts.reason = "Evicted"
        self._facts.message = message or EVICTED
        self.tell_pod("Warning", "Evicted", self._facts.message)
        self._evicted.set()

    async def _end_evicted(self) -> None:
        self._end_containers(self._plays, code=137)
        self._ended = True
        await self.publish()

    def _end_containers(self, plays: list[ContainerPlay], *, code: int) -> None:
        for play in plays:
            if "running" in play.container.state:
                play.terminate(code)

    async def _shut_down(self) -> None:
        """TERM to all, sidecars last; then the states that the kubelet reports before it lets the pod go."""
        running = [play for play in self._plays if "running" in play.container.state]
        for play in running:
            self.tell(play.container, "Normal", "Killing", f"Stopping container {play.container.name}")
        main = [play for play in running if not play.container.sidecar]
        await asyncio.gather(*(self._stop(play) for play in main))
        for play in reversed([play for play in running if play.container.sidecar]):
            await self._stop(play)
        for play in self._plays:
            _settle(play.container, initialized=self._initialized())
        self._facts.terminal = True
        await self.publish()

    def _initialized(self) -> bool:
        return all(play.container.initialized for play in self._plays if play.container.init)

    async def _stop(self, play: ContainerPlay) -> None:
        rule = play.stop_rule()
        if rule == "stuck":
            await asyncio.Event().wait()  # not even KILL helps: the pod stays Terminating until it is removed by force
        if rule != "never" and await self._exits_within_grace(seconds(rule)):
            play.terminate(0)
        else:
            await self._exits_within_grace(None)
            play.terminate(137)

    async def _exits_within_grace(self, wanted: float | None) -> bool:
        """Waits for the container's own end or, earlier, for the grace's; a later delete may have shortened it."""
        loop = asyncio.get_running_loop()
        begun = loop.time()
        while True:
            grace = float(self.pod["metadata"].get("deletionGracePeriodSeconds") or 0)
            own_end = wanted is not None and wanted <= grace
            until = begun + (wanted if wanted is not None and own_end else grace)
            try:
                async with asyncio.timeout_at(until):
                    await self.changed()
            except TimeoutError:
                return own_end

    async def publish(self) -> None:
        """Writes the status as the containers stand; what only the API server says of the pod is kept."""
        async with self._lock:
            await self._node.reachable()
            status = self._status()
            while not self._shows(status) and not await self._record.write(status):
                status = self._status()
        self._wake()

    async def refresh(self) -> None:
        """Puts right what others wrote while the node was silent."""
        with contextlib.suppress(PodGoneError):
            await self.publish()

    def _shows(self, status: Object) -> bool:
        present = self.pod.get("status", {})
        return all(present.get(name) == value for name, value in status.items())

    def _status(self) -> Object:
        return pod_status(self.pod, [play.container for play in self._plays], self._facts, now=now())


def _containers(pod: Object) -> list[Container]:
    spec = pod["spec"]
    init = [new_container(pod, one, init=True) for one in spec.get("initContainers", ())]
    return init + [new_container(pod, one, init=False) for one in spec["containers"]]


def _settle(container: Container, *, initialized: bool) -> None:
    """No restart any more: what waited for one shows its last end; what never ran is unknown."""
    if "waiting" not in container.state:
        return
    if container.last:
        container.state, container.last = container.last, {}
    elif initialized and not container.init:
        message = "The container could not be located when the pod was terminated"
        unknown = {"exitCode": 137, "reason": "ContainerStatusUnknown", "message": message}
        container.state = {"terminated": {**unknown, "startedAt": None, "finishedAt": None}}


def _phase(pod: Object) -> str:
    return str(pod.get("status", {}).get("phase", ""))


async def _cancel(task: asyncio.Task[Any]) -> None:
    task.cancel()
    await asyncio.wait({task})
