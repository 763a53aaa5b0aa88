"""Queries: what a service shows, filters, look-ups, and what every list has in common."""

from __future__ import annotations

from typing import Any

import pytest

from graph.model.action import LogLevel
from graph.model.ref import encode_id
from graph.model.resource import Whole
from graph.model.status import State
from tests.api.server import Served
from tests.api.world import World, entry, key, resource, status, transition


async def names(served: Served, field: str, filter_: dict[str, Any], type_: str = "ResourceFilter") -> list[str]:
    """Of what a list shows."""
    document = f"query($filter: {type_}) {{ list: {field}(filter: $filter) {{ totalCount nodes {{ name }} }} }}"
    found = (await served.query(document, filter=filter_)).data["list"]
    assert found["totalCount"] == len(found["nodes"])
    return [node["name"] for node in found["nodes"]]


async def test_a_service_shows_everything_below_it(served: Served) -> None:
    answer = await served.query(
        """
        query($by: ServiceBy!) {
          service(by: $by) {
            id kind uid namespace labels { key value } createdAt deletedAt source
            cluster { name }
            service { name }
            status { state reason because { object { kind name } evidence } }
            parts { pods { state } }
            deployments { name replicas { desired ready } images revision paused
              pods(first: 1) { totalCount nodes { name } } }
            pods { totalCount nodes { name restarts podIP containers { name state reason role } owner { name } } }
            cronjobs { name }
            statefulSets { name }
            latestBuild { number }
            events { nodes { reason count lastAt object { name } } }
            operatorLog { totalCount }
          }
        }
        """,
        by={"name": {"namespace": "shop", "name": "web"}},
    )
    web = answer.data["service"]
    assert (web["kind"], web["uid"], web["cluster"], web["service"]) == (
        "SERVICE",
        None,
        {"name": "one"},
        {"name": "web"},
    )
    assert web["id"] == key("SERVICE", "web").id
    assert web["labels"] == [{"key": "team", "value": "red"}, {"key": "tier", "value": "front"}]
    cause = {"object": {"kind": "Pod", "name": "web-1"}, "evidence": "CONTAINER_STATE"}
    assert web["status"] == {"state": "DEGRADED", "reason": "PodsFailing", "because": [cause]}
    (deployment,) = web["deployments"]
    assert deployment["pods"] == {"totalCount": 3, "nodes": [{"name": "web-1"}]}
    assert (deployment["replicas"], deployment["images"]) == ({"desired": 1, "ready": 1}, ["shop:1"])
    assert [pod["name"] for pod in web["pods"]["nodes"]] == ["web-1", "web-2", "web-3"]
    app = {"name": "app", "state": "WAITING", "reason": "CrashLoopBackOff", "role": "MAIN"}
    assert web["pods"]["nodes"][0]["containers"] == [app]
    assert [each["lastAt"][11:16] for each in web["events"]["nodes"]] == ["11:30", "11:00"]
    assert (web["cronjobs"], web["statefulSets"], web["latestBuild"]) == ([], [], None)


@pytest.mark.parametrize(
    ("filter_", "expected"),
    [
        ({}, ["report", "web"]),
        ({"clusters": ["other"]}, []),
        ({"namespaces": ["shop"]}, ["web"]),
        ({"states": ["DEGRADED", "FAILED"]}, ["web"]),
        ({"states": []}, []),
        ({"reasons": ["Available"]}, ["report"]),
        ({"labels": [{"key": "team"}]}, ["report", "web"]),
        ({"labels": [{"key": "team", "values": ["red", "green"]}, {"key": "tier"}]}, ["web"]),
        ({"search": "OFFICE"}, ["report"]),
        ({"search": "podsfail"}, ["web"]),
        ({"search": "as it is"}, ["report", "web"]),
    ],
)
async def test_services_are_filtered(served: Served, filter_: dict[str, Any], expected: list[str]) -> None:
    assert await names(served, "services", filter_, "ServiceFilter") == expected


async def test_resources_are_filtered_by_service_and_status(served: Served) -> None:
    web = key("SERVICE", "web").id
    assert await names(served, "pods", {"services": [web], "states": ["FAILED"]}) == ["web-1"]
    assert await names(served, "pods", {"services": [key("SERVICE", "report").id]}) == []
    assert await names(served, "cronjobs", {}) == ["nightly"]


