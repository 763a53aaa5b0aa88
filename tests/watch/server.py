"""An API server that plays a script over real HTTP: what a watch meets in a long life, one answer after another."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from aiohttp import web

from graph.kube.client import Kube, connect

PODS = "/api/v1/pods"
CUT = b""
"""In a stream: the connection is cut."""
HELD = None
"""In a stream: nothing more is said, and it stays open."""
ABORTED = -1
"""A status: the connection is cut before anything is answered."""


class Answer:
    """One answer: a status with a body, or (``chunks``) a stream."""

    def __init__(self, body: object = "", *, status: int = 200, chunks: tuple[bytes | None, ...] | None = None) -> None:
        self.body = body if isinstance(body, str) else json.dumps(body)
        self.status = status
        self.chunks = chunks


def pod(name: str, version: int = 1, **more: Any) -> dict[str, Any]:
    """A pod as the API tells it."""
    metadata = {"name": name, "namespace": "shop", "uid": f"uid-{name}", "resourceVersion": str(version)}
    return {"metadata": metadata, **more}


def page(*items: object, version: int, more: str = "") -> Answer:
    """A page of a list."""
    return Answer({"metadata": {"resourceVersion": str(version), "continue": more}, "items": items})


def line(kind: str, item: object) -> bytes:
    """A line of a watch."""
    return json.dumps({"type": kind, "object": item}).encode() + b"\n"


def bookmark(version: int) -> bytes:
    """Nothing happened until this version."""
    return line("BOOKMARK", {"metadata": {"resourceVersion": str(version)}})


def stream(*chunks: bytes | None, status: int = 200) -> Answer:
    """A watch that says this and ends; see ``CUT`` and ``HELD``."""
    return Answer(chunks=chunks, status=status)


def problem(code: int, message: str = "a problem") -> Answer:
    """A refusal as the API server writes it."""
    return Answer({"kind": "Status", "code": code, "message": message, "reason": "Odd"}, status=code)


class ScriptedServer:
    """Lists and watches take the next answer of theirs; when none is left they are held open."""

    def __init__(self) -> None:
        self.lists: deque[Answer] = deque()
        self.watches: deque[Answer] = deque()
        self.asked: list[tuple[str, Mapping[str, str]]] = []
        """("list" or "watch", the query) of every request."""
        self.held = asyncio.Event()
        """Set when a request found no answer: the script is over."""
        self._ending = asyncio.Event()

    def queries(self, verb: str) -> list[Mapping[str, str]]:
        """What was asked."""
        return [query for word, query in self.asked if word == verb]

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """The handler."""
        verb = "watch" if "watch" in request.query else "list"
        self.asked.append((verb, dict(request.query)))
        script = self.watches if verb == "watch" else self.lists
        if not script:
            self.held.set()
            return await self._stream(request, stream(HELD))
        answer = script.popleft()
        if answer.status == ABORTED:
            assert request.transport is not None
            request.transport.close()
        if answer.chunks is not None:
            return await self._stream(request, answer)
        return web.Response(text=answer.body, status=answer.status)

    def end(self) -> None:
        """Lets go of everything that is held."""
        self._ending.set()

    async def _stream(self, request: web.Request, answer: Answer) -> web.StreamResponse:
        response = web.StreamResponse(status=answer.status)
        await response.prepare(request)
        for chunk in answer.chunks or ():
            if chunk is HELD:
                await self._ending.wait()
            elif chunk == CUT:
                assert request.transport is not None
                request.transport.close()
            else:
                await response.write(chunk)
        return response


@asynccontextmanager
async def serving(handler: Any, home: Path) -> AsyncIterator[Kube]:
    """A connection to an HTTP server on loopback with one handler for everything."""
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handler)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    kube = await connect(str(_kubeconfig(home, port)), None)
    try:
        yield kube
    finally:
        await kube.close()
        await runner.cleanup()


def _kubeconfig(home: Path, port: int) -> Path:
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "here",
        "contexts": [{"name": "here", "context": {"cluster": "here", "user": "me"}}],
        "clusters": [{"name": "here", "cluster": {"server": f"http://127.0.0.1:{port}"}}],
        "users": [{"name": "me", "user": {}}],
    }
    path = home / "kubeconfig"
    path.write_text(json.dumps(config))
    return path
