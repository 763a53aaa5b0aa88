"""GraphQL over HTTP, the probes and the metrics. No request whatever makes a 5xx but those that a probe means, and a
server that is full or ends.

``/graphql``: GET for queries, POST with a JSON body for queries and mutations, and for subscriptions where the client
takes events. A browser that goes there finds GraphiQL.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from pathlib import Path

import msgspec
from graphql import ExecutionResult, OperationType
from starlette.applications import Starlette
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import ClientDisconnect
from starlette.requests import Request as HttpRequest
from starlette.responses import Response
from starlette.routing import Route, WebSocketRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from graph import probes
from graph.api import graphiql
from graph.api.accept import EVENTS, GRAPHQL, JSON, negotiated, prefers_page, takes_events
from graph.api.context import Context
from graph.api.errors import Code
from graph.api.execute import DEFAULTS, Admitted, Operations, formatted, is_request_error, refusal
from graph.api.origins import Hosts, Origins
from graph.api.persisted import Persisted
from graph.api.requests import Refused, read
from graph.api.schema import Schema
from graph.api.sse import EventStream, Results
from graph.api.ws import SocketEndpoint
from graph.config import Limits

PACKED = 1024
"""Bytes from which an answer is packed for those who take it so."""
_NO_STORE = {"cache-control": "no-store"}


class GraphQLEndpoint:
    """The ASGI application of ``/graphql`` for HTTP."""

    def __init__(
        self, operations: Operations, context: Context, origins: Origins, *, page: Response | None = None
    ) -> None:
        self._operations = operations
        self._context = context
        self._origins = origins
        self._page = page

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = HttpRequest(scope, receive)
        if self._page and request.method == "GET" and prefers_page(request.headers.get("accept")):
            return await self._page(scope, receive, send)
        return await self._respond(request, send)

    async def _respond(self, request: HttpRequest, send: Send) -> None:
        media = negotiated(request.headers.get("accept"))
        try:
            answer = await self._answer(request, media)
        except Refused as refused:
            result = refusal(refused.code, str(refused))
            self._count("http", failed=True)
            answer = _written(result, status=refused.status, media=media or JSON, headers=refused.headers)
        except ClientDisconnect:
            return None
        if isinstance(answer, Response):
            return await answer(request.scope, request.receive, send)
        return await self._tell(answer, request, send)

    async def _answer(self, request: HttpRequest, media: str | None) -> Response | Results:
        """What can be written at once, or results that are told as events."""
        events = takes_events(request.headers.get("accept"))
        if media is None and not events:
            raise Refused(406, f"this can be answered as {GRAPHQL}, {JSON} or {EVENTS}")
        if "cookie" in request.headers and not self._origins.welcome(request.headers):
            raise Refused(403, "foreign origin", code=Code.FORBIDDEN_ORIGIN)
        wanted = await read(request, most=self._operations.limits.body)
        admitted = self._operations.admit(wanted)
        if isinstance(admitted, Admitted):
            _check(admitted, request.method, events=events)
        follows = isinstance(admitted, Admitted) and admitted.type is OperationType.SUBSCRIPTION
        if media is None or follows:
            return self._operations.results(admitted, self._context)
        result = await self._operations.execute(admitted, self._context) if isinstance(admitted, Admitted) else admitted
        self._count("http", failed=bool(result.errors))
        return _written(result, status=400 if is_request_error(result) and media == GRAPHQL else 200, media=media)

    async def _tell(self, results: Results, request: HttpRequest, send: Send) -> None:
        drain, peer = self._context.drain, request.client.host if request.client else ""
        full = "the server ends" if drain.closing else drain.full(peer)
        if full is not None:
            answer = _written(refusal(Code.UNAVAILABLE, full), status=503, media=JSON, headers={"retry-after": "5"})
            return await answer(request.scope, request.receive, send)
        stream = EventStream(results, request.receive, send)
        drain.enter(stream, peer)
        try:
            with self._context.metrics.streams.track_inprogress():
                await stream.run()
        finally:
            drain.leave(stream)
            self._count("sse", failed=stream.outcome != "ok")

    def _count(self, transport: str, *, failed: bool) -> None:
        self._context.metrics.requests.labels(transport, "error" if failed else "ok").inc()


def _check(admitted: Admitted, method: str, *, events: bool) -> None:
    """Whether the operation may come this way."""
    if method == "GET" and admitted.type is OperationType.MUTATION:
        raise Refused(405, "a mutation needs POST", allow="POST")
    if admitted.type is OperationType.SUBSCRIPTION and not events:
        raise Refused(400, f"a subscription needs a websocket with graphql-transport-ws, or Accept: {EVENTS}")


def _written(result: ExecutionResult, *, status: int, media: str, headers: dict[str, str] | None = None) -> Response:
    return Response(
        msgspec.json.encode(formatted(result)),
        status_code=status,
        headers={**(headers or {}), **_NO_STORE, "vary": "Accept", "content-type": f"{media}; charset=utf-8"},
    )


def create(
    schema: Schema,
    context: Context,
    *,
    ready: Callable[[], str | None],
    web: Path | None = graphiql.BUILT,
    allowed_origins: Collection[str] = (),
    allowed_hosts: Collection[str] = (),
    limits: Limits = DEFAULTS,
    persisted: Persisted | None = None,
) -> Starlette:
    """The application.

    ``ready``: why this process cannot serve yet, None when it can. ``web``: the folder of GraphiQL's built files; None
    switches it off. ``allowed_origins``: whose pages may use it, beside our own. ``allowed_hosts``: by which names it
    may be called, any when there are none. ``persisted``: what clients may name instead of sending it.
    """
    context.metrics.watch(context.catalog)
    operations = Operations(schema.core, limits=limits, persisted=persisted)
    origins = Origins(allowed_origins)
    endpoint = GraphQLEndpoint(operations, context, origins, page=graphiql.page(web) if web else None)

    def unready() -> str | None:
        return "draining" if context.drain.draining else ready()

    app = Starlette(
        routes=[
            Route("/graphql", _guarded(_for_pages(endpoint, allowed_origins), allowed_hosts)),
            WebSocketRoute("/graphql", _guarded(SocketEndpoint(operations, context, origins), allowed_hosts)),
            *([graphiql.files(web)] if web else []),
            *probes.routes(unready, context.metrics.page),
        ],
    )
    app.router.redirect_slashes = False
    return app


def _for_pages(endpoint: ASGIApp, origins: Collection[str]) -> ASGIApp:
    """Packs long answers, and tells browsers whose pages may read them."""
    packed = GZipMiddleware(endpoint, minimum_size=PACKED, compresslevel=1)
    if not origins:
        return packed
    return CORSMiddleware(
        packed,
        allow_origins=list(origins),
        allow_methods=["GET", "POST"],
        allow_headers=["*"],
        expose_headers=["retry-after"],
        allow_credentials=True,
    )


def _guarded(app: ASGIApp, hosts: Collection[str]) -> ASGIApp:
    return Hosts(app, hosts) if hosts else app
