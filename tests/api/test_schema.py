"""The schema: what was promised, described throughout, committed as served, made of whatever kinds there are."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLScalarType,
    GraphQLSchema,
    build_schema,
    is_specified_scalar_type,
)
from graphql.utilities import find_breaking_changes
from msgspec import Struct

from graph.api.schema import build, sdl
from graph.kinds import KINDS
from graph.model.kind import Kind, Object, Shape, doc

ROOT = Path(__file__).parents[2]
PUBLISHED = Path(__file__).parent / "published.graphql"
"""The schema as it was last published. Additions may wait there: what is not in it may still change."""
SCHEMA = build_schema(sdl(KINDS))


class ToyFields(Struct, frozen=True, array_like=True, rename="camel"):
    """What is public of a toy."""

    wheel_count: Annotated[int, doc("How many wheels it has.")]


def never(*_: Any, **__: Any) -> Any:
    """A schema calls no judge."""
    raise AssertionError


TOY = Kind(
    name="TOY",
    type_name="Toy",
    plural="toys",
    description="Something to play with.",
    resource=None,
    view=Object,
    fields=ToyFields,
    project=never,
    judge=never,
    in_service=Shape.CONNECTION,
)


def test_nothing_of_the_core_is_broken() -> None:
    core = build_schema((ROOT / "tests" / "core.graphql").read_text())
    assert [change.description for change in find_breaking_changes(core, SCHEMA)] == []


def test_nothing_that_was_published_is_broken() -> None:
    assert broken(SCHEMA) == [], (
        f"this breaks clients. On purpose? Then copy schema.graphql over {PUBLISHED}, and say so in CHANGELOG.md"
    )


def test_a_broken_promise_is_found() -> None:
    schema = build_schema(PUBLISHED.read_text())
    action = schema.type_map["Action"]
    assert isinstance(action, GraphQLObjectType)
    action.fields["added"] = action.fields["requestedBy"]
    assert broken(schema) == []
    del action.fields["requestedBy"]
    assert broken(schema) == ["Field Action.requestedBy was removed."]


def test_the_committed_schema_is_the_served_one() -> None:
    assert (ROOT / "schema.graphql").read_text() == sdl(KINDS)


def test_the_schema_is_the_same_each_time_it_is_made() -> None:
    assert sdl(KINDS) == sdl(KINDS)


def test_everything_is_described() -> None:
    assert [name for name, description in described(SCHEMA) if not description] == []


def test_scalars_say_where_they_are_specified() -> None:
    own = [each for each in SCHEMA.type_map.values() if isinstance(each, GraphQLScalarType)]
    urls = {each.name: each.specified_by_url for each in own if not is_specified_scalar_type(each)}
    assert set(urls) == {"DateTime", "Cursor"}
    assert all(urls.values())


def test_a_new_kind_needs_nothing_but_its_descriptor() -> None:
    schema = build_schema(sdl((*KINDS, TOY)))
    toy, service = schema.type_map["Toy"], schema.type_map["Service"]
    assert isinstance(toy, GraphQLObjectType)
    assert isinstance(service, GraphQLObjectType)
    assert toy.description == "Something to play with."
    assert str(toy.fields["wheelCount"].type) == "Int!"
    assert [each.name for each in toy.interfaces] == ["Resource", "Node"]
    assert str(service.fields["toys"].type) == "ToyConnection!"
    assert schema.query_type is not None
    assert set(schema.query_type.fields["toys"].args) == {"filter", "orderBy", "first", "after", "last", "before"}
    kinds = schema.type_map["Kind"]
    assert isinstance(kinds, GraphQLEnumType)
    assert "TOY" in kinds.values


def test_a_schema_of_other_kinds_leaves_the_first_one_alone() -> None:
    first = build(KINDS)
    build((*KINDS, TOY))
    answer = first.execute_sync('{ __type(name: "Kind") { enumValues { name } } }')
    assert answer.data is not None
    assert "TOY" not in {value["name"] for value in answer.data["__type"]["enumValues"]}


def test_a_kind_without_a_status_is_a_node_but_no_resource() -> None:
    event = SCHEMA.type_map["Event"]
    assert isinstance(event, GraphQLObjectType)
    assert [each.name for each in event.interfaces] == ["Node"]


@pytest.mark.parametrize(
    "name", ["StatefulSet", "DaemonSet", "Deployment", "Pod", "Cronjob", "Job", "Build", "Service"]
)
def test_every_judged_kind_is_a_resource(name: str) -> None:
    found = SCHEMA.type_map[name]
    assert isinstance(found, GraphQLObjectType)
    assert "Resource" in {each.name for each in found.interfaces}


def broken(schema: GraphQLSchema) -> list[str]:
    """What clients of the published schema cannot rely on any more."""
    return [change.description for change in find_breaking_changes(build_schema(PUBLISHED.read_text()), schema)]


def described(schema: GraphQLSchema) -> Iterator[tuple[str, str | None]]:
    """Every name of ours, with its description."""
    for name, each in schema.type_map.items():
        if not name.startswith("__") and not is_specified_scalar_type(each):
            yield name, each.description
            yield from members(each)


def members(each: GraphQLNamedType) -> Iterator[tuple[str, str | None]]:
    """What a type consists of."""
    if isinstance(each, GraphQLEnumType):
        for name, value in each.values.items():
            yield f"{each.name}.{name}", value.description
    elif isinstance(each, GraphQLInputObjectType):
        for name, given in each.fields.items():
            yield f"{each.name}.{name}", given.description
    elif isinstance(each, (GraphQLObjectType, GraphQLInterfaceType)):
        for name, field in each.fields.items():
            yield f"{each.name}.{name}", field.description
            for argument, given_ in field.args.items():
                yield f"{each.name}.{name}({argument})", given_.description
