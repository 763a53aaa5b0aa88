"""Sends what ``fuzzed`` made up, byte by byte, and looks at what comes back."""

from __future__ import annotations

import json
import socket
import struct
from contextlib import suppress
from http.client import HTTPConnection, HTTPResponse
from typing import BinaryIO

from tests.api.fuzzed import CLOSE, TEXT, Conversation, HttpRequest
from tests.conformance.target import frame

PATIENCE = 10.0


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
            self._look(answer)
            return [f"HTTP {answer.status}"]
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
            with suppress(ConnectionError):  # it may be closed before everything was said
                for opcode, payload in conversation.frames:
                    connection.sendall(frame(payload, opcode))
                connection.sendall(frame(struct.pack("!H", 1000), CLOSE))
            code = self._read(stream)
        return [*["frame"] * len(conversation.frames), f"closed {code}"]

    def _handshake(self, conversation: Conversation) -> bytes:
        head = (
            f"GET /graphql{conversation.query} HTTP/1.1\r\nHost: 127.0.0.1:{self._port}\r\n"
            "Upgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Protocol: graphql-transport-ws\r\n"
        )
        more = "".join(f"{name}: {value}\r\n" for name, value in conversation.headers)
        return f"{head}{more}\r\n".encode("latin-1")

    def _read(self, stream: BinaryIO) -> int:
        """The code of the close frame, after all that came before it."""
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
                _no_fault(json.loads(payload).get("payload"))

    def _look(self, answer: HTTPResponse) -> None:
        assert answer.status < 500, answer.status
        type_ = answer.getheader("content-type") or ""
        if type_.startswith("text/event-stream"):
            first = answer.read1(65_536)
            assert first.startswith((b":", b"event:")), first
        elif "json" in type_ and (body := answer.read()):
            _no_fault(json.loads(body).get("errors"))

    def _raw(self, data: bytes) -> str:
        with socket.create_connection(("127.0.0.1", self._port), timeout=PATIENCE) as connection:
            try:
                connection.sendall(data)
                connection.shutdown(socket.SHUT_WR)
                line = connection.makefile("rb").readline()
            except ConnectionError:
                return "refused"
        assert b" 5" not in line[8:11], line
        return line[:12].decode(errors="replace")


def _no_fault(errors: object) -> None:
    """None of them is ours."""
    if isinstance(errors, list):
        codes = [error["extensions"]["code"] for error in errors]
        assert "INTERNAL" not in codes, errors
