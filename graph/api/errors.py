"""What an error looks like to a client: a readable message, a stable ``extensions.code``, and nothing of our insides.

Resolvers raise ``refused(...)``; every answer's errors go out through ``shown``, which masks what nobody meant to
raise and logs it under the correlation id that the client is given. ``docs/errors.md`` lists the codes.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from enum import StrEnum
from typing import Any

import structlog
from graphql import GraphQLError, GraphQLSyntaxError

from graph.errors import BadCursor, StoreError, SubscriberOverflow

log = structlog.get_logger(__name__)


class Code(StrEnum):
    """``extensions.code``, and the codes of the typed errors of mutations."""

    GRAPHQL_PARSE_FAILED = "GRAPHQL_PARSE_FAILED"
    GRAPHQL_VALIDATION_FAILED = "GRAPHQL_VALIDATION_FAILED"
    BAD_REQUEST = "BAD_REQUEST"
    FORBIDDEN_ORIGIN = "FORBIDDEN_ORIGIN"
    UNAVAILABLE = "UNAVAILABLE"
    TOO_LARGE = "TOO_LARGE"
    TOO_MANY_TOKENS = "TOO_MANY_TOKENS"
    TOO_DEEP = "TOO_DEEP"
    TOO_MANY_FIELDS = "TOO_MANY_FIELDS"
    TOO_MANY_ALIASES = "TOO_MANY_ALIASES"
    TOO_MANY_DIRECTIVES = "TOO_MANY_DIRECTIVES"
    TOO_MANY_OVERLAPS = "TOO_MANY_OVERLAPS"
    TOO_MANY_VALUES = "TOO_MANY_VALUES"
    TOO_COSTLY = "TOO_COSTLY"
    TIMED_OUT = "TIMED_OUT"
    PERSISTED_QUERY_NOT_FOUND = "PERSISTED_QUERY_NOT_FOUND"
    PERSISTED_QUERY_NOT_SUPPORTED = "PERSISTED_QUERY_NOT_SUPPORTED"
    PERSISTED_QUERY_HASH_MISMATCH = "PERSISTED_QUERY_HASH_MISMATCH"
    DOCUMENT_NOT_FOUND = "DOCUMENT_NOT_FOUND"
    DOCUMENT_NOT_TRUSTED = "DOCUMENT_NOT_TRUSTED"
    BAD_PAGE = "BAD_PAGE"
    BAD_CURSOR = "BAD_CURSOR"
    BAD_ID = "BAD_ID"
    BAD_FILTER = "BAD_FILTER"
    AMBIGUOUS_CLUSTER = "AMBIGUOUS_CLUSTER"
    NOT_FOUND = "NOT_FOUND"
    TOO_MANY_OPERATIONS = "TOO_MANY_OPERATIONS"
    OVERFLOW = "OVERFLOW"
    STORE_UNAVAILABLE = "STORE_UNAVAILABLE"
    INTERNAL = "INTERNAL"
    WRONG_KIND = "WRONG_KIND"
    BAD_REPLICAS = "BAD_REPLICAS"
    BAD_IDEMPOTENCY_KEY = "BAD_IDEMPOTENCY_KEY"
    BAD_REASON = "BAD_REASON"
    ACTIONS_DISABLED = "ACTIONS_DISABLED"
    IDEMPOTENCY_KEY_REUSED = "IDEMPOTENCY_KEY_REUSED"


_FOREIGN: tuple[tuple[type[Exception], Code, str], ...] = (
    (SubscriberOverflow, Code.OVERFLOW, "too many changes wait for this subscription; resume after its last cursor"),
    (StoreError, Code.STORE_UNAVAILABLE, "the store does not answer; try again"),
    (RecursionError, Code.GRAPHQL_VALIDATION_FAILED, "this is nested too deeply"),
    (BadCursor, Code.BAD_CURSOR, "this is not a cursor"),
)


class Rejected(Exception):  # by what a client asked for, not a failure
    """A request that is not executed, and why."""

    def __init__(self, *errors: GraphQLError) -> None:
        super().__init__(*errors)
        self.errors = list(errors)


def refused(code: Code, message: str) -> GraphQLError:
    """An error that the client can understand and mend."""
    return GraphQLError(message, extensions={"code": code.value})


def shown(errors: Iterable[GraphQLError]) -> list[dict[str, Any]]:
    """The errors as they go out."""
    return [_shown(error) for error in errors]


def _shown(error: GraphQLError) -> dict[str, Any]:
    out: dict[str, Any] = {"message": error.message}
    if error.locations:
        out["locations"] = [{"line": at.line, "column": at.column} for at in error.locations]
    if error.path is not None:
        out["path"] = error.path
    cause = _cause(error)
    if isinstance(cause, GraphQLError):
        out["extensions"] = {**(error.extensions or {}), "code": _code(error, cause)}
    else:
        out["message"], out["extensions"] = _foreign(cause)
    return out


def _cause(error: GraphQLError) -> Exception:
    """What was raised first, under graphql-core's wrapping."""
    cause: Exception = error
    while isinstance(cause, GraphQLError) and cause.original_error is not None:
        cause = cause.original_error
    return cause


def _code(error: GraphQLError, cause: GraphQLError) -> str:
    given = (error.extensions or {}).get("code") or (cause.extensions or {}).get("code")
    if given is not None:
        return str(given)
    return Code.GRAPHQL_PARSE_FAILED if isinstance(cause, GraphQLSyntaxError) else Code.GRAPHQL_VALIDATION_FAILED


def _foreign(cause: Exception) -> tuple[str, dict[str, Any]]:
    for kind, code, message in _FOREIGN:
        if isinstance(cause, kind):
            return message, {"code": code.value}
    correlation = uuid.uuid4().hex
    log.error("internal error", correlation=correlation, exc_info=cause)
    return "internal error", {"code": Code.INTERNAL.value, "correlation": correlation}
