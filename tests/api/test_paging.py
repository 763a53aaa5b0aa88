"""Pages: cursors that stay where they are, and refusals of what makes no sense."""

from __future__ import annotations

from typing import Any

import pytest

from graph.model.ref import encode_id
from graph.model.status import State
from tests.api.server import Served
from tests.api.world import World, key, resource, transition

PAGE = """
query($first: Int, $after: String, $last: Int, $before: String) {
  services(first: $first, after: $after, last: $last, before: $before, orderBy: [{field: NAME}]) {
    totalCount edges { cursor node { name } } nodes { name }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
  }
}
"""


@pytest.fixture(autouse=True)
def services(world: World) -> None:
    """Five, a to e."""
    world.load([resource(key("SERVICE", name)) for name in "abcde"])


async def page(served: Served, **arguments: Any) -> tuple[str, dict[str, Any]]:
    """The names on a page, and what is around it."""
    found = (await served.query(PAGE, **arguments)).data["services"]
    assert found["totalCount"] == 5
    assert [edge["node"] for edge in found["edges"]] == found["nodes"]
    assert [edge["cursor"] for edge in found["edges"]][:1] == [found["pageInfo"]["startCursor"]]
    return "".join(node["name"] for node in found["nodes"]), found["pageInfo"]


async def test_pages_follow_one_another(served: Served) -> None:
    shown, around = await page(served, first=2)
    assert (shown, around["hasPreviousPage"], around["hasNextPage"]) == ("ab", False, True)
    shown, around = await page(served, first=2, after=around["endCursor"])
    assert (shown, around["hasPreviousPage"], around["hasNextPage"]) == ("cd", True, True)
    shown, around = await page(served, first=2, after=around["endCursor"])
    assert (shown, around["hasPreviousPage"], around["hasNextPage"]) == ("e", True, False)


async def test_pages_can_be_read_backwards(served: Served) -> None:
    shown, around = await page(served, last=2)
    assert (shown, around["hasPreviousPage"], around["hasNextPage"]) == ("de", True, False)
    shown, around = await page(served, last=2, before=around["startCursor"])
    assert (shown, around["hasPreviousPage"], around["hasNextPage"]) == ("bc", True, True)


async def test_a_page_goes_on_where_its_item_was_even_when_that_is_gone(served: Served, world: World) -> None:
    _, around = await page(served, first=2)
    world.drop(key("SERVICE", "b"))
    world.put(resource(key("SERVICE", "aa")))
    shown, _ = await page(served, first=2, after=around["endCursor"])
    assert shown == "cd"


@pytest.mark.parametrize(
    "arguments",
    [
        {"first": 0},
        {"first": -1},
        {"first": 101},
        {"first": 10**9},
        {"last": 0},
        {"last": 101},
        {"first": 1, "last": 1},
    ],
)
async def test_a_page_of_an_impossible_size_is_refused(served: Served, arguments: dict[str, int]) -> None:
    assert (await served.query(PAGE, **arguments)).codes == ["BAD_PAGE"]


async def test_a_cursor_of_something_else_is_refused(served: Served) -> None:
    other = (await served.query("{ services(first: 1) { pageInfo { endCursor } } }")).data
    for cursor in ("nonsense", other["services"]["pageInfo"]["endCursor"]):
        assert (await served.query(PAGE, after=cursor)).codes == ["BAD_CURSOR"]
        assert (await served.query(PAGE, before=cursor)).codes == ["BAD_CURSOR"]


@pytest.mark.parametrize(
    "values",
    [
        '["a"]',
        '["a",["shop","a","one"],1]',
        '[1,["shop","a","one"]]',
        '["a",["shop",2,"one"]]',
        "{}",
        "null",
        "[" * 9999,
    ],
)
async def test_a_cursor_that_was_tampered_with_is_refused(served: Served, values: str) -> None:
    cursor = encode_id("PAGE", "SERVICE NAME:ASC", values)
    assert (await served.query(PAGE, after=cursor)).codes == ["BAD_CURSOR"]
    assert (await served.query(PAGE, before=cursor, last=2)).codes == ["BAD_CURSOR"]


async def test_fifty_are_shown_unless_asked_otherwise(served: Served, world: World) -> None:
    world.load([resource(key("SERVICE", f"s{n:03}")) for n in range(120)])
    document = "query($first: Int) { services(first: $first) { totalCount nodes { name } } }"
    found = (await served.query(document)).data["services"]
    assert (found["totalCount"], len(found["nodes"])) == (120, 50)
    assert len((await served.query(document, first=100)).data["services"]["nodes"]) == 100


async def test_the_records_of_an_object_come_in_the_order_in_which_they_were_written(
    served: Served, world: World
) -> None:
    times = [f"2026-11-22T12:00:0{second}.000Z" for second in (5, 6, 4, 7, 3)]  # a leader's clock may be behind
    which = key("POD", "web-1")
    world.load([resource(which)])
    world.tell(*(transition(which, None, State.HEALTHY, at=at) for at in times))
    document = """query($id: ID!, $after: String) { node(id: $id) { ... on Pod {
      transitions(first: 2, after: $after) { nodes { recordedAt } pageInfo { hasNextPage endCursor } } } } }"""
    found: list[str] = []
    page: dict[str, Any] = {"hasNextPage": True, "endCursor": None}
    while page["hasNextPage"]:
        answer = await served.query(document, id=which.id, after=page["endCursor"])
        transitions = answer.data["node"]["transitions"]
        found += [node["recordedAt"] for node in transitions["nodes"]]
        page = transitions["pageInfo"]
    assert found == times[::-1]
