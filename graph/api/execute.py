"""Running an operation, for HTTP and websocket alike, and what its result looks like when it goes out."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from graphql import GraphQLError
from msgspec import Struct
from strawberry.types import ExecutionResult
from strawberry.types.execution import PreExecutionError

from graph.api import errors
from graph.api.errors import Code

MAX_BYTES = 64 * 1024
"""Of a request's body, or of a websocket message."""


class Request(Struct, frozen=True, rename="camel"):
    """A GraphQL request, however it came."""

    query: Annotated[str, msgspec.Meta(min_length=1)]
    operation_name: str | None = None
    variables: dict[str, Any] | None = None
    extensions: dict[str, Any] | None = None


def is_request_error(result: ExecutionResult) -> bool:
    """Whether nothing was executed: the document, the operation, the variables or a start was refused."""
    if isinstance(result, PreExecutionError):
        return True
    return result.data is None and bool(result.errors) and all(error.path is None for error in result.errors or ())


def formatted(result: ExecutionResult) -> dict[str, Any]:
    """The result as it goes out."""
    out: dict[str, Any] = {} if is_request_error(result) else {"data": result.data}
    if result.errors:
        out["errors"] = errors.shown(result.errors)
    return out


def refusal(code: Code, message: str) -> ExecutionResult:
    """A result for what was never executed."""
    error: GraphQLError = errors.refused(code, message)
    return ExecutionResult(data=None, errors=[error])


def unreadable(error: Exception) -> str:
    """Why a request could not be decoded, without the words of its content."""
    if isinstance(error, msgspec.ValidationError):
        return f"this is not a GraphQL request: {error}"
    return "this is not JSON"
