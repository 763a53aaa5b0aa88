"""The public schema: made of ``KINDS`` and of the types that are the same for every set of kinds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import strawberry
from graphql import Executor, GraphQLError
from strawberry.printer import print_schema
from strawberry.schema.config import StrawberryConfig
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext
from strawberry.types import ExecutionContext

from graph.api.mutation import Mutation
from graph.api.query import query
from graph.api.subscription import Subscription
from graph.api.types.factory import Factory
from graph.api.types.late import building
from graph.api.types.scalars import SCALARS
from graph.model.kind import Kind


class _Executor(StrawberryGraphQLCoreExecutionContext):
    """Forgets each event of a subscription: graphql-core 3.3 shares one memo of sub-fields among all of them, under
    keys that are new for each, so that it would grow by kilobytes with every event until the subscription ends.
    """

    def build_per_event_executor(self, payload: Any) -> Executor[Any]:
        executor: Executor[Any] = super().build_per_event_executor(payload)
        executor._relevant_sub_fields = {}
        return executor


class Schema(strawberry.Schema):
    """Leaves the logging of errors to ``errors.shown``: what a client did wrong is not worth a traceback."""

    def process_errors(self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None) -> None:
        """Nothing."""


def build(kinds: Sequence[Kind]) -> strawberry.Schema:
    """The schema of these kinds, which must have SERVICE and EVENT among them."""
    types = Factory(kinds).types()
    with building(types):
        return Schema(
            query=query(kinds),
            mutation=Mutation,
            subscription=Subscription,
            types=[types[kind.type_name] for kind in kinds],
            config=StrawberryConfig(scalar_map=SCALARS),
            execution_context_class=_Executor,
        )


def sdl(kinds: Sequence[Kind]) -> str:
    """The text of ``schema.graphql``."""
    return print_schema(build(kinds)).rstrip() + "\n"
