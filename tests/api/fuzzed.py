"""What is sent by ``fuzz``: strategies of hypothesis for requests and conversations, good, damaged and absurd."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from typing import Any

from hypothesis import strategies as st
from hypothesis_graphql import from_schema, nodes

from tests.api.fuzzgraph import (
    CURSORS,
    SCHEMA,
    SUBSCRIPTION,
    anything,
    asking,
    damaged,
    mostly,
    opaque,
    operations,
    rarely,
    words,
)

TYPES = ["connection_init", "ping", "pong", "subscribe", "complete", "next", "error", "connection_ack"]
MEDIA = ["application/json", "application/graphql-response+json", "text/event-stream", "text/html", "*/*"]
METHODS = [*["POST"] * 12, "GET", "GET", "PUT", "HEAD", "OPTIONS", "DELETE"]
QUERIES = ["", "", "?query=%7Bclusters%7Bname%7D%7D", "?query=%ff&variables=%00", "?=&&%", "?query=" + "x" * 200]
CONTENTS = [*["application/json"] * 6, "text/plain", "application/json;charset=latin1", ""]
ORIGINS = ["null", "https://evil.example", "http://[", ""]
PRINTABLE = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=20)
TEXT, CLOSE = 1, 8
BEGIN = (TEXT, b'{"type":"connection_init"}')
MOST = 2**20
"""Bytes of headers."""


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
def documents() -> st.SearchStrategy[str]:
    """From the grammar of the schema, of which subscriptions are no part there, and from its fields."""
    text = opaque(CURSORS).filter(lambda value: not any(0xD800 <= ord(each) < 0xE000 for each in value))
    scalars = {name: text.map(nodes.String) for name in ("Cursor", "DateTime")}
    whole = from_schema(SCHEMA, custom_scalars=scalars)
    ours = asking().map(lambda operation: str(operation["query"]))
    return ours | whole | damaged(ours | whole)


@cache
def asked() -> st.SearchStrategy[Any]:
    """A GraphQL request, or something in its place."""
    persisted = st.fixed_dictionaries({"version": st.just(1) | anything(), "sha256Hash": words() | anything()})
    extensions = st.fixed_dictionaries({}, optional={"persistedQuery": persisted | anything(), "cost": anything()})
    request = st.fixed_dictionaries(
        {"query": documents()},
        optional={"variables": anything(), "operationName": words() | anything()},
    )
    parts = {"query": documents(), "extensions": extensions, "documentId": words()}
    odd = st.fixed_dictionaries({}, optional={name: part | anything() for name, part in parts.items()})
    return mostly(asking(), request, odd, anything(), times=6)


@st.composite
def heads(draw: st.DrawFn) -> bytes:
    """Of a request, with headers of up to 1 MiB, few long ones or many; cut off somewhere, or whole."""
    size = draw(st.sampled_from([0, *(2**power + by for power in (13, 14, 15, 16) for by in (-1, 1)), MOST]))
    length = min(size, draw(st.sampled_from([20, 200, 2**12, MOST])))
    line = draw(st.sampled_from([b"x", b"=", b"\xff", b"\t", b"\x00"])) * length
    first = draw(st.sampled_from([b"GET /graphql?query={__typename}", b"POST /graphql", b"GET /" + line]))
    upgrade = draw(st.sampled_from([b"", b"Connection: Upgrade\r\nUpgrade: websocket\r\n"]))
    many = b"".join(b"X-%d: %s\r\n" % (number, line) for number in range(size // (length + 10)))
    whole = first + b" HTTP/1.1\r\nHost: 127.0.0.1\r\n" + upgrade + many + b"\r\n"
    return whole[: draw(st.just(len(whole)) | st.integers(1, len(whole) - 1))]


def headed() -> st.SearchStrategy[HttpRequest]:
    """A head and nothing behind it."""
    return heads().map(lambda head: HttpRequest("", "", (), b"", head))


def _bytes(value: Any) -> bytes:
    return json.dumps(value).encode()


@st.composite
def requests(draw: st.DrawFn) -> HttpRequest:
    """Over HTTP."""
    method, given = draw(st.sampled_from(METHODS)), draw(asked())
    headers = [
        ("content-type", draw(st.sampled_from(CONTENTS))),
        ("accept", draw(PRINTABLE if draw(rarely()) else st.sampled_from([*MEDIA[:3] * 4, *MEDIA]))),
        *([("origin", draw(st.sampled_from(ORIGINS)))] if draw(rarely()) else []),
    ]
    body = draw(mostly(st.just(_bytes(given)), st.binary(max_size=60)))
    raw = draw(st.binary(min_size=1, max_size=80)) if draw(rarely()) else None
    target = "/graphql" + draw(st.sampled_from(QUERIES))
    return HttpRequest(method, target, tuple(headers), b"" if method == "GET" else body, raw)


@st.composite
def messages(draw: st.DrawFn) -> bytes:
    """As a client of the protocol would say, more or less."""
    ids = mostly(st.sampled_from("123456789"), st.just("🚦" * 60), words(), anything(), times=20)
    kind = draw(mostly(st.just("subscribe"), st.sampled_from(TYPES), anything(), times=20))
    message: dict[str, Any] = {"type": kind}
    if kind in ("subscribe", "complete") or draw(st.booleans()):
        message["id"] = draw(ids)
    if kind == "subscribe" or draw(st.booleans()):
        message["payload"] = draw(asked())
    return _bytes(message)


@st.composite
def followings(draw: st.DrawFn, name: str) -> Conversation:
    """Subscriptions of one name, nothing else: among all that ``conversations`` say few get so far as to tell."""
    wanted = draw(st.lists(operations(SUBSCRIPTION, name), min_size=1, max_size=3))
    told = [{"type": "subscribe", "id": str(number), "payload": each} for number, each in enumerate(wanted)]
    return Conversation((BEGIN, *((TEXT, _bytes(each)) for each in told)))


@st.composite
def conversations(draw: st.DrawFn) -> Conversation:
    """Over a websocket. Most of them begin well."""
    frame = st.tuples(st.just(TEXT), messages())
    odd = st.tuples(st.integers(0, 15), st.binary(max_size=140))
    frames = draw(st.lists(mostly(frame, odd, times=20), min_size=1, max_size=8))
    begin = [BEGIN] if not draw(rarely()) else []
    headers = draw(st.sampled_from([(), (), (), (("Origin", "null"),), (("X", "\xff\xfe"),)]))
    return Conversation((*begin, *frames), headers, draw(st.sampled_from(["", "", "", "?\xff", "?%ff=%00"])))
