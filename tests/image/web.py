"""Asking what runs in a container, as a client outside of it."""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Callable
from contextlib import closing
from typing import NamedTuple

from tests.image.container import Container


class Answer(NamedTuple):
    """An HTTP answer; ``body`` as it came."""

    status: int
    body: bytes


def get(port: int, path: str, *, accept: str = "*/*") -> Answer:
    """What is at ``path``; ConnectionError while nobody listens."""
    return _ask(port, "GET", path, headers={"accept": accept})


def query(port: int, document: str) -> dict[str, object]:
    """The ``data`` of a GraphQL query; AssertionError when the answer holds errors."""
    body = json.dumps({"query": document})
    answer = _ask(port, "POST", "/graphql", headers={"content-type": "application/json"}, body=body)
    told = json.loads(answer.body)
    assert "errors" not in told, f"errors: {told['errors']}"
    data: dict[str, object] = told["data"]
    return data


def until(condition: Callable[[], bool], *, container: Container, seconds: float) -> float:
    """Waits for ``condition``, for how many seconds is returned. It may fail to connect until then."""
    began = time.monotonic()
    while not _holds(condition):
        assert not container.ended, f"it ended; it wrote:\n{container.output[-2000:]}"
        assert time.monotonic() - began < seconds, f"not within {seconds:g} s; it wrote:\n{container.output[-2000:]}"
        time.sleep(0.05)
    return time.monotonic() - began


def _holds(condition: Callable[[], bool]) -> bool:
    try:
        return condition()
    except (OSError, http.client.HTTPException):
        return False


def _ask(port: int, method: str, path: str, *, headers: dict[str, str], body: str | None = None) -> Answer:
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=10)) as connection:
        connection.request(method, path, body=body, headers=headers)
        response = connection.getresponse()
        return Answer(response.status, response.read())
