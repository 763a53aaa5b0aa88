"""Running an operation, for HTTP, SSE and websocket alike: the one place where a request is admitted.

``Operations.admit`` finds the document, keeps to the limits and picks the operation; nothing is executed that did not
pass it. What it refuses is answered as ``refusal`` is: errors without data.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable
from contextlib import aclosing
from dataclasses import dataclass
from inspect import isawaitable
from typing import Any, TypeGuard

import msgspec
from graphql import (
    AbortedGraphQLExecutionError,
    ExecutionResult,
    GraphQLError,
    GraphQLSchema,
    OperationDefinitionNode,
    OperationType,
    execute,
    subscribe,
)
from msgspec import Struct
from strawberry.execution import optimized_is_awaitable

from graph.api import errors
from graph.api.budget import Budget, Spent, bounded
from graph.api.context import Context
from graph.api.documents import Document, Documents
from graph.api.errors import Code, Rejected, refused
from graph.api.limits import Measure, count_values
from graph.api.persisted import Persisted
from graph.config import Limits

DEFAULTS = Limits()
MAX_BYTES = DEFAULTS.body
"""Of a websocket message."""


class Request(Struct, frozen=True, rename="camel"):
    """A GraphQL request, however it came."""

    query: str = ""
    operation_name: str | None = None
    variables: dict[str, Any] | None = None
    extensions: dict[str, Any] | None = None
    document_id: str | None = None

    def __post_init__(self) -> None:
        if not (self.query or self.document_id or (self.extensions or {}).get("persistedQuery")):
            raise ValueError("it has neither query nor documentId")


class Refusal(ExecutionResult):
    """Why a request is not executed, or a subscription was not started."""

    def __init__(self, errors: list[GraphQLError]) -> None:
        super().__init__(None, errors)


@dataclass(frozen=True, slots=True)
class Admitted:
    """What may be executed."""

    document: Document
    operation: OperationDefinitionNode
    request: Request
    cost: dict[str, Any] | None
    """Told with each result, when the request asked for it."""

    @property
    def type(self) -> OperationType:
        """Query, mutation or subscription."""
        return self.operation.operation


class Operations:
    """Of one schema."""

    def __init__(self, schema: GraphQLSchema, *, limits: Limits = DEFAULTS, persisted: Persisted | None = None) -> None:
        self.limits = limits
        self._schema = schema
        self._documents = Documents(schema, limits)
        self._executor = bounded(limits)
        self._persisted = Persisted() if persisted is None else persisted

    def admit(self, request: Request) -> Admitted | Refusal:
        """The operation; or the result that says why it is not executed."""
        try:
            return self._admitted(request)
        except Rejected as rejected:
            return Refusal(rejected.errors)
        except Exception as error:  # noqa: BLE001 # no document may end what serves others: it is told masked
            return _failed(error)

    async def execute(self, admitted: Admitted, context: Context) -> ExecutionResult:
        """A query or a mutation."""
        budget = Budget(self.limits)
        try:
            result = execute(
                self._schema,
                admitted.document.node,
                context_value=context,
                abort_signal=budget,
                is_awaitable=_is_awaitable,
                **self._how(admitted),
            )
            return _told(await result if isawaitable(result) else result, admitted)
        except Spent as spent:
            return _told(Refusal([spent.error]), admitted)
        except (AbortedGraphQLExecutionError, GraphQLError):  # nothing but the budget raises
            return _told(Refusal([budget.reason]), admitted)
        except Exception as error:  # noqa: BLE001 # as above
            return _failed(error)

    def stream(self, request: Request, context: Context) -> AsyncGenerator[ExecutionResult, None]:
        """What a request is answered with: one result, unless it is a subscription."""
        return self.results(self.admit(request), context)

    async def results(self, admitted: Admitted | Refusal, context: Context) -> AsyncGenerator[ExecutionResult, None]:
        """The same, of what was admitted; or what was refused."""
        if isinstance(admitted, Refusal):
            yield admitted
        elif admitted.type is not OperationType.SUBSCRIPTION:
            yield await self.execute(admitted, context)
        else:
            async with aclosing(self._subscribed(admitted, context)) as results:
                async for result in results:
                    yield result

    async def _subscribed(self, admitted: Admitted, context: Context) -> AsyncGenerator[ExecutionResult, None]:
        """The results of a subscription. One that fails ends with a result that has errors and no data."""
        try:
            source = subscribe(self._schema, admitted.document.node, context_value=context, **self._how(admitted))
            started: AsyncIterator[ExecutionResult] | ExecutionResult
            started = await source if isawaitable(source) else source
            if isinstance(started, ExecutionResult):
                yield Refusal(started.errors or [])
                return
            async with aclosing(started) as results:  # type: ignore[type-var] # a generator, as all our sources are
                async for result in results:
                    yield _told(result, admitted)
        except Spent as spent:
            yield _told(Refusal([spent.error]), admitted)
        except AbortedGraphQLExecutionError:
            yield _told(Refusal([Budget(self.limits).reason]), admitted)
        except Exception as error:  # noqa: BLE001 # as above; also what ends the source itself
            yield _failed(error)

    def _how(self, admitted: Admitted) -> dict[str, Any]:
        return {
            "variable_values": admitted.request.variables,
            "operation_name": admitted.request.operation_name,
            "executor_class": self._executor,
            "max_coercion_errors": 5,
        }

    def _admitted(self, request: Request) -> Admitted:
        variables = request.variables or {}
        if count_values(variables, self.limits.values) > self.limits.values:
            raise Rejected(refused(Code.TOO_MANY_VALUES, f"variables may have {self.limits.values} values"))
        text = self._persisted.text(request)
        document, place, measure = self._documents.get(text, request.operation_name, variables)
        self._persisted.remember(request)
        cost = self._cost(measure, place) if (request.extensions or {}).get("cost") is True else None
        return Admitted(document, document.operations[place], request, cost)

    def _cost(self, measure: Measure, place: int) -> dict[str, Any]:
        return {
            "cost": round(measure.costs[place]),
            "limit": self.limits.cost,
            "depth": measure.depth,
            "fields": measure.fields,
            "aliases": measure.aliases,
            "directives": measure.directives,
        }


def _is_awaitable(value: Any) -> TypeGuard[Awaitable[Any]]:
    return optimized_is_awaitable(value)


def _failed(error: Exception) -> Refusal:
    return Refusal([GraphQLError(str(error), original_error=error)])


def _told(result: ExecutionResult, admitted: Admitted) -> ExecutionResult:
    if admitted.cost is not None:
        result.extensions = {"cost": admitted.cost}
    return result


def is_request_error(result: ExecutionResult) -> bool:
    """Whether nothing was executed: the document, the operation, the variables or a start was refused."""
    if isinstance(result, Refusal):
        return True
    return result.data is None and bool(result.errors) and all(error.path is None for error in result.errors or ())


def formatted(result: ExecutionResult) -> dict[str, Any]:
    """The result as it goes out."""
    out: dict[str, Any] = {} if is_request_error(result) else {"data": result.data}
    if result.errors:
        out["errors"] = errors.shown(result.errors)
    if result.extensions:
        out["extensions"] = result.extensions
    return out


def refusal(code: Code, message: str) -> Refusal:
    """A result for what was never executed."""
    return Refusal([refused(code, message)])


def unreadable(error: Exception) -> str:
    """Why a request could not be decoded, without the words of its content."""
    if isinstance(error, msgspec.ValidationError):
        return f"this is not a GraphQL request: {error}"
    return "this is not JSON"
