"""pods/log: what a container wrote, with a kubelet's choice of lines and its words when there is no log."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Protocol

from graph.demo.api.listing import number
from graph.demo.api.paths import Target
from graph.demo.api.streams import Pieces, Stream
from graph.demo.objects import Object, read
from graph.demo.problems import BadRequest
from graph.demo.resources import PODS
from graph.demo.store import Store

_PULLING = {"ErrImagePull": "image can't be pulled", "ImagePullBackOff": "trying and failing to pull image"}


class Line(Protocol):
    """One line; ``at`` in POSIX seconds."""

    @property
    def at(self) -> float: ...
    @property
    def text(self) -> str: ...


class Logs(Protocol):
    """Where lines come from."""

    def read(self, pod: Object, container: str, *, previous: bool, now: float) -> Sequence[Line]:
        """All lines of the container's present or previous run, the oldest first."""

    def next_after(self, pod: Object, container: str, at: float) -> float | None:
        """When the next line will be written; None for never."""


class Reader:
    """One request for a log. Raises BadRequest at once, as a kubelet does, when there is none."""

    def __init__(self, store: Store, logs: Logs, target: Target, query: Mapping[str, str]) -> None:
        self._store = store
        self._logs = logs
        self._target = target
        self._query = query
        self._pod = store.get(PODS, target.namespace, target.name)
        self._container = _container(self._pod, query.get("container", ""))
        self._previous = _true(query, "previous")
        self._follow = _true(query, "follow") and not self._previous
        self._limit = number(query, "limitBytes") or None
        self._last = 0.0
        self.begun = "nodeName" in self._pod["spec"]
        """A pod without a node has no log, and it is no error."""
        if self.begun:
            _require_log(self._pod, self._container, previous=self._previous)

    def text(self) -> bytes:
        """What there is now."""
        lines = self._lines()
        if since := number(self._query, "sinceSeconds"):
            lines = [line for line in lines if line.at >= self._store.clock() - since]
        if since_time := self._query.get("sinceTime"):
            lines = [line for line in lines if line.at >= read(since_time)]
        if "tailLines" in self._query:
            tail = number(self._query, "tailLines")
            lines = lines[-tail:] if tail else []
        return b"".join(map(self._written, lines))[: self._limit]

    def pieces(self) -> Pieces | None:
        """To be followed; None when only what there is now was asked for."""
        return self._followed if self._follow else None

    async def _followed(self, stream: Stream) -> AsyncGenerator[bytes, None]:
        """Until the container ends, as with a kubelet."""
        run = _run(self._pod, self._container)
        yield self.text()
        with self._store.history(PODS).waking(stream.wake):
            while not stream.over and run and _run(self._pod, self._container) == run:
                stream.wake.clear()
                due = self._logs.next_after(self._pod, self._container, self._last)
                await stream.wait(None if due is None else max(0.0, due - self._store.clock()))
                pod = self._store.find(PODS, self._target.namespace, self._target.name)
                if pod is None:
                    return
                if pod is not self._pod or (due is not None and due <= self._store.clock()):
                    self._pod = pod
                    yield self._further()

    def _further(self) -> bytes:
        last = self._last
        return b"".join(self._written(line) for line in self._lines() if line.at > last)

    def _lines(self) -> Sequence[Line]:
        now = self._store.clock()
        lines = self._logs.read(self._pod, self._container, previous=self._previous, now=now)
        self._last = max(self._last, lines[-1].at if lines else 0.0)
        return lines

    def _written(self, line: Line) -> bytes:
        moment = f"{datetime.fromtimestamp(line.at, UTC):%Y-%m-%dT%H:%M:%S.%f}000Z " if self._stamped else ""
        return f"{moment}{line.text}\n".encode()

    @property
    def _stamped(self) -> bool:
        return _true(self._query, "timestamps")


def _container(pod: Object, wanted: str) -> str:
    name = pod["metadata"]["name"]
    containers = [one["name"] for one in pod["spec"]["containers"]]
    initial = [one["name"] for one in pod["spec"].get("initContainers", ())]
    if not wanted and len(containers) == 1:
        return str(containers[0])
    if not wanted:
        choice = f"[{' '.join(containers)}]" + (
            f" or one of the init containers: [{' '.join(initial)}]" if initial else ""
        )
        raise BadRequest(f"a container name must be specified for pod {name}, choose one of: {choice}")
    if wanted not in (*containers, *initial):
        raise BadRequest(f"container {wanted} is not valid for pod {name}")
    return wanted


def _status(pod: Object, container: str) -> Object:
    status = pod["status"]
    known = (*status.get("containerStatuses", ()), *status.get("initContainerStatuses", ()))
    return next((one for one in known if one["name"] == container), {})


def _run(pod: Object, container: str) -> str | None:
    """What tells this run from the next; None when nothing runs."""
    status = _status(pod, container)
    return str(status.get("containerID")) if "running" in status.get("state", {}) else None


def _require_log(pod: Object, container: str, *, previous: bool) -> None:
    status, name = _status(pod, container), pod["metadata"]["name"]
    state, ended = status.get("state", {}), "terminated" in status.get("lastState", {})
    if not status:
        raise BadRequest(f'container "{container}" in pod "{name}" is not available')
    if previous and not ended:
        raise BadRequest(f'previous terminated container "{container}" in pod "{name}" not found')
    if not previous and "waiting" in state and not ended:
        reason = state["waiting"].get("reason", "")
        words = _PULLING.get(reason, reason)
        raise BadRequest(f'container "{container}" in pod "{name}" is waiting to start: {words}')


def _true(query: Mapping[str, str], name: str) -> bool:
    return query.get(name, "") in ("1", "true", "True")
