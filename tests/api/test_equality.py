"""The short form of ``python -m tests.api.equality``."""

from __future__ import annotations

from tests.api import equality


async def test_a_snapshot_and_its_changes_equal_a_fresh_query() -> None:
    told = await equality.run(changes=1_000, services=60, seed=7, every=100)
    assert told["changes"] >= 1_000
    assert told["reconnections"] > 0
    assert told["UPDATED"] > 500
    assert told["REMOVED"] > 50
