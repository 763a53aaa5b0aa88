"""Probes and metrics, the same for the api and the operator: ``/livez``, ``/readyz``, ``/metrics``.

Liveness says only that the event loop turns: a lost Redis or API server is no reason to be restarted.
"""

from __future__ import annotations

from collections.abc import Callable

from prometheus_client import CONTENT_TYPE_LATEST
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route


def routes(unready: Callable[[], str | None], page: Callable[[], bytes]) -> list[Route]:
    """``unready``: why not, as a short text; None when ready. ``page``: the metrics as Prometheus reads them."""

    async def livez(request: Request) -> Response:
        return PlainTextResponse("ok\n")

    async def readyz(request: Request) -> Response:
        problem = unready()
        return PlainTextResponse(f"{problem or 'ok'}\n", status_code=503 if problem else 200)

    async def metrics(request: Request) -> Response:
        return Response(page(), headers={"content-type": CONTENT_TYPE_LATEST})

    return [Route("/livez", livez), Route("/readyz", readyz), Route("/metrics", metrics)]
