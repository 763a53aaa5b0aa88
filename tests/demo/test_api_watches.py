"""Watches: what is told in which order, from where, and how they end."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest

from graph.demo.api import watching
from graph.demo.api.streams import Stream
from graph.demo.resources import PODS
from tests.demo.conftest import Bare
from tests.demo.samples import TABLE

SHOP = "/api/v1/namespaces/shop/pods"
SECONDS = 5.0


class Reader:
    """Reads a watch, one change at a time."""

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self.response = response

    async def next(self) -> dict[str, Any]:
        async with asyncio.timeout(SECONDS):
            line = await self.response.content.readline()
        return dict(json.loads(line)) if line else {}

    async def told(self, count: int) -> list[tuple[str, str]]:
        """(type, name) of the next changes."""
        changes = [await self.next() for _ in range(count)]
        return [(one["type"], one["object"]["metadata"].get("name", "")) for one in changes]


@asynccontextmanager
async def watching_pods(bare: Bare, path: str = SHOP, **params: str) -> AsyncIterator[Reader]:
    query = {"watch": "1", **params}
    async with aiohttp.ClientSession() as session, session.get(bare.url + path, params=query) as response:
        yield Reader(response)


@pytest.fixture
def left(bare: Bare, monkeypatch: pytest.MonkeyPatch) -> asyncio.Event:
    """Set when a watch is not open any more."""
    event, leave = asyncio.Event(), bare.api.streams.leave

    def leaving(stream: Stream) -> None:
        leave(stream)
        event.set()

    monkeypatch.setattr(bare.api.streams, "leave", leaving)
    return event


def now(bare: Bare) -> str:
    return str(bare.store.version)


async def test_a_watch_tells_what_happened_since_its_version_and_then_all(bare: Bare) -> None:
    bare.pod("before")
    version = now(bare)
    bare.pod("one")
    async with watching_pods(bare, resourceVersion=version) as watch:
        assert await watch.told(1) == [("ADDED", "one")]
        bare.touch("one", phase="Running")
        bare.pod("elsewhere", namespace="other")
        bare.store.delete(PODS, "shop", "one")
        assert await watch.told(3) == [("MODIFIED", "one"), ("MODIFIED", "one"), ("DELETED", "one")]  # marked, gone


@pytest.mark.parametrize("version", ["", "0"])
async def test_a_watch_of_no_version_begins_with_what_is_there(bare: Bare, version: str) -> None:
    bare.pod("one")
    bare.pod("two")
    async with watching_pods(bare, resourceVersion=version) as watch:
        assert await watch.told(2) == [("ADDED", "one"), ("ADDED", "two")]
        bare.pod("three")
        assert await watch.told(1) == [("ADDED", "three")]


async def test_a_streaming_list_ends_with_its_bookmark(bare: Bare) -> None:
    bare.pod("one")
    streaming = {"sendInitialEvents": "true", "resourceVersionMatch": "NotOlderThan", "allowWatchBookmarks": "true"}
    async with watching_pods(bare, **streaming) as watch:
        assert await watch.told(1) == [("ADDED", "one")]
        end = await watch.next()
    assert end["type"] == "BOOKMARK"
    assert end["object"]["metadata"]["annotations"] == {"k8s.io/initial-events-end": "true"}
    assert end["object"]["metadata"]["resourceVersion"] == now(bare)


async def test_what_enters_or_leaves_a_selection_is_added_or_deleted(bare: Bare) -> None:
    bare.pod("one")
    async with watching_pods(bare, resourceVersion=now(bare), fieldSelector="status.phase=Running") as watch:
        bare.touch("one", phase="Running")
        bare.touch("one", message="still")
        bare.touch("one", phase="Failed")
        bare.touch("one", message="unseen")
        bare.touch("one", phase="Running")
        bare.store.delete(PODS, "shop", "one")
        told = [await watch.next() for _ in range(6)]
    assert [one["type"] for one in told] == ["ADDED", "MODIFIED", "DELETED", "ADDED", "MODIFIED", "DELETED"]
    assert told[2]["object"]["status"]["message"] == "still"
    assert int(told[2]["object"]["metadata"]["resourceVersion"]) > int(told[1]["object"]["metadata"]["resourceVersion"])


async def test_a_quiet_watch_gets_bookmarks_and_they_are_new(bare: Bare, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "BOOKMARK", 0.05)
    async with watching_pods(bare, resourceVersion=now(bare), allowWatchBookmarks="true") as watch:
        await watch.next()
        bare.pod("elsewhere", namespace="other")
        async with asyncio.timeout(SECONDS):
            while (bookmark := await watch.next())["object"]["metadata"]["resourceVersion"] != now(bare):
                pass
    assert bookmark["type"] == "BOOKMARK"
    assert bookmark["object"]["kind"] == "Pod"


async def test_a_watch_ends_with_its_time_and_a_bookmark(bare: Bare) -> None:
    async with watching_pods(bare, resourceVersion=now(bare), allowWatchBookmarks="true", timeoutSeconds="1") as watch:
        assert (await watch.next())["type"] == "BOOKMARK"
        assert await watch.next() == {}


async def test_a_version_that_is_forgotten_is_expired_in_the_stream(bare: Bare) -> None:
    bare.pod("one")
    version = now(bare)
    for number in range(200):
        bare.touch("one", message=str(number))
    async with watching_pods(bare, resourceVersion=version) as watch:
        assert watch.response.status == 200
        error = await watch.next()
        assert (error["type"], error["object"]["code"], error["object"]["reason"]) == ("ERROR", 410, "Expired")
        assert await watch.next() == {}


async def test_a_slow_watch_of_other_things_does_not_expire(bare: Bare) -> None:
    async with watching_pods(bare, "/api/v1/namespaces", resourceVersion=now(bare)) as watch:
        bare.pod("one")
        for number in range(200):
            bare.touch("one", message=str(number))
        bare.store.delete(PODS, "shop", "one")
        namespace = {"metadata": {"name": "later"}}
        assert (await bare.raw.ask("POST", "/api/v1/namespaces", namespace)).code == 201
        assert await watch.told(1) == [("ADDED", "later")]


async def test_a_version_of_another_life_is_refused(bare: Bare) -> None:
    async with watching_pods(bare, resourceVersion="999999") as watch:
        assert watch.response.status == 504


async def test_a_single_object_is_watched(bare: Bare) -> None:
    bare.pod("one")
    async with watching_pods(bare, f"{SHOP}/one", resourceVersion=now(bare)) as watch:
        bare.pod("two")
        bare.touch("one", phase="Running")
        assert await watch.told(1) == [("MODIFIED", "one")]


async def test_a_watch_of_a_table_has_its_columns_once(bare: Bare) -> None:
    bare.pod("one")
    url = f"{bare.url}{SHOP}?watch=1&resourceVersion=0"
    async with aiohttp.ClientSession() as session, session.get(url, headers=TABLE) as response:
        watch = Reader(response)
        first = await watch.next()
        bare.touch("one", phase="Running")
        second = await watch.next()
    assert (first["type"], first["object"]["kind"]) == ("ADDED", "Table")
    assert first["object"]["columnDefinitions"][0]["name"] == "Name"
    assert second["object"]["columnDefinitions"] is None
    assert second["object"]["rows"][0]["cells"][2] == "Running"


async def test_a_client_that_goes_away_frees_its_watch_at_once(bare: Bare, left: asyncio.Event) -> None:
    async with watching_pods(bare, resourceVersion=now(bare)):
        assert len(bare.api.streams) == 1
    async with asyncio.timeout(SECONDS):
        await left.wait()
    assert len(bare.api.streams) == 0


async def test_a_closing_api_ends_its_watches(bare: Bare, left: asyncio.Event) -> None:
    async with watching_pods(bare, resourceVersion=now(bare)) as watch:
        bare.api.streams.close()
        assert await watch.next() == {}
    async with asyncio.timeout(SECONDS):
        await left.wait()
    assert len(bare.api.streams) == 0


async def test_many_watches_of_one_thing_are_told_the_same(bare: Bare) -> None:
    async with watching_pods(bare, resourceVersion=now(bare)) as one, watching_pods(bare, "/api/v1/pods") as other:
        for number in range(30):
            bare.pod(f"pod-{number:02}")
        told = [("ADDED", f"pod-{number:02}") for number in range(30)]
        assert await one.told(30) == await other.told(30) == told


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"resourceVersion": "x"}, 400),
        ({"resourceVersionMatch": "Exact"}, 422),
        ({"sendInitialEvents": "true"}, 422),
        ({"labelSelector": "a=b=c"}, 400),
        ({"timeoutSeconds": "soon"}, 400),
    ],
)
async def test_a_watch_that_cannot_be_read_is_refused(bare: Bare, params: dict[str, str], code: int) -> None:
    async with watching_pods(bare, **params) as watch:
        assert watch.response.status == code
