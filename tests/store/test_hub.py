"""Whoever does not read harms nobody but itself."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from graph.errors import SubscriberOverflow
from graph.model.resource import Cursor
from graph.store.hub import Delivery, Hub, Item
from tests.store.samples import lamp, modified

LIMIT = 100


def deliveries(first: int, count: int) -> list[Item]:
    """Changes of one lamp, under seqs that rise by one."""
    return [Delivery(Cursor("c1", "e", seq), modified(lamp("a", watts=seq))) for seq in range(first, first + count)]


async def seqs(items: AsyncIterator[Item], count: int) -> list[int]:
    """Of so many items, in the order in which they came."""
    return [item.cursor.seq for item in [await anext(items) for _ in range(count)] if isinstance(item, Delivery)]


async def test_one_subscriber_of_a_thousand_that_never_reads_leaves_the_others_unharmed() -> None:
    hub = Hub(LIMIT)
    stuck = hub.subscribe()
    readers = [asyncio.create_task(seqs(aiter(hub.subscribe()), 5 * LIMIT)) for _ in range(999)]
    assert len(hub) == 1000
    for page in range(10):
        hub.publish(deliveries(page * LIMIT // 2, LIMIT // 2))
        assert len(stuck.waiting) <= LIMIT
        await asyncio.sleep(0)  # the readers' turn
    for found in await asyncio.gather(*readers):
        assert found == list(range(5 * LIMIT))
    with pytest.raises(SubscriberOverflow):
        await anext(aiter(stuck))


async def test_a_subscriber_that_was_too_slow_is_told_so_and_gets_nothing_more() -> None:
    hub = Hub(LIMIT)
    slow = hub.subscribe()
    items = aiter(slow)
    hub.publish(deliveries(0, 1))
    assert await seqs(items, 1) == [0]
    hub.publish(deliveries(1, LIMIT))
    hub.publish(deliveries(LIMIT + 1, 1))
    hub.publish(deliveries(LIMIT + 2, 1))
    assert not slow.waiting, "what nobody will read takes no memory"
    with pytest.raises(SubscriberOverflow):
        await anext(items)
    assert len(hub) == 0


async def test_what_is_published_at_once_is_no_backlog() -> None:
    hub = Hub(LIMIT)
    items = aiter(hub.subscribe())
    hub.publish(deliveries(0, 3 * LIMIT))
    assert await seqs(items, 3 * LIMIT) == list(range(3 * LIMIT))


async def test_a_subscriber_sees_what_is_published_between_its_making_and_its_leaving() -> None:
    hub = Hub(LIMIT)
    hub.publish(deliveries(0, 1))
    early = hub.subscribe()
    hub.publish(deliveries(1, 1))
    late = hub.subscribe()
    hub.publish(deliveries(2, 1))
    assert [len(one.waiting) for one in (early, late)] == [2, 1]
    assert await seqs(aiter(early), 2) == [1, 2]
    hub.leave(early)
    hub.publish(deliveries(3, 1))
    assert [len(one.waiting) for one in (early, late)] == [0, 2]
