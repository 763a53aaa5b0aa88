"""The ASGI application: a request → who answers it → the answer, and a Status for what is refused."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from email.utils import formatdate
from typing import Any

from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from graph.demo.api import general, table
from graph.demo.api.answers import body_of, json, refusal
from graph.demo.api.listing import Lists, Page, require_version
from graph.demo.api.log import Logs, Reader
from graph.demo.api.paths import NoPath, Target, target
from graph.demo.api.streams import Streams
from graph.demo.api.subresources import Subresources, review, scale_of
from graph.demo.api.watching import Watches, wish
from graph.demo.api.writing import Admit, Writes
from graph.demo.objects import Object
from graph.demo.problems import Forbidden, MethodNotAllowed, NotFound, NotImplementedHere, Problem
from graph.demo.resources import Resource
from graph.demo.store import Store

LOOPBACK = ("127.0.0.1", "localhost", "[::1]")

log = logging.getLogger(__name__)


class Api:
    """Serves one store. ``streams`` are the open watches and followed logs: close them to end."""

    def __init__(self, store: Store, logs: Logs, admit: Admit) -> None:
        self.streams = Streams()
        self._store = store
        self._logs = logs
        self._lists = Lists(store)
        self._watches = Watches(store)
        self._writes = Writes(store, admit)
        self._below = Subresources(store, self._writes)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            raise RuntimeError(f"the demo's API does not speak {scope['type']}")
        request = Request(scope, receive)
        try:
            answer = await self._answer(request)
        except ClientDisconnect:
            return
        await answer(scope, receive, _dated(send))

    async def _answer(self, request: Request) -> ASGIApp:
        about: Target | None = None
        body: Any = None
        try:
            _require_loopback(request)
            path, query = request.url.path, dict(request.query_params)
            body = await body_of(request) if request.method in ("POST", "PUT", "PATCH", "DELETE") else None
            if request.method == "POST" and (reviewed := review(path, body)) is not None:
                return json(reviewed, status=201)
            if request.method == "GET" and (answer := general.answer(path, request.headers)) is not None:
                return answer
            about = target(path)
            return self._of_target(about, request, query, body)
        except NoPath:
            return PlainTextResponse("404 page not found\n", 404)
        except Problem as problem:
            return refusal(problem, about, _name(body))
        except Exception:
            log.exception("%s %s failed", request.method, request.url.path)
            failed = Problem("an error on the server has prevented the request from succeeding")
            return refusal(failed, about, "")

    def _of_target(self, about: Target, request: Request, query: dict[str, str], body: Any) -> ASGIApp:
        if about.subresource and about.subresource not in ("status", "finalize"):
            return self._of_subresource(about, request, query, body)
        if about.subresource == "status" and not about.resource.status:
            raise NotFound("the server could not find the requested resource")
        accept = request.headers.get("accept", "")
        match request.method, bool(about.name):
            case "GET", True if _true(query, "watch"):
                field = f"metadata.name={about.name}"
                return self._watch(Target(about.resource, about.namespace), {**query, "fieldSelector": field}, accept)
            case "GET", True:
                obj = self._store.get(about.resource, about.namespace, about.name)
                return self._written(about.resource, obj, query, accept)
            case "GET", False if _true(query, "watch"):
                return self._watch(about, query, accept)
            case "GET", False:
                return self._list(about, query, accept)
            case "POST", False if about.namespace or not about.resource.namespaced:
                return json(self._writes.create(about, body, query), status=201)
            case "PUT", True:
                return json(self._writes.replace(about, body, query))
            case "PATCH", True:
                kind = request.headers.get("content-type", "").partition(";")[0].strip()
                obj, made = self._writes.patch(about, body, kind, query)
                return json(obj, status=201 if made else 200)
            case "DELETE", True:
                return json(self._writes.delete(about, body, query))
            case "DELETE", False:
                return json(self._delete_all(about, body, query))
        raise MethodNotAllowed("the server does not allow this method on the requested resource")

    def _of_subresource(self, about: Target, request: Request, query: dict[str, str], body: Any) -> ASGIApp:
        match about.subresource, request.method:
            case "log", "GET" if about.resource.kind == "Pod":
                reader = Reader(self._store, self._logs, about, query)
                pieces = reader.pieces()
                if pieces is None:
                    return PlainTextResponse(reader.text(), 200 if reader.begun else 204)
                return self.streams.answer(pieces, "text/plain")
            case "scale", "GET" if about.resource.scale:
                return json(scale_of(self._store.get(about.resource, about.namespace, about.name)))
            case "scale", "PUT" | "PATCH" if about.resource.scale:
                return json(self._below.rescale(about, body, query, patch=request.method == "PATCH"))
            case "exec" | "attach" | "portforward" | "proxy", _:
                raise NotImplementedHere(f"{about.subresource} is not in the demo: nothing runs in its pods")
            case "binding" | "eviction" | "token", "POST":
                return json(self._below.create(about, body), status=201)
        raise NotFound("the server could not find the requested resource")

    def _list(self, about: Target, query: Mapping[str, str], accept: str) -> Response:
        page = self._lists.page(about, query)
        if table.wanted(accept):
            tables = table.Tables(about.resource, self._store.clock, query.get("includeObject", ""))
            return json(tables.of(page.objects, _metadata(page)))
        return json(_listed(about.resource, page.objects, _metadata(page)))

    def _watch(self, about: Target, query: Mapping[str, str], accept: str) -> ASGIApp:
        form = None
        if table.wanted(accept):
            form = table.Tables(about.resource, self._store.clock, query.get("includeObject", "")).form()
        wanted = wish(self._store, about, query)
        return self.streams.answer(self._watches.pieces(wanted, form), "application/json")

    def _written(self, resource: Resource, obj: Object, query: Mapping[str, str], accept: str) -> Response:
        require_version(self._store, query)
        if not table.wanted(accept):
            return json(obj)
        tables = table.Tables(resource, self._store.clock, query.get("includeObject", ""))
        return json(tables.of([obj], {"resourceVersion": obj["metadata"]["resourceVersion"]}))

    def _delete_all(self, about: Target, body: Any, query: Mapping[str, str]) -> Object:
        page = self._lists.page(
            about, {name: query[name] for name in ("labelSelector", "fieldSelector") if name in query}
        )
        for obj in page.objects:
            metadata = obj["metadata"]
            one = Target(about.resource, metadata.get("namespace", ""), metadata["name"])
            self._writes.delete(one, body, query)
        return _listed(about.resource, page.objects, _metadata(page))


def _listed(resource: Resource, objects: list[Object], metadata: Object) -> Object:
    """Items of a list do not say their kind."""
    items = [{name: obj[name] for name in obj if name not in ("kind", "apiVersion")} for obj in objects]
    return {"kind": f"{resource.kind}List", "apiVersion": resource.api_version, "metadata": metadata, "items": items}


def _metadata(page: Page) -> Object:
    metadata: Object = {"resourceVersion": str(page.version)}
    if page.token:
        metadata["continue"] = page.token
        if page.remaining is not None:
            metadata["remainingItemCount"] = page.remaining
    return metadata


def _require_loopback(request: Request) -> None:
    """A page in a browser may make its own name resolve to loopback; the Host still tells it."""
    host = request.headers.get("host", "")
    name = host if host.endswith("]") else host.rpartition(":")[0] or host
    if name not in LOOPBACK:
        raise Forbidden(f'the demo answers requests to localhost alone, not to "{host}"')


def _name(body: Any) -> str:
    """Of an object that is to be made."""
    metadata = body.get("metadata") if isinstance(body, dict) else None
    return str(metadata.get("name", "")) if isinstance(metadata, dict) else ""


def _true(query: Mapping[str, str], name: str) -> bool:
    return query.get(name, "") in ("1", "true", "True")


def _dated(send: Send) -> Send:
    """The time of each answer: whoever judges by it must not get one that is as old as the last stall.

    (uvicorn writes one that it takes once a second, between two requests.)
    """

    async def dated(message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message["headers"], (b"date", formatdate(usegmt=True).encode())]
        await send(message)

    return dated
