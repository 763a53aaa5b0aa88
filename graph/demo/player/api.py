"""A small client of the Kubernetes API: requests and watches in plain JSON.

The player's own, independent of the program's client; it asks for nothing that a minimal API server lacks.
"""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from types import TracebackType
from typing import Any, Self

import aiohttp

Object = dict[str, Any]

MERGE_PATCH = "application/merge-patch+json"

CLOSING = 0.1
"""Seconds that the event loop gets to end connections that were still being made."""


class ApiError(Exception):
    """The API server refused; `status` is the HTTP one."""

    def __init__(self, status: int, reason: str, message: str) -> None:
        super().__init__(f"{status} {reason}: {message}")
        self.status = status
        self.reason = reason
        self.message = message


class UnreachableError(Exception):
    """No answer came from the API server."""


class Api:
    """One session with one API server, to be used as an async context manager."""

    def __init__(self, server: str, *, tls: ssl.SSLContext | None = None, token: str | None = None) -> None:
        self.server = server.rstrip("/")
        self._tls = tls
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        connector = aiohttp.TCPConnector(ssl=self._tls if self._tls is not None else True, limit=0)
        timeout = aiohttp.ClientTimeout(total=None, connect=10)
        self._session = aiohttp.ClientSession(connector=connector, headers=self._headers, timeout=timeout)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._session is not None:
            await self._session.close()
            await asyncio.sleep(CLOSING)  # a TLS handshake that was cut off ends only after this

    async def request(
        self,
        method: str,
        path: str,
        *,
        body: Object | None = None,
        params: Mapping[str, str] | None = None,
        content_type: str = "application/json",
        timeout: float = 30.0,
    ) -> Object:
        """One call; the answer is JSON, an error is `ApiError` or `UnreachableError`."""
        text = await self.text(
            path, method=method, body=body, params=params, content_type=content_type, timeout=timeout
        )
        answer: Object = json.loads(text)
        return answer

    async def text(
        self,
        path: str,
        *,
        method: str = "GET",
        body: Object | None = None,
        params: Mapping[str, str] | None = None,
        content_type: str = "application/json",
        timeout: float = 30.0,
    ) -> str:
        data = None if body is None else json.dumps(body)
        headers = {"Content-Type": content_type} if data is not None else {}
        try:
            async with (
                asyncio.timeout(timeout),
                self._open.request(method, self.server + path, data=data, params=params, headers=headers) as response,
            ):
                text = await response.text()
                if response.status >= 400:
                    raise _error(response.status, text)
                return text
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise UnreachableError(f"{method} {path}: {error!r}") from error

    async def watch(self, path: str, *, params: Mapping[str, str]) -> AsyncGenerator[tuple[str, Object], None]:
        """Yields (type, object) until the server ends the stream; an ERROR event raises `ApiError`."""
        query = {**params, "watch": "1"}
        try:
            async with self._open.get(self.server + path, params=query) as response:
                if response.status >= 400:
                    raise _error(response.status, await response.text())
                try:
                    async with aclosing(_lines(response.content)) as lines:
                        async for line in lines:
                            event = json.loads(line)
                            if event["type"] == "ERROR":
                                raise _from_status(event["object"])
                            yield event["type"], event["object"]
                finally:
                    _hang_up(response)
        except (aiohttp.ClientError, OSError) as error:
            raise UnreachableError(f"watch {path}: {error!r}") from error

    @property
    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            raise RuntimeError("the Api is used outside of its context")
        return self._session


def _hang_up(response: aiohttp.ClientResponse) -> None:
    """Leaves a stream that has not ended: a TLS goodbye nobody waits for would outlive the session, and the loop."""
    transport = response.connection.transport if response.connection is not None else None
    if transport is not None:
        transport.abort()


async def _lines(stream: aiohttp.StreamReader) -> AsyncGenerator[bytes, None]:
    """Lines of any length: the stream's own readline refuses those longer than its buffer."""
    rest = b""
    async for chunk in stream.iter_any():
        *complete, rest = (rest + chunk).split(b"\n")
        for line in complete:
            yield line


def _error(status: int, text: str) -> ApiError:
    try:
        return _from_status(json.loads(text))
    except (ValueError, AttributeError):
        return ApiError(status, "Unknown", text)


def _from_status(status: Object) -> ApiError:
    return ApiError(int(status.get("code") or 500), status.get("reason") or "Unknown", status.get("message") or "")
