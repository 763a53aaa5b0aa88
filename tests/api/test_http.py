"""GraphQL over HTTP: every body gets a 4xx at worst, media types are negotiated, and the probes tell the truth."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from urllib.parse import urlencode

import pytest

from tests.api.server import Host, Served, until
from tests.api.world import World

BROWSER = {"accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
JSON = {"content-type": "application/json"}
QUERY = "{ clusters { name } }"
CLUSTERS = {"clusters": [{"name": "one"}]}


@pytest.fixture
def built(tmp_path: Path) -> Path:
    """A page with one file, as the build leaves them."""
    (tmp_path / "graphiql").mkdir()
    (tmp_path / "index.html").write_text("<!doctype html>")
    (tmp_path / "graphiql" / "index-abc.js.gz").write_bytes(gzip.compress(b"script()"))
    return tmp_path


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
    assert set(answer.codes) <= {"GRAPHQL_PARSE_FAILED", "GRAPHQL_VALIDATION_FAILED", "TOO_LARGE", "TOO_MANY_TOKENS"}


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


@pytest.mark.parametrize("accept", [None, "text/event-stream"])
@pytest.mark.parametrize(("encodings", "packed"), [("gzip, br", True), ("", False)])
async def test_long_answers_are_packed_for_those_who_take_it_but_events_never(
    served: Served, encodings: str, packed: bool, accept: str | None
) -> None:
    given = {"accept-encoding": encodings, "accept": accept or "application/json"}
    long = await served.post({"query": "{ __schema { types { name description } } }"}, **given)
    assert (long.headers.get("content-encoding") == "gzip") == (packed and not accept)
    if accept is None:
        assert {"Accept", "Accept-Encoding"} <= set(long.headers["vary"].split(", "))
        assert b"description" in (gzip.decompress(long.body) if packed else long.body)
    short = await served.post({"query": QUERY}, **given)
    assert "content-encoding" not in short.headers


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


@pytest.mark.parametrize(
    ("accept", "status", "media"),
    [
        ("text/html,application/xhtml+xml,application/xml;q=0.9,image/webp,*/*;q=0.8", 200, "text/html; charset=utf-8"),
        ("text/html", 200, "text/html; charset=utf-8"),
        ("text/html, */*", 200, "text/html; charset=utf-8"),
        ("application/json;q=0.9, text/html", 200, "text/html; charset=utf-8"),
        ("text/html;q=0.9, application/json", 400, "application/json; charset=utf-8"),
        ("text/html, application/json", 400, "application/json; charset=utf-8"),
        ("text/html;q=0.5, application/*", 400, "application/json; charset=utf-8"),
        ("text/html;q=0, */*", 400, "application/json; charset=utf-8"),
        ("*/*", 400, "application/json; charset=utf-8"),
        (None, 400, "application/json; charset=utf-8"),
    ],
)
async def test_only_a_browser_gets_a_page(
    host: Host, world: World, built: Path, accept: str | None, status: int, media: str
) -> None:
    served = host.serve(world, web=built)
    answer = await served.request("GET", "/graphql", headers={"accept": accept} if accept else None)
    assert (answer.status, answer.headers["content-type"], answer.headers["vary"]) == (status, media, "Accept")


async def test_the_page_may_load_nothing_from_elsewhere(host: Host, world: World, built: Path) -> None:
    served = host.serve(world, web=built)
    answer = await served.request("GET", "/graphql", headers=BROWSER)
    policy = set(answer.headers["content-security-policy"].split("; "))
    assert policy >= {
        "script-src 'self'",
        "worker-src 'self'",
        "connect-src 'self'",
        "font-src 'self' data:",
        "style-src 'self' 'unsafe-inline'",
        "frame-ancestors 'none'",
    }
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["cache-control"] == "no-cache"


@pytest.mark.parametrize(("accepted", "encoding"), [("gzip, br", "gzip"), ("gzip;q=0", None), ("", None)])
async def test_files_are_kept_forever_and_unpacked_for_those_who_need_it(
    host: Host, world: World, built: Path, accepted: str, encoding: str | None
) -> None:
    served = host.serve(world, web=built)
    answer = await served.request("GET", "/graphiql/index-abc.js", headers={"accept-encoding": accepted})
    assert (answer.status, answer.headers.get("content-encoding")) == (200, encoding)
    assert (gzip.decompress(answer.body) if encoding else answer.body) == b"script()"
    assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["vary"] == "Accept-Encoding"


@pytest.mark.parametrize("path", ["/graphiql/", "/graphiql/other.js", "/graphiql/..%2findex.html", "/graphiql/a/b"])
async def test_there_are_no_other_files(host: Host, world: World, built: Path, path: str) -> None:
    assert (await host.serve(world, web=built).request("GET", path)).status == 404


async def test_a_page_that_was_not_built_says_so_and_the_api_works(host: Host, world: World, tmp_path: Path) -> None:
    served = host.serve(world, web=tmp_path)
    answer = await served.request("GET", "/graphql", headers=BROWSER)
    assert (answer.status, answer.body.count(b"\n")) == (503, 1)
    assert b"npm run build" in answer.body
    assert (await served.query(QUERY)).data == CLUSTERS


async def test_where_it_is_switched_off_a_browser_is_a_client_like_any_other(host: Host, world: World) -> None:
    served = host.serve(world, web=None)
    answer = await served.request("GET", f"/graphql?{urlencode({'query': QUERY})}", headers=BROWSER)
    assert answer.data == CLUSTERS
    assert (await served.request("GET", "/graphiql/index-abc.js")).status == 404


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
