"""Paths that are about no object: discovery, OpenAPI, the version and health."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.responses import PlainTextResponse, Response

from graph.demo.api import discovery, openapi
from graph.demo.api.answers import encode, json
from graph.demo.problems import NotFound

_HEALTH = ("healthz", "livez", "readyz")


def answer(path: str, headers: Mapping[str, str]) -> Response | None:
    """None when it is about an object."""
    aggregated = f"g={discovery.AGGREGATED};v=v2;as=APIGroupDiscoveryList" in headers.get("accept", "").replace(" ", "")
    match path.strip("/").split("/"):
        case ["api"]:
            return _aggregated(core=True) if aggregated else json(discovery.versions())
        case ["apis"]:
            return _aggregated(core=False) if aggregated else json(discovery.groups())
        case ["apis", group]:
            return json(discovery.group(group))
        case ["api", version]:
            return json(discovery.resources("", version))
        case ["apis", group, version]:
            return json(discovery.resources(group, version))
        case ["version"]:
            return json(discovery.VERSION)
        case [word, *_] if word in _HEALTH:
            return PlainTextResponse("ok")
        case ["openapi", *rest]:
            return _openapi(rest)
        case [""]:
            return json({"paths": ["/api", "/apis", "/healthz", "/livez", "/openapi/v3", "/readyz", "/version"]})
    return None


def _aggregated(*, core: bool) -> Response:
    media_type = f"application/json;g={discovery.AGGREGATED};v=v2;as=APIGroupDiscoveryList"
    return Response(encode(discovery.aggregated(core=core)), media_type=media_type)


def _openapi(rest: list[str]) -> Response:
    match rest:
        case ["v3"]:
            return json(openapi.index())
        case ["v3", "api", version]:
            return json(openapi.document("", version))
        case ["v3", "apis", group, version]:
            return json(openapi.document(group, version))
        case ["v2"]:
            return json(openapi.document_2())
    raise NotFound("the server could not find the requested resource")
