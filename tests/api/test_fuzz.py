"""Some of ``python -m tests.api.fuzz``, the same each time."""

from __future__ import annotations

from typing import Any

import pytest
from graphql import (
    FieldNode,
    GraphQLInputObjectType,
    GraphQLObjectType,
    GraphQLScalarType,
    OperationDefinitionNode,
    get_named_type,
    parse,
    validate,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.api import fuzzgraph
from tests.api.fuzz import Fuzzed

INPUTS = [each for each in fuzzgraph.SCHEMA.type_map.values() if isinstance(each, GraphQLInputObjectType)]


def test_whatever_is_sent_is_answered_and_nothing_is_left_of_it() -> None:
    fuzz = Fuzzed()
    with fuzz.serving() as wire:
        fuzz.run(wire, examples=250)
    assert fuzz.count > 300
    wanted = {f"told {fuzzgraph.alias('Subscription', field)}" for field in fuzzgraph.SUBSCRIPTION.fields}
    assert wanted - set(fuzz.sent) == set(), "so few of its operations are good that some tell nothing"


@pytest.mark.parametrize(("root", "name"), [(root, name) for root in fuzzgraph.ROOTS for name in root.fields], ids=str)
def test_every_field_is_asked_for_by_valid_documents(root: GraphQLObjectType, name: str) -> None:
    @settings(max_examples=10, database=None)
    @given(fuzzgraph.operations(root, name))
    def ask(operation: dict[str, Any]) -> None:
        document = parse(operation["query"])
        assert validate(fuzzgraph.SCHEMA, document) == []
        (definition,) = document.definitions
        assert isinstance(definition, OperationDefinitionNode)
        (field,) = definition.selection_set.selections
        assert isinstance(field, FieldNode)
        assert {each.name.value for each in field.arguments or ()} == set(root.fields[name].args)

    ask()


def test_every_scalar_of_an_argument_has_values_of_its_own() -> None:
    types = [field.type for each in INPUTS for field in each.fields.values()]
    types += [
        argument.type for root in fuzzgraph.ROOTS for field in root.fields.values() for argument in field.args.values()
    ]
    named = {get_named_type(each) for each in types}
    assert {each.name for each in named if isinstance(each, GraphQLScalarType)} == set(fuzzgraph.scalars())


def test_every_field_of_every_input_is_given() -> None:
    seen: set[tuple[str, str]] = set()

    @settings(max_examples=150, database=None, suppress_health_check=list(HealthCheck))
    @given(st.fixed_dictionaries({each.name: fuzzgraph.given(each) for each in INPUTS}))
    def look(values: dict[str, Any]) -> None:
        whole = {name: value for name, value in values.items() if isinstance(value, dict)}
        seen.update((name, each) for name, value in whole.items() for each in value if value[each] is not None)

    look()
    assert {(each.name, field) for each in INPUTS for field in each.fields} - seen == set()
