"""Sends what ``fuzzed`` made up, byte by byte, and looks at what comes back."""

from __future__ import annotations

import json
import re
import socket
import struct
from contextlib import suppress
from http.client import HTTPConnection, HTTPResponse
from typing import BinaryIO

from tests.api.fuzzed import CLOSE, TEXT, Conversation, HttpRequest
from tests.conformance.target import frame

PATIENCE = 10.0
TURNS = 3
"""Pings before the end, each after the pong of the one before: meanwhile subscriptions have something to tell."""
PING = frame(b'{"type":"ping"}', TEXT)
TOLD = re.compile(rb'"((?:Query|Mutation|Subscription)_\w+)":(?! ?null)')
"""A field of ``fuzzgraph.operations`` in an answer."""


class Wire:
    """To the server on a port of this machine. Each call says what was sent: requests or frames, and how it ended."""

    def __init__(self, port: int) -> None:
        self._port = port

    def ask(self, request: HttpRequest) -> list[str]:
        """One request; AssertionError for a 5xx, or an answer that is none."""
        if request.raw is not None:
            return [f"bytes: {self._raw(request.raw)}"]
        connection = HTTPConnection("127.0.0.1", self._port, timeout=PATIENCE)
        try:
            connection.request(request.method, request.target, request.body, dict(request.headers))
            answer = connection.getresponse()
            return [f"HTTP {answer.status}", *_told(self._look(answer))]
        finally:
            connection.close()

    def converse(self, conversation: Conversation) -> list[str]:
        """One websocket; AssertionError when it ends without a close frame, or an answer is none."""
        with socket.create_connection(("127.0.0.1", self._port), timeout=PATIENCE) as connection:
            connection.sendall(self._handshake(conversation))
            stream = connection.makefile("rb")
            status = stream.readline().split()[1]
            if status != b"101":
                assert status.startswith(b"4"), status
                return [f"handshake {status.decode()}"]
            while stream.readline().strip():
                pass
            heard: list[str] = []
            self._say(connection, *(frame(payload, opcode) for opcode, payload in conversation.frames))
            for _ in range(TURNS):
                self._say(connection, PING)
                if (code := self._read(stream, heard, pong=True)) is not None:
                    break
            else:
                self._say(connection, frame(struct.pack("!H", 1000), CLOSE))
                code = self._read(stream, heard, pong=False)
        return [*["frame"] * len(conversation.frames), *heard, f"closed {code}"]

    def _say(self, connection: socket.socket, *frames: bytes) -> None:
        with suppress(ConnectionError):  # it may be closed before everything was said
            for each in frames:
                connection.sendall(each)

    def _handshake(self, conversation: Conversation) -> bytes:
        head = (
            f"GET /graphql{conversation.query} HTTP/1.1\r\nHost: 127.0.0.1:{self._port}\r\n"
            "Upgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Protocol: graphql-transport-ws\r\n"
        )
        more = "".join(f"{name}: {value}\r\n" for name, value in conversation.headers)
        return f"{head}{more}\r\n".encode("latin-1")

    def _read(self, stream: BinaryIO, heard: list[str], *, pong: bool) -> int | None:
        """The code of the close frame, after all that came before it; None when a ``pong`` was to end it, and came."""
        while True:
            head = stream.read(2)
            assert len(head) == 2, "it ended without a close frame"
            size = head[1] & 127
            if size > 125:
                size = int.from_bytes(stream.read(2 if size == 126 else 8), "big")
            payload = stream.read(size)
            if head[0] & 15 == CLOSE:
                code = int.from_bytes(payload[:2], "big") if payload else 1005
                assert code != 4500, payload
                assert len(payload) <= 125
                return code
            if head[0] & 15 == TEXT:
                message = json.loads(payload)
                _no_fault(message.get("payload"))
                heard.extend(_told(payload))
                if pong and message["type"] == "pong":
                    return None

    def _look(self, answer: HTTPResponse) -> bytes:
        """The body, or how it begins."""
        assert answer.status < 500, answer.status
        type_ = answer.getheader("content-type") or ""
        if type_.startswith("text/event-stream"):
            first = answer.read1(65_536)
            assert first.startswith((b":", b"event:")), first
            assert b'"INTERNAL"' not in first, first
            return first
        body = answer.read() if "json" in type_ else b""
        if body:
            _no_fault(json.loads(body).get("errors"))
        return body

    def _raw(self, data: bytes) -> str:
        with socket.create_connection(("127.0.0.1", self._port), timeout=PATIENCE) as connection:
            self._say(connection, data)
            with suppress(OSError):  # it may have refused the rest, and be gone
                connection.shutdown(socket.SHUT_WR)
            try:
                line = connection.makefile("rb").readline()
            except ConnectionError:
                return "refused"
        assert b" 5" not in line[8:11], line
        return line[:12].decode(errors="replace")


def _told(answer: bytes) -> list[str]:
    """The fields of the root types in it."""
    return [f"told {name.decode()}" for name in TOLD.findall(answer)]


def _no_fault(given: object) -> None:
    """None of the errors, or those of an answer, is ours."""
    errors = given.get("errors") if isinstance(given, dict) else given
    if isinstance(errors, list):
        codes = [error["extensions"]["code"] for error in errors]
        assert "INTERNAL" not in codes, errors
