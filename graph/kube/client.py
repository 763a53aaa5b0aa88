"""Raw requests to the API server, with the authentication, TLS and proxy settings that kubernetes_asyncio loads.

Its typed models, its Watch and its own request method are not used: they decode about 800 pods/s and hide what a
reflector must see (ARCHITECTURE.md, "Watching"). Every failure is one of the ClusterErrors.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import aiohttp
import msgspec

from graph.errors import (
    ClusterError,
    ClusterRefused,
    ClusterUnreachable,
    Conflict,
    Expired,
    Forbidden,
    NotFound,
    Oversized,
    SettingsError,
    Unauthorized,
)
from graph.kube.library import ApiClient, Configuration, config

TIMEOUT = 30.0
"""Seconds for a whole request that is no watch."""

PROMPT = 2.0
"""Seconds within which an answer came whose Date is worth something: a later one may have waited in the socket."""

LONGEST = 32 * 2**20
"""Bytes of a page of a list, or of a line of a watch: many times what etcd takes of one object, and what is held of
them at most."""

SAID = 2**16
"""Bytes of a refusal that are read: the API server's own are far smaller."""

_BUFFER = 2**16
"""Bytes that are taken from a socket at a time: what is still in the processor's cache when it is decoded."""

_NAMESPACE = Path("/var/run/secrets/kubernetes.io/serviceaccount/namespace")

_REFUSALS: dict[int, type[ClusterRefused]] = {
    401: Unauthorized,
    403: Forbidden,
    404: NotFound,
    409: Conflict,
    410: Expired,
}


class _Cause(msgspec.Struct):
    reason: str = ""


class _Details(msgspec.Struct):
    causes: tuple[_Cause, ...] = ()


class _Answer(msgspec.Struct):
    """The Kubernetes ``Status`` object, as far as an error needs it."""

    message: str = ""
    reason: str = ""
    details: _Details | None = None

    @property
    def of_the_future(self) -> bool:
        """It was asked for a version that it does not know yet: it holds an older state than it once did."""
        return self.details is not None and any(one.reason == "ResourceVersionTooLarge" for one in self.details.causes)