async def test_an_id_in_a_filter_must_be_one(served: Served) -> None:
    answer = await served.query('{ pods(filter: {services: ["nonsense"]}) { totalCount } }')
    assert answer.codes == ["BAD_ID"]


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ([{"field": "NAME"}], ["report", "web"]),
        ([{"field": "NAME", "direction": "DESC"}], ["web", "report"]),
        ([{"field": "SEVERITY"}], ["web", "report"]),
        ([{"field": "SINCE"}, {"field": "NAMESPACE", "direction": "DESC"}], ["web", "report"]),
    ],
)
async def test_services_are_ordered_as_asked(served: Served, order: list[dict[str, str]], expected: list[str]) -> None:
    document = "query($order: [ServiceOrder!]) { services(orderBy: $order) { nodes { name } } }"
    answer = await served.query(document, order=order)
    assert [node["name"] for node in answer.data["services"]["nodes"]] == expected


async def test_a_node_is_found_by_its_id_whatever_it_is(served: Served, world: World) -> None:
    world.log(entry("l1", service=key("SERVICE", "web")))
    cluster, line = encode_id("CLUSTER", "one"), encode_id("LOG", "one", "l1")
    ids = [key("POD", "web-1").id, key("EVENT", "web-1.a").id, cluster, line]
    document = "query($ids: [ID!]!) { nodes(ids: $ids) { __typename id ... on Resource { name } } }"
    nodes = (await served.query(document, ids=ids)).data["nodes"]
    assert [node["__typename"] for node in nodes] == ["Pod", "Event", "Cluster", "OperatorLogEntry"]
    assert [node["id"] for node in nodes] == ids


@pytest.mark.parametrize(
    "unknown", ["", "nonsense", "ä", key("POD", "gone").id, encode_id("CLUSTER", "other"), encode_id("X")]
)
async def test_a_node_that_is_not_known_is_null(served: Served, unknown: str) -> None:
    document = "query($id: ID!) { node(id: $id) { id } service(by: {id: $id}) { id } nodes(ids: [$id]) { id } }"
    assert (await served.query(document, id=unknown)).data == {"node": None, "service": None, "nodes": [None]}


async def test_a_service_is_identified_by_one_thing(served: Served) -> None:
    document = "query($by: ServiceBy!) { service(by: $by) { name } }"
    web = key("SERVICE", "web").id
    assert (await served.query(document, by={"id": web})).data == {"service": {"name": "web"}}
    assert (await served.query(document, by={"id": key("POD", "web-1").id})).data == {"service": None}
    assert (await served.query(document, by={})).codes == ["GRAPHQL_VALIDATION_FAILED"]


async def test_a_cluster_must_be_named_where_there_are_several(served: Served, world: World) -> None:
    world.load(cluster="two")
    document = "query($name: ServiceName!) { service(by: {name: $name}) { name } }"
    name = {"namespace": "shop", "name": "web"}
    assert (await served.query(document, name=name)).codes == ["AMBIGUOUS_CLUSTER"]
    assert (await served.query(document, name={**name, "cluster": "one"})).data == {"service": {"name": "web"}}


async def test_clusters_tell_their_freshness_and_count_services(served: Served) -> None:
    document = "{ clusters { name freshness { state lagMs observedAt } counts { total healthy degraded failed } } }"
    (cluster,) = (await served.query(document)).data["clusters"]
    assert cluster["freshness"] == {"state": "LIVE", "lagMs": 12, "observedAt": "2026-11-22T12:00:00.000Z"}
    assert cluster["counts"] == {"total": 2, "healthy": 1, "degraded": 1, "failed": 0}


async def test_a_cluster_tells_since_when_its_history_is_whole(served: Served, world: World) -> None:
    document = "{ clusters { history { since lost } } }"
    (cluster,) = (await served.query(document)).data["clusters"]
    assert cluster["history"] == {"since": None, "lost": False}
    world.followed["one"].replica.whole = Whole("2026-11-22T11:00:00.000Z", lost=True)
    (cluster,) = (await served.query(document)).data["clusters"]
    assert cluster["history"] == {"since": "2026-11-22T11:00:00.000Z", "lost": True}


