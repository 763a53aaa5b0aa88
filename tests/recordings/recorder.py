"""Records what watchers of a cluster see, in the format of ``history``, while something happens there."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Collection
from contextlib import aclosing, asynccontextmanager
from typing import Any

from tests.controlplane.kube import KINDS, Kind, Kube
from tests.recordings.history import Seen

RECORDED = ("Pod", "ReplicaSet", "Deployment", "StatefulSet", "DaemonSet", "Job", "CronJob", "Event", "Node")


@asynccontextmanager
async def recording(kube: Kube, namespaces: Collection[str]) -> AsyncIterator[list[Seen]]:
    """What is seen of these namespaces and of all nodes while this is open, from the beginning on."""
    seen: list[Seen] = []
    async with asyncio.TaskGroup() as tasks:
        watches = [tasks.create_task(_watch(kube, kind, namespaces, seen)) for kind in RECORDED]
        yield seen
        for watch in watches:
            watch.cancel()


async def _watch(kube: Kube, kind: str, namespaces: Collection[str], seen: list[Seen]) -> None:
    where = KINDS[kind]
    path = Kind(where.api_version, where.plural, namespaced=False).path(None)
    answer = await kube.api.request("GET", path)
    for item in answer["items"]:
        _note(kind, "ADDED", {"kind": kind, "apiVersion": where.api_version, **item}, namespaces, seen)
    changes = kube.api.watch(path, params={"resourceVersion": answer["metadata"]["resourceVersion"]})
    async with aclosing(changes):
        async for type_, item in changes:
            _note(kind, type_, item, namespaces, seen)


def _note(kind: str, type_: str, item: dict[str, Any], namespaces: Collection[str], seen: list[Seen]) -> None:
    metadata = item["metadata"]
    if metadata.get("namespace", "") in ("", *namespaces):
        metadata.pop("managedFields", None)
        seen.append(Seen(kind, int(metadata["resourceVersion"]), time.time(), type_, item))
