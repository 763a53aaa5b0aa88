"""``heldFor``: transitions whose state lasted, as a list, as a stream, and resumed at any place."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graph.api import held, lasting
from graph.model import instant
from graph.model.resource import Cursor, Transition
from graph.model.status import State
from graph.store.codec import encode_cursor
from tests.api.server import Client, Served
from tests.api.world import World, key, shop, status, transition

BEGAN = instant.parse("2026-11-22T12:00:00Z") or 0.0
POD, OTHER = key("POD", "web-1"), key("POD", "web-2")
FAILED, HEALTHY = State.FAILED, State.HEALTHY
DOCUMENT = """subscription($filter: TransitionFilter, $after: Cursor) {
  statusTransitions(filter: $filter, after: $after) {
    __typename ... on StreamStart { cursor } ... on StreamReset { cursor reason }
    ... on StatusTransition { cursor object { name } to { state } recordedAt } } }"""


def at(seconds: float) -> str:
    """An instant of the tests' time."""
    return instant.show(BEGAN + seconds)


def turn(which: Any, before: State | None, after: State | None, seconds: float) -> Transition:
    """A transition at an instant."""
    return transition(which, before, after, at=at(seconds))


@pytest.fixture(autouse=True)
def ticks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Looks often."""
    monkeypatch.setattr(held, "TICK", 0.005)


def known(world: World, seconds: float) -> None:
    """The cluster was seen up to an instant, for which the beat after it stands."""
    world.followed["one"].observed = at(seconds + lasting.SLACK)


async def started(client: Client, **variables: Any) -> Any:
    """A subscription, and its first item."""
    await client.subscribe(DOCUMENT, **variables)
    return await client.next()


async def told(client: Client, number: int) -> list[tuple[str, str | None]]:
    """The next transitions: whose, and to which state."""
    items = [await client.next() for _ in range(number)]
    return [(item["object"]["name"], item["to"] and item["to"]["state"]) for item in items]


async def test_what_lasted_is_told_when_it_has_and_nothing_else_is(served: Served, world: World) -> None:
    async with served.socket() as client:
        await started(client, filter={"heldFor": 10})
        world.tell(turn(POD, HEALTHY, FAILED, 0), turn(OTHER, HEALTHY, FAILED, 1), turn(POD, FAILED, HEALTHY, 5))
        known(world, 10.9)
        await client.subscribe("{ clusters { name } }", id_="2")
        assert [(await client.receive())["id"] for _ in range(2)] == ["2", "2"]
        known(world, 15)
        assert await told(client, 2) == [("web-2", "FAILED"), ("web-1", "HEALTHY")]


async def test_another_reason_is_no_other_state_and_gone_is_one(served: Served, world: World) -> None:
    worse = msgspec.structs.replace(turn(POD, FAILED, FAILED, 5), after=status(FAILED, "Worse"))
    async with served.socket() as client:
        await started(client, filter={"heldFor": 10, "to": ["FAILED"]})
        world.tell(turn(POD, HEALTHY, FAILED, 0), worse, turn(POD, FAILED, None, 12), turn(OTHER, None, FAILED, 13))
        known(world, 30)
        items = [await client.next() for _ in range(2)]
        assert [item["recordedAt"] for item in items] == [at(0), at(13)]  # the second was FAILED for 7 s only
    async with served.socket() as client:
        await client.subscribe(DOCUMENT, filter={"heldFor": 10}, after=encode_cursor([Cursor("one", "e1", 0)]))
        assert await told(client, 3) == [("web-1", "FAILED"), ("web-1", None), ("web-2", "FAILED")]


async def test_while_the_cluster_is_not_watched_nothing_lasts(served: Served, world: World) -> None:
    async with served.socket() as client:
        await started(client, filter={"heldFor": 10})
        world.tell(turn(POD, HEALTHY, FAILED, 0))
        for observed in (at(5), None):
            world.followed["one"].observed = observed
            await client.subscribe("{ clusters { name } }", id_="2")
            assert [(await client.receive())["id"] for _ in range(2)] == ["2", "2"]
        world.tell(turn(POD, FAILED, HEALTHY, 100))  # seen when the watch was back: it had lasted
        assert await told(client, 1) == [("web-1", "FAILED")]


async def test_a_cursor_resumes_with_what_may_still_last(served: Served, world: World) -> None:
    async with served.socket() as client:
        start = (await started(client, filter={"heldFor": 10}))["cursor"]
        world.tell(turn(POD, None, FAILED, 0), turn(OTHER, None, FAILED, 5))
        known(world, 10)
        first = await client.next()
        assert first["object"] == {"name": "web-1"}
    known(world, 15)
    for cursor, names in ((first["cursor"], ["web-2"]), (start, ["web-1", "web-2"])):
        async with served.socket() as client:
            await client.subscribe(DOCUMENT, filter={"heldFor": 10}, after=cursor)
            assert [name for name, _ in await told(client, len(names))] == names


async def test_a_gap_is_a_reset(served: Served, world: World) -> None:
    world.load(shop(), seq=50, transitions_from=40)
    async with served.socket() as client:
        reset = await started(client, filter={"heldFor": 1}, after=encode_cursor([Cursor("one", "e1", 39)]))
        assert (reset["reason"], reset["cursor"]) == ("CURSOR_EXPIRED", encode_cursor([Cursor("one", "e1", 40)]))
        world.tell(*(turn(POD, None, FAILED, n) for n in range(150)))  # more than is kept, before any of it lasted
        assert (await client.next())["reason"] == "CURSOR_EXPIRED"
        known(world, 200)  # what is kept has lasted by now
        assert [(await client.next())["recordedAt"] for _ in range(100)] == [at(n) for n in range(50, 150)]
        world.load(shop(), epoch="e2")
        assert (await client.next())["reason"] == "EPOCH_CHANGED"
        world.tell(turn(POD, None, FAILED, 0))
        known(world, 5)
        assert await told(client, 1) == [("web-1", "FAILED")]


async def test_a_cluster_that_is_removed_is_a_reset(served: Served, world: World) -> None:
    world.load(cluster="two")
    async with served.socket() as client:
        await started(client, filter={"heldFor": 1})
        world.catalog.remove("two")
        reset = await client.next()
        assert (reset["reason"], reset["cursor"]) == ("EPOCH_CHANGED", encode_cursor([Cursor("one", "e1", 0)]))


async def test_a_list_shows_what_lasted(served: Served, world: World) -> None:
    world.tell(turn(POD, None, FAILED, 0), turn(POD, FAILED, HEALTHY, 3), turn(OTHER, None, FAILED, 4))
    known(world, 13)
    document = "query($filter: TransitionFilter) { transitions(filter: $filter) { nodes { recordedAt } } }"

    async def recorded(seconds: int) -> list[str]:
        found = (await served.query(document, filter={"heldFor": seconds})).data["transitions"]["nodes"]
        return [node["recordedAt"] for node in found]

    assert await recorded(3) == [at(4), at(3), at(0)]
    assert await recorded(10) == [at(3)]


@pytest.mark.parametrize("seconds", [0, -1, 86_401, 10**9])
async def test_an_impossible_time_is_refused(served: Served, seconds: int) -> None:
    answer = await served.query(f"{{ transitions(filter: {{heldFor: {seconds}}}) {{ totalCount }} }}")
    assert answer.codes == ["BAD_FILTER"]
    async with served.socket() as client:
        await client.subscribe(DOCUMENT, filter={"heldFor": seconds})
        assert await client.error() == "BAD_FILTER"


turns = st.lists(
    st.tuples(st.sampled_from("abc"), st.sampled_from([None, FAILED, HEALTHY, State.DEGRADED]), st.integers(0, 8)),
    max_size=25,
)


@given(turns=turns, seconds=st.integers(1, 12), now=st.integers(0, 150), cut=st.integers(0, 25))
@settings(max_examples=300)
def test_what_lasts_is_the_same_whenever_it_is_asked(turns: Any, seconds: int, now: int, cut: int) -> None:
    clock, states, records = 0, dict[str, State | None](), list[tuple[int, Transition]]()
    for seq, (name, state, later) in enumerate(turns):
        clock += later
        records.append((seq, turn(key("POD", name), states.get(name), state, clock)))
        states[name] = state
    whole, known_ = lasting.Stays(), BEGAN + max(now, clock)
    whole.take(records)
    found = [whole._stays[seq].lasted(seconds, known_) for seq, _ in records]
    for index, (_, one) in enumerate(records):
        left = next((at_ for _, each in records[index + 1 :] for at_ in leaving(one, each)), None)
        enough = (left if left is not None else known_) - (instant.parse(one.recorded_at) or 0) >= seconds
        assert found[index] == (enough if left is not None else enough or None)
    # Whoever asked when only a part was there and known decided nothing else, and in the same order.
    part = records[:cut]
    then, early = instant.parse(part[-1][1].recorded_at) if part else BEGAN, lasting.Stays()
    early.take(part)
    for (seq, _), later in zip(part, found, strict=False):
        earlier = early._stays[seq].lasted(seconds, then or 0.0)
        if earlier is None:
            break
        assert earlier == later
    early.forget(len(records))
    assert not early._stays
    assert not early._open


def leaving(one: Transition, later: Transition) -> list[float]:
    """When a later transition left the state of one, if it did."""
    states = [each.after.state if each.after is not None else None for each in (one, later)]
    return [instant.parse(later.recorded_at) or 0.0] if later.key == one.key and states[0] != states[1] else []
