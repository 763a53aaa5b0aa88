"""Python's enums as the schema's. A value's description is the docstring below it, as everywhere in this code."""

from __future__ import annotations

import ast
import inspect
import textwrap
from enum import StrEnum
from typing import TypeVar

import strawberry
from strawberry.types.enum import StrawberryEnumDefinition, has_enum_definition

from graph.model.action import ActionState, LogLevel
from graph.model.resource import FreshnessState
from graph.model.status import Evidence, State
from graph.store.hub import ResetReason

__all__ = ["ActionState", "Evidence", "FreshnessState", "LogLevel", "ResetReason", "State", "shown"]
"""Modules of types import these enums from here, so that they are described before Strawberry first sees them."""

E = TypeVar("E", bound=type[StrEnum])


def shown(enum: E, *, description: str | None = None, values: dict[str, str] | None = None) -> E:
    """The enum as a type of the schema. ``values``: descriptions of those whose class has none in its source."""
    if not has_enum_definition(enum):
        _describe(enum, description, values)
    return enum


def _describe(enum: type[StrEnum], description: str | None, values: dict[str, str] | None) -> None:
    strawberry.enum(enum, description=description or inspect.getdoc(enum))
    documented = values if values is not None else docstrings(enum)
    definition: StrawberryEnumDefinition = enum.__strawberry_definition__  # type: ignore[attr-defined] # set above
    for value in definition.values:
        value.description = documented.get(value.name)


def docstrings(enum: type[StrEnum]) -> dict[str, str]:
    """The string below each member of a class, from its source."""
    (tree,) = ast.parse(textwrap.dedent(inspect.getsource(enum))).body
    assert isinstance(tree, ast.ClassDef)
    found: dict[str, str] = {}
    for member, below in zip(tree.body, tree.body[1:], strict=False):
        if isinstance(member, ast.Assign) and isinstance(member.targets[0], ast.Name) and _is_text(below):
            found[member.targets[0].id] = inspect.cleandoc(ast.literal_eval(below.value))  # type: ignore[attr-defined] # see _is_text
    return found


def _is_text(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


shown(State, description="The normalized state: what a status comes down to.")
shown(Evidence)
shown(FreshnessState)
shown(ActionState)
shown(LogLevel)
shown(
    ResetReason,
    values={
        "EPOCH_CHANGED": "The store lost its data, or was replaced: positions from before mean nothing any more.",
        "CURSOR_EXPIRED": "What followed the cursor is no longer kept.",
    },
)
