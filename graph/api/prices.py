"""What a field of a document costs: how often it is executed when every page is full.

A page multiplies what is on it by its size. Lists that are no pages, and those of the schema's own description, have
the length that is usual there.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from graphql import (
    FieldNode,
    GraphQLField,
    GraphQLNamedType,
    GraphQLSchema,
    IntValueNode,
    ListValueNode,
    OperationDefinitionNode,
    ValueNode,
    VariableNode,
    get_named_type,
    get_nullable_type,
    is_composite_type,
    is_introspection_type,
    is_list_type,
)

from graph.api.paging import CAP, DEFAULT

PAGE = 10
"""Of a page, beside what is on it."""
ALL = 1_000
"""Of a page at the root: all that is known is read for it."""
LIST = 3
_LONG = {"namespaces": 50.0}
"""Lists that are no pages and longer than that."""
_OF_THE_SCHEMA = {"types": 120.0, "directives": 5.0, "fields": 4.0}
_RARE = 0.5
"""The schema's other lists are mostly empty: arguments, enum values, interfaces."""


class Price(NamedTuple):
    """Of a field."""

    own: float = 1.0
    """Each time that it is executed."""
    times: float = 1.0
    """How often its selection set is executed each time."""
    type: GraphQLNamedType | None = None
    """Of its value; None when the schema does not know the field."""
    page: float | None = None
    """How long the lists of its value are, when that is a page."""


class Prices:
    """Of the fields of one request."""

    def __init__(self, schema: GraphQLSchema, variables: Mapping[str, Any]) -> None:
        self.varies = False
        """Whether a variable was looked at: other ones may make another price."""
        self._schema = schema
        self._variables = variables
        self._defaults: dict[str, ValueNode | None] = {}

    def enter(self, operation: OperationDefinitionNode) -> None:
        """What is asked for next is part of this operation."""
        self._defaults = {one.variable.name.value: one.default_value for one in operation.variable_definitions or ()}

    def of(self, node: FieldNode, parent: GraphQLNamedType | None, page: float | None) -> Price:
        """``parent``: whose field it is. ``page``: the size of the page, when that is one."""
        field = self._schema.get_field(parent, node.name.value) if is_composite_type(parent) else None
        if field is None:
            return Price()
        type_ = get_named_type(field.type)
        if "first" in field.args:
            own = ALL if parent is self._schema.query_type else PAGE
            return Price(own, type=type_, page=self._page(node))
        return Price(times=self._length(node, field, parent, page), type=type_)

    def _length(self, node: FieldNode, field: GraphQLField, parent: Any, page: float | None) -> float:
        if not is_list_type(get_nullable_type(field.type)):
            return 1.0
        if is_introspection_type(parent):
            return _OF_THE_SCHEMA.get(node.name.value, _RARE)
        if page is not None:
            return page
        return self._given(node) if "ids" in field.args else _LONG.get(node.name.value, LIST)

    def _page(self, node: FieldNode) -> float:
        sizes = [self._integer(one.value) for one in node.arguments or () if one.name.value in ("first", "last")]
        return max((size for size in sizes if size is not None), default=DEFAULT)

    def _integer(self, node: ValueNode | None) -> float | None:
        value = self._value(node)
        if isinstance(value, IntValueNode):  # of a literal with thousands of digits no number is made
            return CAP if len(value.value) > 3 else _page_size(int(value.value))
        whole = isinstance(value, int) or (isinstance(value, float) and value.is_integer())
        return _page_size(int(value)) if whole else None  # 100.0 is 100 to whoever executes it

    def _given(self, node: FieldNode) -> float:
        values = [self._value(one.value) for one in node.arguments or () if one.name.value == "ids"]
        lengths = [
            len(one.values if isinstance(one, ListValueNode) else one)
            for one in values
            if isinstance(one, ListValueNode | list)
        ]
        return max(lengths, default=1)

    def _value(self, node: ValueNode | None) -> Any:
        """What stands there: a literal, or the value or default of a variable."""
        if not isinstance(node, VariableNode):
            return node
        self.varies = True
        name = node.name.value
        return self._variables[name] if name in self._variables else self._defaults.get(name)


def _page_size(asked: int) -> int:
    """A page that is refused later costs nothing until then."""
    return min(max(asked, 0), CAP)
