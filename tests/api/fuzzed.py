"""What is sent by ``fuzz``: strategies of hypothesis for requests and conversations, good, damaged and absurd."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from graphql import build_schema
from hypothesis import strategies as st
from hypothesis_graphql import from_schema, nodes

from graph.model.ref import encode_id
from graph.model.resource import Cursor
from graph.store.codec import encode_cursor

SCHEMA = build_schema((Path(__file__).parent.parent.parent / "schema.graphql").read_text())

TEMPLATES = [
    "{ clusters { name freshness { state lagMs } counts { total } } }",
    "query ($first: Int, $after: String) { services(first: $first, after: $after) { totalCount nodes { name } } }",
    "query ($last: Int, $before: String) { services(last: $last, before: $before) { pageInfo { endCursor } } }",
    "query ($filter: ServiceFilter) { services(filter: $filter) { nodes { id status { state } } } }",
    "query ($id: ID!) { node(id: $id) { __typename id } }",
    "query ($ids: [ID!]!) { nodes(ids: $ids) { id } }",
    "query ($filter: TransitionFilter, $after: String) { transitions(filter: $filter, after: $after) { totalCount } }",
    "query ($filter: ResourceFilter) { pods(filter: $filter, first: 2) { nodes { name } } }",
    "subscription ($after: Cursor) { statusTransitions(after: $after) { __typename } }",
    "subscription ($filter: TransitionFilter) { statusTransitions(filter: $filter) { __typename } }",
    "subscription ($after: Cursor) { operatorLog(after: $after) { __typename } }",
    "subscription ($filter: ServiceFilter) { serviceChanges(filter: $filter) { __typename } }",
    "subscription ($id: ID!) { actionProgress(id: $id) { state } }",
    "subscription ($cluster: String) { freshness(cluster: $cluster) { state } }",
    "mutation ($input: ActionInput!) { stopCronjob(input: $input) { result { __typename } } }",
    "mutation ($input: ScaleInput!) { scaleDeployment(input: $input) { result { __typename } } }",
]
IDS = [encode_id("POD", "one", "shop", "web-1"), encode_id("SERVICE", "one", "shop", "web"), encode_id("ACTION", "one")]
CURSORS = [encode_cursor([Cursor("one", "e1", seq)]) for seq in (0, 5, 10**9)] + [
    encode_cursor([Cursor("one", "old", 1)]),
    encode_cursor([Cursor("other", "e1", 1)]),
]
TYPES = ["connection_init", "ping", "pong", "subscribe", "complete", "next", "error", "connection_ack"]
MEDIA = ["application/json", "application/graphql-response+json", "text/event-stream", "text/html", "*/*"]
METHODS = [*["POST"] * 12, "GET", "GET", "PUT", "HEAD", "OPTIONS", "DELETE"]
QUERIES = ["", "", "?query=%7Bclusters%7Bname%7D%7D", "?query=%ff&variables=%00", "?=&&%", "?query=" + "x" * 200]
CONTENTS = [*["application/json"] * 6, "text/plain", "application/json;charset=latin1", ""]
ORIGINS = ["null", "https://evil.example", "http://[", ""]
PRINTABLE = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=20)
TEXT, CLOSE = 1, 8


@dataclass(frozen=True)
class HttpRequest:
    """``raw``: sent as it is, it may be no HTTP at all."""

    method: str
    target: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    raw: bytes | None = None


@dataclass(frozen=True)
class Conversation:
    """(opcode, payload) of each frame; ``headers`` beside those of the handshake."""

    frames: tuple[tuple[int, bytes], ...]
    headers: tuple[tuple[str, str], ...] = ()
    query: str = ""


@cache
def anything() -> st.SearchStrategy[Any]:
    """Of JSON."""
    leaves = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | words()
    return st.recursive(
        leaves, lambda deeper: st.lists(deeper, max_size=4) | st.dictionaries(words(), deeper, max_size=4), max_leaves=8
    )


@cache
def rarely() -> st.SearchStrategy[bool]:
    """Once in twenty: the edges of a range are chosen more often than what lies between them."""
    return st.integers(0, 19).map(lambda number: number == 7)


@cache
def words() -> st.SearchStrategy[str]:
    """Among them lone surrogates, which JSON can write and UTF-8 cannot."""
    return (
        st.text(st.characters(), max_size=12) | st.just("\ud83d") | st.sampled_from(["", "shop", "one", "\x00", "🚦"])
    )


@st.composite
def damaged(draw: st.DrawFn, texts: st.SearchStrategy[str]) -> str:
    """A text of which something is missing, twice there, or something else."""
    text = draw(texts)
    for _ in range(draw(st.integers(0, 3))):
        start = draw(st.integers(0, len(text)))
        end = draw(st.integers(start, min(len(text), start + 8)))
        others = st.sampled_from(["{", "}", '"', "...", "@", "$x", "\x00", "\ufeff"]) | words()
        piece = draw(st.sampled_from(["", text[start:end] * 2]) | others)
        text = text[:start] + piece + text[end:]
    return text


def opaque(good: list[str]) -> st.SearchStrategy[str]:
    """Ids or cursors: ours, damaged ones, and others that are as opaque."""
    encoded = (st.binary(max_size=30) | words().map(lambda text: text.encode(errors="replace"))).map(
        lambda raw: base64.urlsafe_b64encode(raw).decode().rstrip("=")
    )
    return st.sampled_from(good) | damaged(st.sampled_from(good)) | encoded | words()


@cache
def variables() -> st.SearchStrategy[dict[str, Any]]:
    """Of the templates, mostly of the right type."""
    numbers = st.sampled_from([-1, 0, 1, 100, 101, 10**9, 2**31, 10**30]) | st.integers()
    ids, cursors = opaque(IDS), opaque(CURSORS)
    many = st.lists(words(), max_size=3)
    label = st.fixed_dictionaries({"key": words()}, optional={"values": many | st.none()})
    filters = st.fixed_dictionaries(
        {},
        optional={
            "clusters": many,
            "namespaces": many,
            "states": st.lists(st.sampled_from(["FAILED", "HEALTHY", "failed"]), max_size=3),
            "reasons": many,
            "labels": st.lists(label, max_size=3),
            "search": words(),
            "services": st.lists(ids, max_size=3),
        },
    )
    inputs = st.fixed_dictionaries(
        {"id": ids}, optional={"idempotencyKey": words(), "reason": words(), "replicas": numbers}
    )
    known = {
        "first": numbers, "last": numbers, "after": cursors, "before": cursors, "filter": filters, "id": ids,
        "ids": st.lists(ids, max_size=4), "cluster": words(), "input": inputs,
    }  # fmt: skip
    return st.fixed_dictionaries({}, optional={name: values | anything() for name, values in known.items()})


@cache
def documents() -> st.SearchStrategy[str]:
    """From the grammar of the schema, and of subscriptions, which it is not asked for."""
    text = opaque(CURSORS).filter(lambda value: not any(0xD800 <= ord(each) < 0xE000 for each in value))
    scalars = {name: text.map(nodes.String) for name in ("Cursor", "DateTime")}
    whole = from_schema(SCHEMA, custom_scalars=scalars)
    templates = st.sampled_from(TEMPLATES)
    return templates | templates | whole | damaged(templates | whole)


@cache
def asked() -> st.SearchStrategy[Any]:
    """A GraphQL request, or something in its place."""
    persisted = st.fixed_dictionaries({"version": st.just(1) | anything(), "sha256Hash": words() | anything()})
    extensions = st.fixed_dictionaries({}, optional={"persistedQuery": persisted | anything(), "cost": anything()})
    request = st.fixed_dictionaries(
        {"query": documents()},
        optional={"variables": variables() | anything(), "operationName": words() | anything()},
    )
    parts = {"query": documents(), "extensions": extensions, "documentId": words()}
    odd = st.fixed_dictionaries({}, optional={name: part | anything() for name, part in parts.items()})
    return request | request | odd | anything()


def _bytes(value: Any) -> bytes:
    return json.dumps(value).encode()


@st.composite
def requests(draw: st.DrawFn) -> HttpRequest:
    """Over HTTP."""
    method, given = draw(st.sampled_from(METHODS)), draw(asked())
    headers = [
        ("content-type", draw(st.sampled_from(CONTENTS))),
        ("accept", draw(PRINTABLE if draw(rarely()) else st.sampled_from([*MEDIA[:2] * 4, *MEDIA]))),
        *([("origin", draw(st.sampled_from(ORIGINS)))] if draw(rarely()) else []),
    ]
    body = draw(st.just(_bytes(given)) | st.just(_bytes(given)) | st.binary(max_size=60))
    raw = draw(st.binary(min_size=1, max_size=80)) if draw(rarely()) else None
    target = "/graphql" + draw(st.sampled_from(QUERIES))
    return HttpRequest(method, target, tuple(headers), b"" if method == "GET" else body, raw)


@st.composite
def messages(draw: st.DrawFn) -> bytes:
    """As a client of the protocol would say, more or less."""
    ids = st.sampled_from(["1", "2", "🚦" * 60]) | words() | anything()
    kind = draw(st.sampled_from(["subscribe"] * 5 + TYPES) | anything())
    message: dict[str, Any] = {"type": kind}
    if kind in ("subscribe", "complete") or draw(st.booleans()):
        message["id"] = draw(ids)
    if kind == "subscribe" or draw(st.booleans()):
        message["payload"] = draw(asked())
    return _bytes(message)


@st.composite
def conversations(draw: st.DrawFn) -> Conversation:
    """Over a websocket. Most of them begin well."""
    frame = st.tuples(st.just(TEXT), messages())
    odd = st.tuples(st.integers(0, 15), st.binary(max_size=140))
    frames = draw(st.lists(frame | frame | frame | odd, min_size=1, max_size=8))
    begin = [(TEXT, b'{"type":"connection_init"}')] if not draw(rarely()) else []
    headers = draw(st.sampled_from([(), (), (), (("Origin", "null"),), (("X", "\xff\xfe"),)]))
    return Conversation((*begin, *frames), headers, draw(st.sampled_from(["", "", "", "?\xff", "?%ff=%00"])))
