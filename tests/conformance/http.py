"""H1 to H9: what a client sees of GraphQL over HTTP. Each function is a line of the table; its docstring says what."""

from __future__ import annotations

import asyncio
import hashlib
import json
import time
from typing import Any
from urllib.parse import urlencode

from tests.api.server import Answer
from tests.conformance import npm
from tests.conformance.examples import output
from tests.conformance.target import JSON, Target, until

QUERY = "{ clusters { name } }"
EVENTS = "text/event-stream"
GRAPHQL = "application/graphql-response+json"
FRESHNESS = "subscription { freshness { state } }"
AUDITS = 61
MUTATION = 'mutation { stopCronjob(input: { id: "x" }) { result { __typename } } }'
BODIES = [
    *(b"", b"5", b"null", b'"x"', b"[1]", b"\xff\xfe", b"[" * 60_000, b'{"query": 5}'),
    b'{"query": "{ a }", "variables": [1]}',
    b'{"query": "{ a }", "operationName": {}}',
]
INCREMENTAL = {"@defer": "{ ... @defer { clusters { name } } }", "@stream": "{ clusters @stream { name } }"}


def _refused(answer: Answer, status: int) -> None:
    """With an error that is JSON."""
    assert answer.status == status, f"{answer.status}, not {status}: {answer.body[:200]!r}"
    assert answer.json["errors"][0]["message"]
    assert "data" not in answer.json


async def h1(target: Target) -> None:
    """61 of 61 audits of graphql-http"""
    url = f"http://{target.host}:{target.port}/graphql"
    lines = await output(npm.installed().parent, ["node", "audits.mjs", url])
    found = [json.loads(line) for line in lines]
    assert len(found) == AUDITS
    assert [one for one in found if one["status"] != "ok"] == []


async def h2(target: Target) -> None:
    """a body that is no request is a 400 with a JSON error"""
    for body in BODIES:
        _refused(await target.request("POST", "/graphql", body, JSON), 400)


async def h3(target: Target) -> None:
    """405 with Allow, 415, 413, 406"""
    for method in ("PUT", "DELETE", "PATCH"):
        answer = await target.request(method, "/graphql", "{}", JSON)
        _refused(answer, 405)
        assert answer.headers["allow"] == "GET, POST"
    body = json.dumps({"query": QUERY})
    for type_ in ("text/plain", "application/x-www-form-urlencoded", "application/graphql"):
        _refused(await target.request("POST", "/graphql", body, {"content-type": type_}), 415)
    _refused(await target.request("POST", "/graphql", body + " " * 65_536, JSON), 413)
    _refused(await target.post({"query": QUERY}, accept="image/png"), 406)


async def h4(target: Target) -> None:
    """GET never mutates; a subscription over plain HTTP is a clear 4xx"""
    answer = await target.request("GET", f"/graphql?{urlencode({'query': MUTATION})}")
    _refused(answer, 405)
    assert answer.headers["allow"] == "POST"
    _refused(await target.post({"query": FRESHNESS}), 400)
    _refused(await target.request("GET", f"/graphql?{urlencode({'query': FRESHNESS})}"), 400)


async def h5(target: Target) -> None:
    """only application/json is read, no multipart; a foreign Origin may not ask"""
    form = '--x\r\nContent-Disposition: form-data; name="operations"\r\n\r\n{"query": "{ a }"}\r\n--x--\r\n'
    answer = await target.request("POST", "/graphql", form, {"content-type": "multipart/form-data; boundary=x"})
    _refused(answer, 415)
    for origin in ("https://evil.example", "null"):
        answer = await target.post({"query": MUTATION}, origin=origin, cookie="a=b")
        assert answer.status == 403, answer.status
        assert "access-control-allow-origin" not in answer.headers


async def h6(target: Target) -> None:
    """/graphql exactly, no redirect; a browser gets a page there, */* does not"""
    for path in ("/graphql/", "//graphql", "/GraphQL"):
        assert (await target.request("POST", path, json.dumps({"query": QUERY}), JSON)).status == 404
    page = await target.request("GET", "/graphql", headers={"accept": "text/html"})
    assert page.headers["content-type"].startswith("text/html" if page.status == 200 else "text/plain"), page.status
    answer = await target.request("GET", f"/graphql?{urlencode({'query': QUERY})}", headers={"accept": "*/*"})
    assert answer.data["clusters"]


async def h7(target: Target) -> None:
    """SSE: events with heartbeats and no-store, freed within 1 s of the client's going; graphql-sse"""
    gauge = 'statusgraph_subscriptions{field="freshness"}'
    before = await target.metric(gauge)
    reader, writer = await asyncio.open_connection(target.host, target.port)
    body = json.dumps({"query": FRESHNESS})
    head = f"POST /graphql HTTP/1.1\r\nHost: {target.host}:{target.port}\r\nContent-Type: application/json\r\n"
    writer.write(f"{head}Accept: {EVENTS}\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode())
    async with asyncio.timeout(15):
        headers = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        assert " 200 " in headers
        assert f"content-type: {EVENTS}" in headers
        assert "cache-control: no-store" in headers
        await reader.readuntil(b"event: next\ndata: {")
        await reader.readuntil(b"\n:\n\n")
    assert await target.metric(gauge) == before + 1
    writer.transport.abort()
    began = time.monotonic()

    async def freed() -> bool:
        return await target.metric(gauge) == before

    await until(freed, "the subscription of a lost client was not freed", 1.0)
    assert time.monotonic() - began <= 1.0
    url = f"http://{target.host}:{target.port}/graphql"
    query, item = await output(npm.installed().parent, ["node", "sse.mjs", url])
    assert json.loads(query)["clusters"]
    assert json.loads(item)["freshness"]["state"]


async def h8(target: Target) -> None:
    """@defer and @stream are not offered: a validation error says so"""
    for directive, query in INCREMENTAL.items():
        answer = await target.post({"query": query}, accept=GRAPHQL)
        _refused(answer, 400)
        assert directive in answer.json["errors"][0]["message"]


async def h9(target: Target) -> None:
    """automatic persisted queries and documentId, over HTTP and websocket alike"""
    text = f"# {time.time_ns()}\n{QUERY}"
    persisted = {"persistedQuery": {"version": 1, "sha256Hash": hashlib.sha256(text.encode()).hexdigest()}}
    assert await _codes(target, {"extensions": persisted}) == ["PERSISTED_QUERY_NOT_FOUND"] * 2
    assert (await target.post({"query": text, "extensions": persisted})).data["clusters"]
    assert await _codes(target, {"extensions": persisted}) == [None, None]
    assert await _codes(target, {"documentId": "nobody-knows-it"}) == ["DOCUMENT_NOT_FOUND"] * 2
    wrong = {"persistedQuery": {"version": 1, "sha256Hash": "0" * 64}}
    assert await _codes(target, {"query": text, "extensions": wrong}) == ["PERSISTED_QUERY_HASH_MISMATCH"] * 2


async def _codes(target: Target, request: dict[str, Any]) -> list[str | None]:
    """Of the error, over HTTP and over websocket; None where there is none."""
    answer = (await target.post(request)).json
    async with target.socket() as client:
        await client.send({"type": "subscribe", "id": "1", "payload": request})
        message = await client.receive()
    errors = answer.get("errors"), message["payload"] if message["type"] == "error" else None
    return [each[0]["extensions"]["code"] if each else None for each in errors]
