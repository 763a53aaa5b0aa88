"""GraphQL over HTTP, the probes and the metrics. No request whatever makes a 5xx but those that a probe means.

``/graphql``: GET for queries, POST with a JSON body for queries and mutations; subscriptions need a websocket. A
browser that goes there finds GraphiQL.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from pathlib import Path

import msgspec
import strawberry
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect
from starlette.requests import Request as HttpRequest
from starlette.responses import Response
from starlette.routing import Route, WebSocketRoute
from starlette.types import Receive, Scope, Send
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError
from strawberry.types import ExecutionResult
from strawberry.types.graphql import OperationType

from graph import probes
from graph.api import graphiql
from graph.api.accept import GRAPHQL, JSON, negotiated, prefers_page
from graph.api.context import Context
from graph.api.errors import Code
from graph.api.execute import MAX_BYTES, Request, formatted, is_request_error, refusal, unreadable
from graph.api.ws import SocketEndpoint

_decode = msgspec.json.Decoder(Request).decode
_NO_STORE = {"cache-control": "no-store"}


class _Refused(Exception):  # ends a request early, not a failure
    """A request that is answered before anything is executed."""

    def __init__(self, status: int, message: str, *, allow: str | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.headers = {"allow": allow} if allow is not None else {}


class GraphQLEndpoint:
    """The ASGI application of ``/graphql`` for HTTP."""

    def __init__(self, schema: strawberry.Schema, context: Context, page: Response | None) -> None:
        self._schema = schema
        self._context = context
        self._page = page

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = HttpRequest(scope, receive)
        if self._page and request.method == "GET" and prefers_page(request.headers.get("accept")):
            return await self._page(scope, receive, send)
        return await self._respond(request, send)

    async def _respond(self, request: HttpRequest, send: Send) -> None:
        media = negotiated(request.headers.get("accept"))
        try:
            if media is None:
                raise _Refused(406, f"this can be answered as {GRAPHQL} or {JSON}")
            result = await self._execute(await _read(request), request.method)
            status = 400 if is_request_error(result) and media == GRAPHQL else 200
            headers: dict[str, str] = {}
        except _Refused as refused:
            result = refusal(Code.BAD_REQUEST, str(refused))
            status, headers = refused.status, refused.headers
        except ClientDisconnect:
            return
        self._context.metrics.requests.labels("http", "error" if result.errors else "ok").inc()
        answer = _answer(result, status=status, media=media or JSON, headers=headers)
        await answer(request.scope, request.receive, send)

    async def _execute(self, request: Request, method: str) -> ExecutionResult:
        allowed = {OperationType.QUERY} if method == "GET" else {OperationType.QUERY, OperationType.MUTATION}
        try:
            return await self._schema.execute(
                request.query,
                variable_values=request.variables,
                context_value=self._context,
                operation_name=request.operation_name,
                allowed_operation_types=allowed,
            )
        except InvalidOperationTypeError as error:
            if error.operation_type is OperationType.SUBSCRIPTION:
                raise _Refused(400, "subscriptions need a websocket, with graphql-transport-ws") from error
            raise _Refused(405, "a mutation needs POST", allow="POST") from error
        except CannotGetOperationTypeError:
            return refusal(Code.BAD_REQUEST, "there is no operation of this name")


async def _read(request: HttpRequest) -> Request:
    if request.method == "GET":
        return _of_query(request)
    if request.method != "POST":
        raise _Refused(405, "use GET or POST", allow="GET, POST")
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != JSON:
        raise _Refused(415, f"the body must be {JSON}")
    return _decoded(await _body(request))


async def _body(request: HttpRequest) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BYTES:
            raise _Refused(413, f"the body may have {MAX_BYTES} bytes")
    return bytes(body)


def _decoded(body: bytes) -> Request:
    try:
        return _decode(body)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise _Refused(400, unreadable(error)) from error


def _of_query(request: HttpRequest) -> Request:
    given = request.query_params
    try:
        maps = {name: msgspec.json.decode(given[name]) for name in ("variables", "extensions") if given.get(name)}
        return msgspec.convert({**given, **maps}, Request)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise _Refused(400, unreadable(error)) from error


def _answer(result: ExecutionResult, *, status: int, media: str, headers: dict[str, str]) -> Response:
    return Response(
        msgspec.json.encode(formatted(result)),
        status_code=status,
        headers={**headers, **_NO_STORE, "vary": "Accept", "content-type": f"{media}; charset=utf-8"},
    )


def create(
    schema: strawberry.Schema,
    context: Context,
    *,
    ready: Callable[[], str | None],
    web: Path | None = graphiql.BUILT,
    allowed_origins: Collection[str] = (),
) -> Starlette:
    """The application.

    ``ready``: why this process cannot serve yet, None when it can. ``web``: the folder of GraphiQL's built files; None
    switches it off. ``allowed_origins``: whose pages may open a websocket, beside our own.
    """
    context.metrics.watch(context.catalog)

    def unready() -> str | None:
        return "draining" if context.drain.draining else ready()

    app = Starlette(
        routes=[
            Route("/graphql", GraphQLEndpoint(schema, context, graphiql.page(web) if web else None)),
            WebSocketRoute("/graphql", SocketEndpoint(schema, context, allowed_origins)),
            *([graphiql.files(web)] if web else []),
            *probes.routes(unready, context.metrics.page),
        ],
    )
    app.router.redirect_slashes = False
    return app
