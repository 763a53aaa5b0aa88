"""Pods ingested as kubernetes_asyncio's documentation tells its users to: see ``meter``."""

from __future__ import annotations

import asyncio
from typing import Any

from kubernetes_asyncio import client, watch

from benchmarks.meter import NAMESPACE, PAGE, Figures, Meter, command


async def watch_typed(url: str, count: int, meter: Meter) -> Figures:
    """``kubernetes_asyncio.watch.Watch`` as it is."""
    return await _watch_library(url, count, meter, {})


async def watch_raw(url: str, count: int, meter: Meter) -> Figures:
    """The same, told to leave the objects as dicts."""
    return await _watch_library(url, count, meter, {"get_return_type": lambda self, function: ""})


async def list_typed(url: str, count: int, meter: Meter) -> Figures:
    """Its ``list_pod_for_all_namespaces`` in the same pages."""
    async with client.ApiClient(client.Configuration(host=url)) as api:
        core, more = client.CoreV1Api(api), ""
        pods: list[Any] = []
        meter.begin()
        while not pods or more:
            page = await core.list_pod_for_all_namespaces(limit=PAGE, _continue=more)
            pods, more = pods + page.items, page.metadata._continue
        assert len(pods) == count, "it was listed whole"
        return meter.end()


async def _watch_library(url: str, count: int, meter: Meter, instead: dict[str, Any]) -> Figures:
    async with client.ApiClient(client.Configuration(host=url)) as api:
        core = client.CoreV1Api(api)
        stream = type("Watch", (watch.Watch,), instead)()
        meter.begin()
        left = count
        try:
            async for _ in stream.stream(core.list_namespaced_pod, NAMESPACE):
                left -= 1
                if not left:
                    return meter.end()
        finally:
            await stream.close()
    raise AssertionError("the watch ended early")


if __name__ == "__main__":
    command(asyncio.run, watch_typed, watch_raw, list_typed)
