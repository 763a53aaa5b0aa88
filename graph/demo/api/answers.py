"""Bodies: JSON in and out, and Kubernetes' Status for every refusal."""

from __future__ import annotations

from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from graph.demo.api import protobuf
from graph.demo.api.paths import Target
from graph.demo.objects import Object
from graph.demo.problems import BadRequest, Problem, TooLarge

BODY = 3 * 1024 * 1024
"""Bytes of a body, as much as an API server takes."""

encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(object).decode
_GENERAL = ("BadRequest", "Expired", "InternalError", "MethodNotAllowed", "UnsupportedMediaType", "Timeout")


def json(answer: Any, *, status: int = 200) -> Response:
    """An answer in JSON."""
    return Response(encode(answer), status, media_type="application/json")


def refusal(problem: Problem, target: Target | None, name: str) -> Response:
    """The Status of a refused request. ``name``: of the object in the body, where the path has none."""
    details = problem.details or (_details(problem, target, target.name or name) if target else {})
    status: Object = {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Failure",
        "message": str(problem),
        "reason": problem.reason,
        **({"details": details} if details else {}),
        "code": problem.code,
    }
    return json(status, status=problem.code)


def success(target: Target, uid: str) -> Object:
    """The Status of a deletion that is done."""
    details = {"name": target.name, "group": target.resource.group, "kind": target.resource.plural, "uid": uid}
    kept = {name: value for name, value in details.items() if value}
    return {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "details": kept}


async def body_of(request: Request) -> Any:
    """The body, None when there is none."""
    content, size = bytearray(), 0
    async for chunk in request.stream():
        size += len(chunk)
        if size <= BODY:  # the rest is read too, that the client hears the answer, and not kept
            content += chunk
    if size > BODY:
        raise TooLarge(f"Request entity too large: limit is {BODY}")
    if not content:
        return None
    if request.headers.get("content-type", "").startswith(protobuf.MEDIA_TYPE):
        return protobuf.decoded(bytes(content))
    try:
        return _decode(bytes(content))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadRequest(f"the body is not the JSON of an object: {error}") from error


def object_of(body: Any) -> Object:
    """A body that has to be an object; what is null in it is not there."""
    if not isinstance(body, dict):
        raise BadRequest("the body of the request must be a JSON object")
    return without_nulls(body)


def without_nulls(value: Object) -> Object:
    """A copy in which nothing is null."""
    return {name: _pruned(one) for name, one in value.items() if one is not None}


def _pruned(value: Any) -> Any:
    if isinstance(value, dict):
        return without_nulls(value)
    return [_pruned(one) for one in value if one is not None] if isinstance(value, list) else value


def _details(problem: Problem, target: Target, name: str) -> Object:
    if problem.reason in _GENERAL:
        return {}
    kind = target.resource.kind if problem.reason == "Invalid" else target.resource.plural
    details = {"name": name, "group": target.resource.group, "kind": kind}
    return {name: value for name, value in details.items() if value}
