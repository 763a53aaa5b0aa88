"""The program's own reflector against the demo's API, over HTTP: list, watch, bookmarks, and a 410 that lists again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import pytest

from graph.demo.cluster import Cluster
from graph.demo.resources import PODS
from graph.kube.client import connect
from graph.watch.reflector import Reflector, Timing
from tests.demo.conftest import Bare
from tests.watch.conftest import Told, pods


@pytest.fixture
async def told(bare: Bare, tmp_path: Path) -> AsyncIterator[Told]:
    """What a reflector of all pods tells."""
    cluster = Cluster()
    cluster.url = bare.url
    kube = await connect(str(cluster.kubeconfig(tmp_path / "kubeconfig")), None)
    recorder = Told()
    timing = Timing(timeout=300, silence=30, scale=0.01)
    reflector = Reflector(kube, pods(), recorder, recorder, timing=timing, clock=lambda: 0.0)
    task = asyncio.create_task(reflector.run())
    yield recorder
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    await kube.close()


async def test_a_reflector_lists_and_then_hears_every_change(bare: Bare, told: Told) -> None:
    await told.until(lambda words: words == ["= "])
    made = bare.pod("one")["metadata"]["resourceVersion"]
    changed = bare.touch("one", phase="Running")["metadata"]["resourceVersion"]
    bare.store.delete(PODS, "shop", "one")
    gone = bare.store.version
    await told.until(lambda words: len(words) == 5)
    marked = gone - 1
    assert told.told == ["= ", f"+ one@{made}", f"+ one@{changed}", f"+ one@{marked}", f"- one@{gone}"]
    assert told.problems == []


async def test_a_reflector_lists_again_when_its_version_is_forgotten(bare: Bare, told: Told) -> None:
    bare.pod("one")
    await told.until(lambda words: any("one@" in word for word in words))
    for number in range(150):
        bare.touch("one", message=str(number))  # in one go: the watch has no chance to follow
    await told.until(lambda words: len([word for word in words if word.startswith("= ")]) == 2)
    version = bare.store.get(PODS, "shop", "one")["metadata"]["resourceVersion"]
    assert told.told[-1] == f"= one@{version}"
    assert told.problems == []
