"""GraphQL over HTTP: every body gets a 4xx at worst, media types are negotiated, and the probes tell the truth."""

from __future__ import annotations

import json
from urllib.parse import urlencode

import pytest

from tests.api.server import Served, until
from tests.api.world import World

JSON = {"content-type": "application/json"}
QUERY = "{ clusters { name } }"
CLUSTERS = {"clusters": [{"name": "one"}]}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"5",
        b"null",
        b'"x"',
        b"[1]",
        b"{}",
        b"\xff\xfe",
        b"[" * 60_000,
        b'{"query": 5}',
        b'{"query": ""}',
        b'{"query": "{ a }", "variables": [1]}',
        b'{"query": "{ a }", "operationName": {}}',
        b'{"query": "\\ud800"}',
    ],
)
async def test_a_body_that_is_no_request_is_a_400(served: Served, body: bytes) -> None:
    answer = await served.request("POST", "/graphql", body, JSON)
    assert (answer.status, answer.codes) == (400, ["BAD_REQUEST"])


@pytest.mark.parametrize(
    "text", ["{" * 20_000, "{a" * 20_000, '{ node(id: "\\ud83d") { id } }', "[" * 20_000, "query ($a: " + "[" * 20_000]
)
async def test_a_hostile_document_is_refused_with_a_reason(served: Served, text: str) -> None:
    answer = await served.query(text)
    assert answer.status == 200
    assert set(answer.codes) <= {"GRAPHQL_PARSE_FAILED", "GRAPHQL_VALIDATION_FAILED"}


async def test_a_body_that_is_too_large_is_refused(served: Served) -> None:
    answer = await served.request("POST", "/graphql", b'{"query": "' + b" " * 65_536 + b'"}', JSON)
    assert answer.status == 413


@pytest.mark.parametrize(
    "type_", ["text/plain", "multipart/form-data; boundary=x", "application/x-www-form-urlencoded"]
)
async def test_only_json_is_read(served: Served, type_: str) -> None:
    answer = await served.request("POST", "/graphql", json.dumps({"query": QUERY}), {"content-type": type_})
    assert answer.status == 415


async def test_other_methods_are_refused(served: Served) -> None:
    answer = await served.request("PUT", "/graphql", "{}", JSON)
    assert (answer.status, answer.headers["allow"]) == (405, "GET, POST")


async def test_a_query_may_be_a_get(served: Served) -> None:
    document = "query Q($first: Int) { services(first: $first) { nodes { name } } } query R { clusters { name } }"
    parameters = {"query": document, "variables": '{"first": 1}', "operationName": "Q"}
    answer = await served.request("GET", f"/graphql?{urlencode(parameters)}")
    assert answer.data == {"services": {"nodes": [{"name": "report"}]}}


@pytest.mark.parametrize("parameters", [{}, {"query": QUERY, "variables": "{"}, {"query": QUERY, "variables": "[]"}])
async def test_a_get_that_is_no_request_is_a_400(served: Served, parameters: dict[str, str]) -> None:
    assert (await served.request("GET", f"/graphql?{urlencode(parameters)}")).status == 400


async def test_a_get_never_changes_anything(served: Served, world: World) -> None:
    document = 'mutation { stopCronjob(input: {id: "x"}) { result { __typename } } }'
    answer = await served.request("GET", f"/graphql?{urlencode({'query': document})}")
    assert (answer.status, answer.headers["allow"]) == (405, "POST")
    assert world.desk.asked == {}


async def test_a_subscription_needs_a_websocket(served: Served) -> None:
    answer = await served.query("subscription { freshness { state } }")
    assert (answer.status, answer.codes) == (400, ["BAD_REQUEST"])
    assert "websocket" in answer.json["errors"][0]["message"]


async def test_an_operation_that_is_not_there_is_refused(served: Served) -> None:
    body = json.dumps({"query": QUERY, "operationName": "Other"})
    assert (await served.request("POST", "/graphql", body, JSON)).codes == ["BAD_REQUEST"]


@pytest.mark.parametrize(
    ("accept", "media"),
    [
        (None, "application/json"),
        ("*/*", "application/json"),
        ("application/json", "application/json"),
        ("application/graphql-response+json", "application/graphql-response+json"),
        ("application/graphql-response+json, application/json;q=0.9", "application/graphql-response+json"),
        ("application/graphql-response+json;q=0.5, application/json", "application/json"),
        ("application/json, application/graphql-response+json", "application/graphql-response+json"),
        ("text/html, */*;q=0.1", "application/json"),
    ],
)
async def test_the_media_type_is_negotiated(served: Served, accept: str | None, media: str) -> None:
    headers = {**JSON, **({"accept": accept} if accept else {})}
    answer = await served.request("POST", "/graphql", json.dumps({"query": QUERY}), headers)
    assert answer.headers["content-type"] == f"{media}; charset=utf-8"
    assert answer.headers["vary"] == "Accept"
    assert answer.data == CLUSTERS


async def test_nothing_acceptable_is_a_406(served: Served) -> None:
    headers = {**JSON, "accept": "text/html"}
    assert (await served.request("POST", "/graphql", json.dumps({"query": QUERY}), headers)).status == 406


@pytest.mark.parametrize("document", ["{", "{ nothing }", "query($a: Int!) { services(first: $a) { totalCount } }"])
async def test_a_request_error_is_a_400_where_the_client_understands_it(served: Served, document: str) -> None:
    headers = {**JSON, "accept": "application/graphql-response+json"}
    answer = await served.request("POST", "/graphql", json.dumps({"query": document}), headers)
    assert answer.status == 400
    assert "data" not in answer.json
    assert (await served.query(document)).status == 200


async def test_validation_errors_stay_readable(served: Served) -> None:
    answer = await served.query("{ servces { totalCount } }")
    assert answer.json["errors"][0]["message"].startswith("Cannot query field 'servces'")
    assert answer.codes == ["GRAPHQL_VALIDATION_FAILED"]


async def test_there_is_one_endpoint_without_redirects(served: Served) -> None:
    assert (await served.request("POST", "/graphql/", json.dumps({"query": QUERY}), JSON)).status == 404


async def test_the_probes_tell_whether_it_lives_and_is_ready(served: Served, world: World) -> None:
    assert (await served.request("GET", "/livez")).status == 200
    assert (await served.request("GET", "/readyz")).status == 200
    served.unready = "no cluster is loaded"
    answer = await served.request("GET", "/readyz")
    assert (answer.status, answer.body) == (503, b"no cluster is loaded\n")
    served.unready = None
    await world.context.drain(0)
    answer = await served.request("GET", "/readyz")
    assert (answer.status, answer.body) == (503, b"draining\n")


async def test_metrics_count_what_is_answered(served: Served) -> None:
    await served.query(QUERY)
    await served.query("{")
    async with served.socket() as client:
        await client.subscribe("subscription { freshness { state } }")
        await client.next()
        page = (await served.request("GET", "/metrics")).body.decode().splitlines()
    await until(lambda: len(served.world.context.drain) == 0)
    for line in (
        'statusgraph_requests_total{outcome="ok",transport="http"} 1.0',
        'statusgraph_requests_total{outcome="error",transport="http"} 1.0',
        'statusgraph_subscriptions{field="freshness"} 1.0',
        'statusgraph_delivered_total{field="freshness"} 1.0',
        "statusgraph_websockets 1.0",
        'statusgraph_replica_lag_seconds{cluster="one"} 0.012',
        'statusgraph_replica_seq{cluster="one"} 0.0',
    ):
        assert line in page
