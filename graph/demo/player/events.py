"""The kubelet's events: written in the background, best effort, a repeated one counted up in place."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import Any

from .api import MERGE_PATCH, Api, ApiError, UnreachableError
from .clock import now

Object = dict[str, Any]

QUEUE_SIZE = 2000


@dataclass(frozen=True, slots=True)
class Note:
    """What is to be told about one object."""

    involved: Object
    type: str
    reason: str
    message: str
    host: str


def about_pod(pod: Object, *, container: str | None = None, init: bool = False) -> Object:
    """The reference of an event: a container's event names its place in the spec."""
    metadata = pod["metadata"]
    reference = {
        "kind": "Pod",
        "namespace": metadata["namespace"],
        "name": metadata["name"],
        "uid": metadata["uid"],
        "apiVersion": "v1",
        "resourceVersion": metadata["resourceVersion"],
    }
    if container:
        reference["fieldPath"] = f"spec.{'initContainers' if init else 'containers'}{{{container}}}"
    return reference


class Recorder:
    """Queues what is told; when the queue is full it is lost, as with a kubelet."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._queue: asyncio.Queue[Note] = asyncio.Queue(QUEUE_SIZE)
        self._written: dict[tuple[str, ...], Object] = {}

    def tell(self, note: Note) -> None:
        if not self._queue.full():
            self._queue.put_nowait(note)

    async def run(self) -> None:
        while True:
            note = await self._queue.get()
            try:
                await self._write(note)
            except (ApiError, UnreachableError):
                continue  # the namespace may be gone, or the API server: events are best effort

    async def _write(self, note: Note) -> None:
        involved = note.involved
        key = (involved["uid"], involved.get("fieldPath", ""), note.type, note.reason, note.message)
        path = f"/api/v1/namespaces/{involved['namespace']}/events"
        known = self._written.get(key)
        if known is None:
            self._written[key] = await self._api.request("POST", path, body=_event(note))
            return
        change: Object = {"count": known["count"] + 1, "lastTimestamp": now()}
        name = known["metadata"]["name"]
        self._written[key] = await self._api.request("PATCH", f"{path}/{name}", body=change, content_type=MERGE_PATCH)


def _event(note: Note) -> Object:
    instant = now()
    involved = note.involved
    return {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": f"{involved['name']}.{time.time_ns():x}", "namespace": involved["namespace"]},
        "involvedObject": involved,
        "reason": note.reason,
        "message": note.message,
        "source": {"component": "kubelet", "host": note.host},
        "firstTimestamp": instant,
        "lastTimestamp": instant,
        "count": 1,
        "type": note.type,
        "eventTime": None,
        "reportingComponent": "kubelet",
        "reportingInstance": note.host,
    }
