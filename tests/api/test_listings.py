"""Sorted lists that are kept, and pages over them: whatever comes, goes or changes between two pages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from graph.api import listings, reading
from graph.api.orders import order_of
from graph.api.paging import Order, Page, Range
from graph.api.types.inputs import OrderDirection, ServiceOrder, ServiceOrderField
from graph.kinds import KINDS
from graph.model.resource import Resource
from graph.model.status import SEVERITY, State
from tests.api.world import World, key, resource, status

SERVICE = next(kind for kind in KINDS if kind.name == "SERVICE")
STATES = [State.FAILED, State.DEGRADED, State.HEALTHY]
NAMES = [f"s{n}" for n in range(12)]

orders = st.lists(
    st.builds(ServiceOrder, field=st.sampled_from(ServiceOrderField), direction=st.sampled_from(OrderDirection)),
    max_size=3,
    unique_by=lambda each: each.field,
)
objects = st.tuples(
    st.sampled_from(NAMES), st.sampled_from(["a", "b"]), st.sampled_from(["one", "two"]), st.sampled_from(STATES)
)
steps = st.lists(st.tuples(objects, st.booleans()), max_size=6)
rounds = st.lists(steps, min_size=1, max_size=8)


def made(name: str, namespace: str, cluster: str, state: State) -> Resource:
    """A service that began to be so at an instant of its own."""
    since = f"2026-11-22T12:00:{SEVERITY[state]:02}.{NAMES.index(name):03}Z"
    return resource(key("SERVICE", name, namespace=namespace, cluster=cluster), told=status(state, since=since))


def play(world: World, changes: Sequence[tuple[Any, bool]]) -> None:
    """Puts or drops each."""
    for what, there in changes:
        service = made(*what)
        if there:
            world.put(service)
        elif world.catalog.get(service.key) is not None:
            world.drop(service.key)


def started(first: Sequence[Any]) -> World:
    """Two clusters with some services."""
    world = World(queue=20)
    for cluster in ("one", "two"):
        world.load([made(*what) for what in first if what[2] == cluster], cluster=cluster)
    return world


def everything(world: World, order: Order) -> list[Resource]:
    """Sorted from nothing."""
    return order.sort(each for replica in world.catalog.replicas() for each in replica.of_kind("SERVICE"))


@given(first=st.lists(objects, max_size=30), asked=orders, changes=rounds, few=st.sampled_from([0.0, 1.0]))
@settings(max_examples=150)
def test_a_kept_list_is_the_sorted_one(first: Any, asked: Any, changes: Any, few: float) -> None:
    world, order = started(first), order_of(SERVICE, asked)
    before, listings.FEW = listings.FEW, few
    try:
        for each in changes:
            assert list(reading.listed(world.context, "SERVICE", order)) == everything(world, order)
            play(world, each)
        assert list(reading.listed(world.context, "SERVICE", order)) == everything(world, order)
    finally:
        listings.FEW = before


@given(first=st.lists(objects, max_size=30), asked=orders, changes=rounds, size=st.integers(1, 4), back=st.booleans())
@settings(max_examples=200)
def test_pages_neither_repeat_nor_skip_what_did_not_change(
    first: Any, asked: Any, changes: Any, size: int, back: bool
) -> None:
    world, order = started(first), order_of(SERVICE, asked)
    touched = {made(*what).key for each in changes for what, _ in each}
    unaffected = [each.key for each in everything(world, order) if each.key not in touched]
    seen: list[Any] = []
    cursor: str | None = None
    waiting = list(changes)
    while True:
        around = Range(last=size, before=cursor) if back else Range(first=size, after=cursor)
        page = Page(reading.listed(world.context, "SERVICE", order), order, around)
        seen += [node.key for node in (reversed(page.nodes) if back else page.nodes)]
        info = page.page_info
        if not (info.has_previous_page if back else info.has_next_page):
            break
        cursor = info.start_cursor if back else info.end_cursor
        if waiting:
            play(world, waiting.pop(0))
    told = [each for each in seen if each not in touched]
    assert told == (unaffected[::-1] if back else unaffected)


def test_lists_that_nobody_asks_for_are_forgotten() -> None:
    world = started([(name, "a", "one", State.HEALTHY) for name in NAMES])
    before, listings.KEEP = listings.KEEP, 30
    try:
        for field in ServiceOrderField:
            order = order_of(SERVICE, [ServiceOrder(field=field)])
            reading.listed(world.context, "SERVICE", order)
        assert sum(len(each.items) for each in world.context.listings._listings.values()) <= 30
    finally:
        listings.KEEP = before


def test_a_cluster_that_came_back_is_read_anew() -> None:
    world, order = started([("s1", "a", "one", State.HEALTHY)]), order_of(SERVICE)
    assert len(reading.listed(world.context, "SERVICE", order)) == 1
    world.catalog.remove("one")
    del world.followed["one"]
    assert reading.listed(world.context, "SERVICE", order) == []
    world.load([made(name, "a", "one", State.FAILED) for name in ("s2", "s3")], cluster="one")
    assert [each.key.name for each in reading.listed(world.context, "SERVICE", order)] == ["s2", "s3"]
