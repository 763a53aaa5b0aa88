"""The documents of the example tabs are right for the schema that is committed, and so are their variables."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from graphql import GraphQLSchema, OperationDefinitionNode, build_schema, parse, validate
from graphql.execution.values import get_variable_values

ROOT = Path(__file__).parent.parent.parent
DOCUMENTS = sorted((ROOT / "web" / "src" / "examples").glob("*.graphql"))


@pytest.fixture(scope="module")
def schema() -> GraphQLSchema:
    """As committed."""
    return build_schema((ROOT / "schema.graphql").read_text())


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.stem)
def test_an_example_is_valid(schema: GraphQLSchema, path: Path) -> None:
    document = parse(path.read_text())
    assert validate(schema, document) == []
    given = path.with_suffix(".json")
    values = json.loads(given.read_text()) if given.exists() else {}
    operations = [each for each in document.definitions if isinstance(each, OperationDefinitionNode)]
    declared = [each for operation in operations for each in operation.variable_definitions or ()]
    assert not isinstance(get_variable_values(schema, declared, values), list)  # which would be one of errors
    assert values.keys() == {each.variable.name.value for each in declared}


def test_there_is_an_example_for_each_promise() -> None:
    assert [path.stem for path in DOCUMENTS] == [
        "live-transitions",
        "service-page",
        "services",
        "stop-cronjob",
        "what-fails",
    ]
