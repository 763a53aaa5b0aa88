"""The demo from a browser's side: each story fails and recovers with its reason and cause, and actions work.

Told six times faster; ``python -m tests.demo.watch`` is the same at its usual pace, with a table.
"""

from __future__ import annotations

import asyncio

import pytest

from tests.demo.running import Demo
from tests.demo.watch import FAST, acted, promises_kept
from tests.e2e.client import Ledger, query

PACE = "6"
SERVICES = "{ services(first: 100) { nodes { namespace name status { state } } } }"


@pytest.mark.usefixtures("redis_program")
@pytest.mark.timeout(120)
async def test_every_story_fails_and_recovers_and_actions_are_told() -> None:
    async with Demo("--pace", PACE, **FAST) as demo, Ledger(demo.port) as heard:
        await promises_kept(heard, within=60, by_minute=False)
        done = await acted(demo.port)
        assert [mutation for mutation, *_ in done][:2] == ["stopCronjob", "startCronjob"]
        assert heard.resets == []
        assert demo.errors == ""


@pytest.mark.usefixtures("redis_program")
async def test_it_is_told_at_scale() -> None:
    async with Demo("--scale", "3") as demo:
        async with asyncio.timeout(60):
            while True:
                found = (await query(demo.port, SERVICES))["services"]["nodes"]
                if len(found) == 30:
                    break
                await asyncio.sleep(0.2)
        assert {one["namespace"] for one in found} >= {"shop", "shop-2", "shop-3"}