async def test_runs_lead_to_their_cronjob_and_the_newest_comes_first(served: Served, world: World) -> None:
    report, nightly = key("SERVICE", "report", namespace="office"), key("CRONJOB", "nightly", namespace="office")
    for name in ("nightly-1", "nightly-2"):
        world.put(resource(key("JOB", name, namespace="office"), service=report, owner=nightly))
    document = "{ cronjobs { nodes { activeJobs { name } jobs { nodes { name cronjob { name schedule } } } } } }"
    (cronjob,) = (await served.query(document)).data["cronjobs"]["nodes"]
    assert [job["name"] for job in cronjob["jobs"]["nodes"]] == ["nightly-1", "nightly-2"]
    assert [job["name"] for job in cronjob["activeJobs"]] == ["nightly-1", "nightly-2"]
    assert cronjob["jobs"]["nodes"][0]["cronjob"] == {"name": "nightly", "schedule": "0 3 * * *"}


async def test_transitions_are_listed_newest_first_and_filtered(served: Served, world: World) -> None:
    web = key("SERVICE", "web")
    first = transition(key("POD", "web-1"), None, State.PROGRESSING, at="2026-11-22T11:00:00.000Z", service=web)
    second = transition(
        key("POD", "web-1"), State.PROGRESSING, State.FAILED, at="2026-11-22T11:01:00.000Z", service=web
    )
    third = transition(key("POD", "web-9"), State.FAILED, None, at="2026-11-22T11:02:00.000Z")
    world.tell(first, second, third)
    document = "query($filter: TransitionFilter) { transitions(filter: $filter) { nodes { recordedAt } } }"

    async def minutes(**filter_: Any) -> list[str]:
        found = (await served.query(document, filter=filter_)).data["transitions"]["nodes"]
        return [node["recordedAt"][14:16] for node in found]

    assert await minutes() == ["02", "01", "00"]
    assert await minutes(services=[web.id]) == ["01", "00"]
    assert await minutes(to=["FAILED"]) == ["01"]
    assert await minutes(**{"from": ["FAILED"]}) == ["02"]
    assert await minutes(reasons=["WasFailed"]) == ["02", "01"]
    assert await minutes(kinds=["DEPLOYMENT"]) == []
    assert await minutes(kinds=["POD"], namespaces=["shop"], clusters=["one"]) == ["02", "01", "00"]


async def test_the_operator_log_is_listed_for_everything_and_for_a_service(served: Served, world: World) -> None:
    web = key("SERVICE", "web")
    world.log(entry("a", service=web), entry("b", level=LogLevel.ERROR), entry("c", service=web))
    document = """query($filter: OperatorLogFilter) {
      operatorLog(filter: $filter) { nodes { message level service { name } object { name } } }
      service(by: {name: {namespace: "shop", name: "web"}}) { operatorLog(first: 1) { totalCount nodes { message } } }
    }"""
    data = (await served.query(document)).data
    assert [node["message"] for node in data["operatorLog"]["nodes"]] == ["did c", "did b", "did a"]
    assert data["service"]["operatorLog"] == {"totalCount": 2, "nodes": [{"message": "did c"}]}
    errors = (await served.query(document, filter={"levels": ["ERROR"]})).data["operatorLog"]["nodes"]
    assert [node["message"] for node in errors] == ["did b"]


async def test_what_must_not_be_seen_is_nowhere(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(served.world.context), "visible", lambda _, namespace: namespace == "office")
    served.world.tell(transition(key("POD", "web-1"), None, State.FAILED))
    served.world.log(entry("a"))
    document = """query($pod: ID!) {
      services { nodes { name } } pods { totalCount } node(id: $pod) { id }
      transitions { totalCount } operatorLog { totalCount } clusters { counts { total } }
    }"""
    assert (await served.query(document, pod=key("POD", "web-1").id)).data == {
        "services": {"nodes": [{"name": "report"}]},
        "pods": {"totalCount": 0},
        "node": None,
        "transitions": {"totalCount": 0},
        "operatorLog": {"totalCount": 0},
        "clusters": [{"counts": {"total": 1}}],
    }


async def test_what_nobody_meant_to_raise_is_masked(served: Served, world: World) -> None:
    world.put(resource(key("POD", "web-1"), told=status(), fields=resource(key("SERVICE", "x")).fields))
    answer = await served.query("{ pods { nodes { name phase } } }")
    (error,) = answer.json["errors"]
    assert (error["message"], error["extensions"]["code"]) == ("internal error", "INTERNAL")
    assert len(error["extensions"]["correlation"]) == 32
    assert b"ServiceFields" not in answer.body
