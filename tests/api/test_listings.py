"""Sorted lists that are kept, and pages over them: whatever comes, goes or changes between two pages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graph.api import listings, reading
from graph.api.orders import order_of
from graph.api.paging import Order, Page, Range
from graph.api.types.inputs import OrderDirection, ServiceOrder, ServiceOrderField
from graph.errors import MalformedObject
from graph.kinds import KINDS
from graph.model.resource import ChangeType, Resource, ResourceChange
from graph.model.status import SEVERITY, State
from graph.store.codec import Codec
from graph.store.hub import Delivery
from graph.store.replica import Replica
from graph.store.unread import in_full
from tests.api.world import World, event, key, resource, status, transition

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


def test_one_that_cannot_be_read_is_an_error_and_loses_none_of_the_others() -> None:
    world, codec, kind = World(), Codec(KINDS), next(one for one in KINDS if one.name == "EVENT")
    order = order_of(kind)

    def made(number: int, hour: int) -> Resource:
        last = f"2026-11-22T{hour:02}:00:{number:02}.000Z"
        return event(f"e{number:02}", key("POD", "web-1"), key("SERVICE", "web"), last)

    def told(item: Resource, *, readable: bool = True) -> None:
        sort, _, head, value, tail = codec.encode_change(ResourceChange(ChangeType.MODIFIED, item.key, item))
        assert isinstance(value, bytes)
        value = value if readable else value.replace(b"\xa7BackOff", b"\x07")
        replica.apply(_seq(replica) + 1, step := codec.step(sort.encode(), head + value + tail))
        assert replica.cursor is not None
        world.hub.publish([Delivery(replica.cursor, in_full(step))])

    world.load([made(number, 1) for number in range(60)])
    replica = world.followed["one"].replica
    assert len(reading.listed(world.context, "EVENT", order)) == 60
    told(made(10, 6), readable=False)
    told(made(11, 7))
    for _ in range(2):
        with pytest.raises(MalformedObject):
            reading.listed(world.context, "EVENT", order)
    told(made(10, 9))
    listed = reading.listed(world.context, "EVENT", order)
    assert [one.key for one in listed] == [one.key for one in order.sort(replica.of_kind("EVENT"))]


def test_a_transition_that_cannot_be_read_is_an_error_and_loses_none_of_the_others() -> None:
    world, codec, pod = World(), Codec(KINDS), resource(key("POD", "web-1"), service=key("SERVICE", "web"))
    world.load([pod])
    replica = world.followed["one"].replica
    for broken in (b"", b"", b"\xa9WasFailed", b""):
        turned = transition(pod.key, State.HEALTHY, State.FAILED, service=pod.service)
        change = ResourceChange(ChangeType.MODIFIED, pod.key, pod, turned)
        sort, _, head, value, tail = codec.encode_change(change)
        tail = tail.replace(broken, b"\xc0", 1) if broken else tail
        replica.apply(_seq(replica) + 1, codec.step(sort.encode(), head + value + tail))
    for _ in range(2):
        with pytest.raises(MalformedObject):
            reading.transitions_of(world.context, pod.key)
        with pytest.raises(MalformedObject):
            world.context.shelves.stays(replica)


def _seq(replica: Replica) -> int:
    assert replica.cursor is not None
    return replica.cursor.seq
