"""Stands between the operator and an API server, and does to lists and watches what happens to them in a long life.

A fault has two halves: how the streams that are open end, and how new requests are met until it is healed.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Any, Self

import aiohttp
from aiohttp import web
from msgspec import Struct

from graph.kube.library import ApiClient, Configuration, config
from tests.controlplane import kubeconfig

EVERY = "*"
"""A fault of every resource but the Leases."""


class Ends(StrEnum):
    """How an open stream ends."""

    CLEANLY = "cleanly"
    CUT = "cut"
    HALF_A_LINE = "half a line"
    A_PAGE = "a page"
    GONE = "410 as an event"
    SILENT = "silent"
    """It does not end: nothing comes any more."""


class Fault(Struct, frozen=True):
    """See the module. ``status``: of every new answer, 0 where none is given at all; None: requests are answered."""

    name: str
    ends: Ends | None = None
    status: int | None = None
    body: str = ""
    watches_only: bool = False
    repeats: int = 1
    """So many times each line of a stream is told."""


def _problem(code: int, reason: str) -> str:
    return json.dumps({"kind": "Status", "code": code, "reason": reason, "message": f"{reason}, says the proxy"})


PAGE = "<html><body><h1>502 Bad Gateway</h1></body></html>\n"
FAULTS = (
    Fault("clean end", Ends.CLEANLY),
    Fault("abort", Ends.CUT),
    Fault("half line", Ends.HALF_A_LINE),
    Fault("page in the stream", Ends.A_PAGE),
    Fault("410 as an event", Ends.GONE),
    Fault("410 as a status", Ends.CLEANLY, 410, _problem(410, "Expired"), watches_only=True),
    Fault("429", Ends.CUT, 429, _problem(429, "TooManyRequests")),
    Fault("500", Ends.CUT, 500, _problem(500, "InternalError")),
    Fault("502 page", Ends.CUT, 502, PAGE),
    Fault("200 page", Ends.CUT, 200, PAGE),
    Fault("silence", Ends.SILENT),
    Fault("duplicates", repeats=2),
    Fault("empty 200", Ends.CLEANLY, 200, watches_only=True),
    Fault("outage", Ends.CUT, 0),
)
NAMED = {fault.name: fault for fault in FAULTS}

_WORDS = {
    Ends.HALF_A_LINE: b'{"type":"MODIFIED","object":{"metadata":{"name":"ha',
    Ends.A_PAGE: PAGE.encode(),
    Ends.GONE: json.dumps({"type": "ERROR", "object": json.loads(_problem(410, "Expired"))}).encode() + b"\n",
}


class ApiProxy:
    """`async with ApiProxy(kubeconfig)`; `write_kubeconfig` leads through it. Faults are by resource: `pods`."""

    def __init__(self, target: Path, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.faults: dict[str, Fault] = {}
        self.asked: Counter[str] = Counter()
        """Reads of each resource that were asked for."""
        self.lists: Counter[str] = Counter()
        """Lists of each resource that were let through."""
        self.opened: defaultdict[str, list[float]] = defaultdict(list)
        """When watches of each resource were let through."""
        self._target = target
        self._clock = clock
        self._breaks: defaultdict[str, set[asyncio.Future[Ends]]] = defaultdict(set)
        self._runner: web.AppRunner | None = None
        self._api: Any = None

    async def __aenter__(self) -> Self:
        configuration = Configuration()
        configuration.connection_pool_maxsize = 0
        await config.load_kube_config(str(self._target), client_configuration=configuration, persist_config=False)
        self._api = ApiClient(configuration)
        app = web.Application(client_max_size=64 << 20)
        app.router.add_route("*", "/{path:.*}", self._answer)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1, handler_cancellation=True)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._runner is not None
        await self._runner.cleanup()
        await self._api.close()

    def write_kubeconfig(self, path: Path) -> Path:
        """For whoever is to come through here, with the target's own rights."""
        assert self._runner is not None
        server = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return kubeconfig.write(path, server=server, authority=b"", user={})

    def break_(self, resource: str, fault: Fault) -> None:
        """From now on, until `heal`."""
        self.faults[resource] = fault
        if fault.ends is None:
            return
        for name in list(self._breaks) if resource == EVERY else [resource]:
            for stream in self._breaks[name]:
                if not stream.done():
                    stream.set_result(fault.ends)

    def heal(self) -> None:
        """New requests are answered again; what is silent stays so."""
        self.faults.clear()

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        resource = _resource(request.path)
        watch = "watch" in request.query
        if request.method == "GET":
            self.asked[resource] += 1
        fault = self._fault(resource)
        if fault is not None and fault.status is not None and (watch or not fault.watches_only):
            if not fault.status:
                _cut(request)
            return web.Response(status=fault.status or 503, text=fault.body)
        return await self._hand_on(request, resource, watch=watch)

    def _fault(self, resource: str) -> Fault | None:
        return self.faults.get(resource) or (None if resource == "leases" else self.faults.get(EVERY))

    async def _hand_on(self, request: web.Request, resource: str, *, watch: bool) -> web.StreamResponse:
        headers = {name: request.headers[name] for name in ("Accept", "Content-Type") if name in request.headers}
        url = self._api.configuration.host + request.path_qs
        limits = aiohttp.ClientTimeout(total=None)
        body = await request.read()
        session = self._api.rest_client.pool_manager
        async with session.request(request.method, url, data=body or None, headers=headers, timeout=limits) as answer:
            if not watch or answer.status != 200:
                self.lists[resource] += request.method == "GET" and answer.status == 200 and not watch
                return web.Response(status=answer.status, body=await answer.read(), content_type="application/json")
            response = web.StreamResponse()
            await response.prepare(request)
            self.opened[resource].append(self._clock())
            await self._stream(request, response, answer, resource)
            return response

    async def _stream(
        self, request: web.Request, response: web.StreamResponse, answer: aiohttp.ClientResponse, resource: str
    ) -> None:
        broken: asyncio.Future[Ends] = asyncio.get_running_loop().create_future()
        self._breaks[resource].add(broken)
        copying = asyncio.create_task(self._copy(response, answer, resource))
        try:
            both: set[asyncio.Future[Any]] = {broken, copying}
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._breaks[resource].discard(broken)
            copying.cancel()
            await asyncio.gather(copying, return_exceptions=True)
        if broken.done():
            await _end(request, response, broken.result())

    async def _copy(self, response: web.StreamResponse, answer: aiohttp.ClientResponse, resource: str) -> None:
        """Whole lines only, so that a stream is broken between two of them."""
        rest = b""
        async for chunk in answer.content.iter_any():
            *lines, rest = (rest + chunk).split(b"\n")
            fault = self._fault(resource)
            repeats = fault.repeats if fault is not None else 1
            for line in lines:
                await response.write((line + b"\n") * repeats)


async def _end(request: web.Request, response: web.StreamResponse, ends: Ends) -> None:
    if ends is Ends.SILENT:
        await asyncio.Event().wait()  # until the client goes
    if ends is Ends.CUT:
        _cut(request)
    elif ends in _WORDS:
        await response.write(_WORDS[ends])


def _cut(request: web.Request) -> None:
    if request.transport is not None:
        request.transport.abort()


def _resource(path: str) -> str:
    """`/apis/apps/v1/namespaces/shop/deployments/web` → `deployments`."""
    parts = path.strip("/").split("/")
    parts = parts[2:] if parts[0] == "api" else parts[3:]
    if parts[:1] == ["namespaces"] and len(parts) > 2:
        parts = parts[2:]
    return parts[0] if parts else ""
