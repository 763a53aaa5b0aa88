"""A GraphQL request out of an HTTP request, or why there is none in it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import msgspec
from starlette.requests import Request as HttpRequest

from graph.api.accept import JSON
from graph.api.errors import Code
from graph.api.execute import Request, unreadable

SLOWEST = 10.0
"""Seconds in which a body must have come."""

_decode = msgspec.json.Decoder(Request).decode


class Refused(Exception):  # ends a request early, not a failure
    """A request that is answered before anything is executed."""

    def __init__(self, status: int, message: str, *, code: Code = Code.BAD_REQUEST, **headers: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}


async def read(request: HttpRequest, *, most: int) -> Request:
    """``most``: bytes of a body."""
    if request.method == "GET":
        return _read(lambda: _of_query(request))
    if request.method != "POST":
        raise Refused(405, "use GET or POST", allow="GET, POST")
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != JSON:
        raise Refused(415, f"the body must be {JSON}")
    try:
        async with asyncio.timeout(SLOWEST):
            body = await _body(request, most)
    except TimeoutError as error:
        raise Refused(408, f"the body did not come within {SLOWEST:g} s") from error
    return _read(lambda: _decode(body))


async def _body(request: HttpRequest, most: int) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > most:
            raise Refused(413, f"the body may have {most} bytes", code=Code.TOO_LARGE)
    return bytes(body)


def _of_query(request: HttpRequest) -> Request:
    given: dict[str, Any] = dict(request.query_params)
    maps = {name: msgspec.json.decode(given[name]) for name in ("variables", "extensions") if given.get(name)}
    return msgspec.convert({**given, **maps}, Request)


def _read(decode: Callable[[], Request]) -> Request:
    try:
        return decode()
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise Refused(400, unreadable(error)) from error