class Kube:
    """One API server. ``await connect()`` makes one."""

    def __init__(self, api: Any, namespace: str) -> None:
        self._api = api
        self.host: str = api.configuration.host
        self.namespace = namespace
        """The pod's own namespace, else the kubeconfig's."""
        self.on_date: Callable[[float], None] = lambda _: None
        """Told with each answer what time it is there, in POSIX seconds."""

    async def close(self) -> None:
        """Closes every connection."""
        await self._api.close()

    async def request(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str | int] | None = None,
        body: Any = None,
        content_type: str = "application/json",
        timeout: float = TIMEOUT,
    ) -> bytes:
        """The answer's body. Raises ClusterRefused for a 4xx, ClusterUnreachable for what may pass."""
        limits = aiohttp.ClientTimeout(total=timeout)
        async with self._open(method, path, query, limits, body=body, content_type=content_type) as response:
            return await response.read()

    async def page(self, path: str, query: Mapping[str, str | int]) -> bytearray:
        """A page of a list. Raises as ``request`` does, and Oversized. It is one request, never silently two."""
        limits = aiohttp.ClientTimeout(total=TIMEOUT)
        body = bytearray()
        async with self._open("GET", path, query, limits, once=True) as response:
            async for chunk in response.content.iter_any():
                body += chunk
                if len(body) > LONGEST:
                    raise Oversized(f"{self.host}{path}: a page of more than {LONGEST} bytes")
        return body

    @asynccontextmanager
    async def watch(
        self, path: str, query: Mapping[str, str | int], *, silence: float
    ) -> AsyncIterator[AsyncIterator[bytes]]:
        """The lines of a watch, as many at a time as came together. It is one request, never silently two.

        ClusterUnreachable after ``silence`` seconds without any.
        """
        limits = aiohttp.ClientTimeout(total=None, sock_connect=TIMEOUT, sock_read=silence)
        async with self._open("GET", path, query, limits, once=True) as response:
            yield _lines(response)

    @asynccontextmanager
    async def _open(
        self,
        method: str,
        path: str,
        query: Mapping[str, str | int] | None,
        limits: aiohttp.ClientTimeout,
        *,
        body: Any = None,
        content_type: str = "application/json",
        once: bool = False,
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        headers = {"Accept": "application/json", "User-Agent": "statusgraph"}
        rest = self._api.rest_client
        if body is not None:
            headers["Content-Type"] = content_type
        began = time.monotonic()
        try:
            await self._api.update_params_for_auth(headers, [], ["BearerToken"])
            async with rest.pool_manager.request(
                method,
                self.host + path,
                params=dict(query or {}),
                headers=headers,
                data=None if body is None else msgspec.json.encode(body),
                timeout=limits,
                proxy=rest.proxy,
                proxy_headers=rest.proxy_headers,
                server_hostname=rest.server_hostname,
                read_bufsize=_BUFFER,
                middlewares=[_once] if once else [],
            ) as response:
                if time.monotonic() - began < PROMPT:
                    self._hear(response.headers.get("Date"))
                if response.status >= 300:
                    raise _refusal(response.status, await _said(response))
                yield response
        except ClusterError:
            raise
        except (aiohttp.ClientError, config.ConfigException, TimeoutError, OSError) as error:
            raise ClusterUnreachable(f"{self.host}: {str(error) or type(error).__name__}") from error

    def _hear(self, date: str | None) -> None:
        if date is not None:
            with suppress(ValueError, OverflowError):
                self.on_date(parsedate_to_datetime(date).timestamp())


async def connect(kubeconfig: str | None, context: str | None) -> Kube:
    """The cluster of a kubeconfig, else the one that this process runs in, else of ~/.kube/config.

    Raises SettingsError.
    """
    configuration = Configuration()
    configuration.connection_pool_maxsize = 0  # a watch holds its connection: no limit
    if kubeconfig is None and context is None and (namespace := _in_cluster(configuration)):
        return Kube(ApiClient(configuration), namespace)
    path = kubeconfig or str(Path.home() / ".kube" / "config")
    if not _some_exist(path):
        raise SettingsError(f"KUBECONFIG={path}: there is no such file, so there is no cluster to watch")
    try:
        loader = await config.load_kube_config(
            config_file=path, context=context, client_configuration=configuration, persist_config=False
        )
    except (config.ConfigException, OSError, ValueError, TypeError, KeyError) as error:
        raise SettingsError(f"KUBECONFIG={path}: no cluster to watch: {error}") from error
    current: Any = loader.current_context
    return Kube(ApiClient(configuration), current["context"].get("namespace") or "default")


def _some_exist(paths: str) -> bool:
    """KUBECONFIG may name several files, as a PATH does."""
    return any(Path(path).expanduser().exists() for path in paths.split(os.pathsep))


def _in_cluster(configuration: Any) -> str | None:
    """Loads the pod's own ServiceAccount; its namespace, None where this is no pod."""
    load: Any = config.load_incluster_config
    try:
        load(client_configuration=configuration)
        return _NAMESPACE.read_text().strip()
    except (config.ConfigException, OSError):
        return None


async def _once(request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
    """aiohttp asks again at once, by itself, when a connection was lost; whoever waits between tries counts them."""
    try:
        return await handler(request)
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
        raise ClusterUnreachable(f"{request.url.origin()}: {str(error) or type(error).__name__}") from error


async def _lines(response: aiohttp.ClientResponse) -> AsyncIterator[bytes]:
    parts: list[bytes] = []
    held = 0
    async for chunk in response.content.iter_any():
        end = chunk.rfind(b"\n") + 1
        if end and not parts and end == len(chunk):
            yield chunk  # most of the time, and a copy of all that is told costs more than looking
            continue
        if end:
            yield b"".join((*parts, memoryview(chunk)[:end]))
            parts, held = [], 0
        if end < len(chunk):
            parts.append(chunk[end:])
            held += len(chunk) - end
        if held > LONGEST:
            raise Oversized(f"{response.url.origin()}: a line of more than {LONGEST} bytes")


async def _said(response: aiohttp.ClientResponse) -> bytes:
    """What a refusal says, as far as it came in time: what answers in the API server's place may have no end."""
    said = bytearray()
    with suppress(TimeoutError):
        async with asyncio.timeout(TIMEOUT):
            async for chunk in response.content.iter_any():
                said += chunk
                if len(said) > SAID:
                    break
    return bytes(said)


def _refusal(status: int, body: bytes) -> ClusterError:
    try:
        answer = msgspec.json.decode(body, type=_Answer)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        answer = _Answer(body[:500].decode(errors="replace"))
    text = answer.message or f"the API server answered {status}"
    if answer.of_the_future:
        return Expired(text, status=status, reason=answer.reason)
    if status == 429 or status >= 500:
        return ClusterUnreachable(f"{status}: {text}")
    return _REFUSALS.get(status, ClusterRefused)(text, status=status, reason=answer.reason)
