"""Filters, orders and counts: what they mean, and what cannot be meant."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from graphql import GraphQLObjectType

from graph.model.ref import encode_id
from graph.model.status import State
from tests.api.server import SCHEMA, Served
from tests.api.world import World, entry, key, resource, status, transition

EARLY, LATE = "2026-11-22T10:00:00.000Z", "2026-11-22T13:00:00.000Z"
WEB, REPORT = key("SERVICE", "web"), key("SERVICE", "report", namespace="office")


async def names(served: Served, field: str, filter_: dict[str, Any], type_: str) -> list[str]:
    """Of what a list shows."""
    document = f"query($filter: {type_}) {{ list: {field}(filter: $filter) {{ nodes {{ name }} }} }}"
    return [node["name"] for node in (await served.query(document, filter=filter_)).data["list"]["nodes"]]


async def codes(served: Served, field: str, filter_: dict[str, Any], type_: str) -> list[str]:
    """Of the errors by which a filter is refused."""
    document = f"query($filter: {type_}) {{ {field}(filter: $filter) {{ totalCount }} }}"
    return (await served.query(document, filter=filter_)).codes


@pytest.mark.parametrize(
    "filter_",
    [
        {"namespaces": ["nowhere"]},
        {"clusters": ["nowhere"]},
        {"namespaces": ["shop"], "search": "report"},
        {"states": ["HEALTHY"], "reasons": ["PodsFailing"]},
        {"labels": [{"key": "team", "values": ["red"]}, {"key": "team", "values": ["blue"]}]},
        {"labels": [{"key": "team", "values": []}]},
    ],
)
async def test_what_contradicts_itself_or_is_not_there_matches_nothing(served: Served, filter_: dict[str, Any]) -> None:
    assert await names(served, "services", filter_, "ServiceFilter") == []


@pytest.mark.parametrize(
    "label",
    [
        {"key": ""},
        {"key": "a b"},
        {"key": "é"},
        {"key": "/team"},
        {"key": "a/b/c"},
        {"key": "-team"},
        {"key": "x" * 64},
        {"key": "team\x00"},
        {"key": "team", "values": ["red", "no blank"]},
        {"key": "team", "values": ["*"]},
        {"key": "team", "values": ["x" * 64]},
    ],
)
async def test_what_no_label_can_be_is_refused(served: Served, label: dict[str, Any]) -> None:
    assert await codes(served, "services", {"labels": [label]}, "ServiceFilter") == ["BAD_FILTER"]


async def test_what_a_label_can_be_is_found(served: Served, world: World) -> None:
    labels = {"app.kubernetes.io/part-of": "Shop_2.x-y", "empty": ""}
    world.put(resource(WEB, labels=labels))
    for name, value in labels.items():
        assert await names(served, "services", {"labels": [{"key": name, "values": [value]}]}, "ServiceFilter") == [
            "web"
        ]


async def test_a_filter_may_not_ask_without_end(served: Served) -> None:
    many = {"labels": [{"key": f"k{n}"} for n in range(21)]}
    assert await codes(served, "services", many, "ServiceFilter") == ["BAD_FILTER"]
    assert await codes(served, "pods", {"search": "x" * 254}, "ResourceFilter") == ["BAD_FILTER"]
    document = "query($order: [ServiceOrder!]) { services(orderBy: $order) { totalCount } }"
    for times in (2, 9):
        assert (await served.query(document, order=[{"field": "NAME"}] * times)).codes == ["BAD_FILTER"]


async def test_changed_since_is_when_the_status_began(served: Served, world: World) -> None:
    world.put(resource(WEB, told=status(since=LATE)))
    world.put(resource(REPORT, told=status(since=EARLY)))
    for instant, expected in (
        ("2026-11-22T12:00:00Z", ["web"]),
        ("2026-11-22T14:00:00+01:00", ["web"]),
        ("2026-11-22T13:00:00.000000001Z", ["web"]),
        ("2026-11-22T13:00:00.001Z", []),
        ("2026-11-22T10:00:00Z", ["report", "web"]),
    ):
        assert await names(served, "services", {"changedSince": instant}, "ServiceFilter") == expected
    pods = await names(served, "pods", {"changedSince": LATE, "services": [WEB.id]}, "ResourceFilter")
    assert pods == []


@pytest.mark.parametrize(
    "instant", ["", "yesterday", "2026-11-22", "2026-13-01T00:00:00Z", "1969-12-31T00:00:00Z", "9" * 5000, 5, "２" * 20]
)
async def test_what_is_no_instant_is_refused(served: Served, instant: object) -> None:
    filter_ = {"changedSince": instant}
    assert await codes(served, "services", filter_, "ServiceFilter") == ["GRAPHQL_VALIDATION_FAILED"]


@pytest.mark.parametrize(
    ("field", "type_"),
    [("pods", "ResourceFilter"), ("transitions", "TransitionFilter"), ("operatorLog", "OperatorLogFilter")],
)
async def test_an_id_of_another_kind_is_refused(served: Served, field: str, type_: str) -> None:
    for wrong in (key("POD", "web-1").id, encode_id("CLUSTER", "one"), "", "ä"):
        assert await codes(served, field, {"services": [wrong]}, type_) == ["BAD_ID"]


async def test_resources_are_ordered_by_several_fields(served: Served, world: World) -> None:
    pods = {"a": (State.FAILED, EARLY), "b": (State.HEALTHY, LATE), "c": (State.FAILED, LATE)}
    made = [resource(key("POD", name), told=status(state, since=since)) for name, (state, since) in pods.items()]
    old = msgspec.structs.replace(made[1], created_at=EARLY)
    world.load([made[0], old, made[2]])
    document = "query($order: [ResourceOrder!]) { pods(orderBy: $order) { nodes { name } } }"

    async def ordered(*order: tuple[str, str]) -> str:
        asked = [{"field": field, "direction": direction} for field, direction in order]
        return "".join(node["name"] for node in (await served.query(document, order=asked)).data["pods"]["nodes"])

    assert await ordered() == "abc"
    assert await ordered(("NAME", "DESC")) == "cba"
    assert await ordered(("SEVERITY", "ASC"), ("SINCE", "DESC")) == "cab"
    assert await ordered(("SEVERITY", "DESC"), ("SINCE", "ASC")) == "bac"
    assert await ordered(("CREATED", "ASC"), ("NAME", "DESC")) == "bca"


async def test_one_query_gives_a_dashboard(served: Served) -> None:
    document = """{
      clusters { name counts { total failed degraded } namespaces { name counts { total healthy degraded } } }
      services(filter: {states: [DEGRADED]}) { totalCount counts { total degraded healthy } }
      pods { counts { total failed healthy } }
    }"""
    data = (await served.query(document)).data
    assert data["clusters"] == [
        {
            "name": "one",
            "counts": {"total": 2, "failed": 0, "degraded": 1},
            "namespaces": [
                {"name": "office", "counts": {"total": 1, "healthy": 1, "degraded": 0}},
                {"name": "shop", "counts": {"total": 1, "healthy": 0, "degraded": 1}},
            ],
        }
    ]
    assert data["services"] == {"totalCount": 1, "counts": {"total": 1, "degraded": 1, "healthy": 0}}
    assert data["pods"] == {"counts": {"total": 3, "failed": 1, "healthy": 2}}


async def test_counts_are_of_what_may_be_seen(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(served.world.context), "visible", lambda _, namespace: namespace == "office")
    data = (await served.query("{ clusters { namespaces { name } } services { counts { total degraded } } }")).data
    assert data == {
        "clusters": [{"namespaces": [{"name": "office"}]}],
        "services": {"counts": {"total": 1, "degraded": 0}},
    }


async def test_events_are_listed_newest_first_and_filtered(served: Served) -> None:
    document = "query($filter: EventFilter) { events(filter: $filter) { nodes { lastAt } } }"

    async def minutes(**filter_: Any) -> list[str]:
        found = (await served.query(document, filter=filter_)).data["events"]["nodes"]
        return [node["lastAt"][11:16] for node in found]

    assert await minutes() == ["11:30", "11:00"]
    assert await minutes(services=[WEB.id], objects=[key("POD", "web-1").id], types=["Warning"]) == ["11:30", "11:00"]
    assert await minutes(objects=[key("POD", "web-2").id]) == []
    assert await minutes(reasons=["FailedMount"]) == []
    assert await minutes(since="2026-11-22T11:30:00Z", search="back-OFF") == ["11:30"]
    assert await minutes(namespaces=["office"]) == []


async def test_whatever_has_a_status_shows_its_own_transitions(served: Served, world: World) -> None:
    pod, other = key("POD", "web-1"), key("POD", "web-2")
    world.tell(
        transition(pod, None, State.FAILED, at=EARLY, service=WEB),
        transition(other, None, State.HEALTHY, at=LATE, service=WEB),
        transition(REPORT, None, State.HEALTHY, at=LATE),
    )
    document = """query($pod: ID!) {
      services { nodes { name transitions { totalCount nodes { object { name } cursor } } } }
      node(id: $pod) { ... on Pod { transitions(last: 1) { nodes { object { name } } } } }
    }"""
    data = (await served.query(document, pod=pod.id)).data
    told = {
        node["name"]: [each["object"]["name"] for each in node["transitions"]["nodes"]]
        for node in data["services"]["nodes"]
    }
    assert told == {"report": ["report"], "web": ["web-2", "web-1"]}
    assert data["node"]["transitions"]["nodes"] == [{"object": {"name": "web-1"}}]


async def test_records_are_found_since_an_instant(served: Served, world: World) -> None:
    world.tell(transition(WEB, None, State.FAILED, at=EARLY), transition(WEB, State.FAILED, None, at=LATE))
    world.log(entry("a"))
    document = """query($since: DateTime!) {
      transitions(filter: {since: $since}) { totalCount } operatorLog(filter: {since: $since}) { totalCount } }"""
    data = (await served.query(document, since="2026-11-22T12:00:00.000Z")).data
    assert data == {"transitions": {"totalCount": 1}, "operatorLog": {"totalCount": 1}}
    assert (await served.query(document, since=LATE)).data["operatorLog"] == {"totalCount": 0}


async def test_a_services_records_leave_with_what_is_kept(served: Served, world: World) -> None:
    document = """{ service(by: {name: {namespace: "shop", name: "web"}}) {
      transitions(first: 1) { totalCount nodes { to { state } } } operatorLog { totalCount } } }"""
    for n in range(250):
        world.tell(transition(WEB, None, State.FAILED if n % 2 else State.HEALTHY))
        world.log(entry(f"l{n}", service=WEB))
        if n % 100 == 0:
            await served.query(document)
    found = (await served.query(document)).data["service"]
    assert found == {
        "transitions": {"totalCount": 100, "nodes": [{"to": {"state": "FAILED"}}]},
        "operatorLog": {"totalCount": 100},
    }
    world.load([resource(WEB)], epoch="e2")
    assert (await served.query(document)).data["service"]["transitions"]["totalCount"] == 0


def test_every_connection_can_be_read_from_both_ends() -> None:
    fields = {
        f"{type_.name}.{name}": set(field.args)
        for type_ in SCHEMA.core.type_map.values()
        if isinstance(type_, GraphQLObjectType)
        for name, field in type_.fields.items()
        if str(field.type).rstrip("!").endswith("Connection")
    }
    assert len(fields) > 30
    assert {name: args for name, args in fields.items() if not {"first", "after", "last", "before"} <= args} == {}


def test_every_filter_can_tell_namespaces_and_services() -> None:
    """Of lists of objects: what a page of one service or one team needs."""
    for name in ("ResourceFilter", "EventFilter", "TransitionFilter", "OperatorLogFilter"):
        fields: Any = SCHEMA.core.type_map[name]
        assert {"clusters", "namespaces", "services"} <= set(fields.fields)
