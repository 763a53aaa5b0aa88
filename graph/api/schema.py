"""The public schema: made of ``KINDS`` and of the types that are the same for every set of kinds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import strawberry
from graphql import GraphQLInputObjectType, GraphQLSchema
from strawberry.printer import print_schema
from strawberry.schema.config import StrawberryConfig

from graph.api.mutation import Mutation
from graph.api.query import query
from graph.api.subscription import Subscription
from graph.api.types.factory import Factory
from graph.api.types.late import building
from graph.api.types.scalars import SCALARS
from graph.model.kind import Kind


class Schema(strawberry.Schema):
    """Shows what graphql-core executes: ``execute.Operations`` does without Strawberry's own way of executing."""

    def __init__(self, **parts: Any) -> None:
        super().__init__(**parts)
        for each in self.core.type_map.values():
            if isinstance(each, GraphQLInputObjectType):  # Strawberry's own rule knows no variables of fragments
                each.is_one_of = each.extensions["strawberry-definition"].is_one_of

    @property
    def core(self) -> GraphQLSchema:
        """The schema as graphql-core knows it."""
        return self._schema


def build(kinds: Sequence[Kind]) -> Schema:
    """The schema of these kinds, which must have SERVICE and EVENT among them."""
    types = Factory(kinds).types()
    with building(types):
        return Schema(
            query=query(kinds),
            mutation=Mutation,
            subscription=Subscription,
            types=[types[kind.type_name] for kind in kinds],
            config=StrawberryConfig(scalar_map=SCALARS),
        )


def sdl(kinds: Sequence[Kind]) -> str:
    """The text of ``schema.graphql``."""
    return print_schema(build(kinds)).rstrip() + "\n"
