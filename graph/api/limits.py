"""Whether a document stays within the limits, found before anything else is done with it.

One walk of the document as it would be executed, each fragment as often as it is spread. It ends at the first limit
that is exceeded, so that it takes at most ``Limits.fields`` steps however the document is made. What passes is safe to
validate, where rules of the specification compare fields and fragments in pairs, and to execute.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLNamedType,
    GraphQLSchema,
    InlineFragmentNode,
    NamedTypeNode,
    OperationDefinitionNode,
    SelectionSetNode,
)

from graph.api.errors import Code, refused
from graph.api.prices import Prices
from graph.config import Limits

LEVELS = 4
"""Selection sets may nest so many times deeper than fields: fragments within fragments have no depth of their own."""


@dataclass(slots=True)
class Measure:
    """What was counted in the whole document."""

    depth: int = 0
    fields: int = 0
    aliases: int = 0
    directives: int = 0
    overlaps: int = 0
    costs: list[float] = field(default_factory=list)
    """Of each operation, in their order."""
    varies: bool = False
    """Whether it may cost something else with other variables."""


def measured(document: DocumentNode, schema: GraphQLSchema, limits: Limits, variables: Mapping[str, Any]) -> Measure:
    """What was counted with these variables. Raises what is to be told when one of the limits is exceeded."""
    return _Walk(document, schema, limits, variables).run()


def count_values(values: Any, most: int) -> int:
    """How many values are in what was made of JSON; it stops counting above ``most``."""
    count, rest = 0, [values]
    while rest and count <= most:
        value = rest.pop()
        if isinstance(value, dict | list):
            count += len(value)
            rest.extend(value.values() if isinstance(value, dict) else value)
    return count


@dataclass(slots=True)
class _Merged:
    """Fields of one name in one place: they become one, and validation compares each with each."""

    count: int = 0
    below: dict[str, _Merged] = field(default_factory=dict)


class _Place(NamedTuple):
    """Where a selection set stands."""

    parent: GraphQLNamedType | None
    names: dict[str, _Merged]
    """What was selected there so far, by the name that it has in the answer."""
    depth: int = 0
    level: int = 0
    times: float = 1.0
    """How often it is executed."""
    page: float | None = None
    """The size of the page that it is of."""


class _Walk:
    def __init__(
        self, document: DocumentNode, schema: GraphQLSchema, limits: Limits, variables: Mapping[str, Any]
    ) -> None:
        self._document, self._schema, self._limits = document, schema, limits
        self._prices = Prices(schema, variables)
        self._found = Measure()
        self._cost = 0.0
        self._fragments = {
            one.name.value: one for one in document.definitions if isinstance(one, FragmentDefinitionNode)
        }
        self._unmet = set(self._fragments)
        self._inside: set[str] = set()

    def run(self) -> Measure:
        """All operations; then the fragments that none of them uses, which are validated, too."""
        for one in self._document.definitions:
            if isinstance(one, OperationDefinitionNode):
                self._operation(one)
        while self._unmet:
            self._fragment(self._unmet.pop(), _Place(None, {}))
        self._found.varies = self._prices.varies
        return self._found

    def _operation(self, one: OperationDefinitionNode) -> None:
        self._prices.enter(one)
        self._cost = 0.0
        self._count_directives(one, *(one.variable_definitions or ()))
        self._selected(one.selection_set, _Place(self._schema.get_root_type(one.operation), {}))
        self._found.costs.append(self._cost)

    def _selected(self, selected: SelectionSetNode, place: _Place) -> None:
        most = LEVELS * self._limits.depth
        if place.level > most:
            raise refused(Code.TOO_DEEP, f"selections are nested more than {most} levels deep")
        for one in selected.selections:
            self._count(one)
            if isinstance(one, FieldNode):
                self._field(one, place)
            elif isinstance(one, InlineFragmentNode):
                self._typed(one.type_condition, one.selection_set, place)
            elif isinstance(one, FragmentSpreadNode):
                self._merge("...", place)
                self._fragment(one.name.value, place)

    def _count(self, one: Any) -> None:
        self._count_directives(one)
        self._found.fields += 1
        if self._found.fields > self._limits.fields:
            most = self._limits.fields
            raise refused(Code.TOO_MANY_FIELDS, f"more than {most} fields and fragments, each as often as it is used")

    def _count_directives(self, *nodes: Any) -> None:
        self._found.directives += sum(len(one.directives or ()) for one in nodes)
        if self._found.directives > self._limits.directives:
            raise refused(Code.TOO_MANY_DIRECTIVES, f"more than {self._limits.directives} directives")

    def _fragment(self, name: str, place: _Place) -> None:
        """One within itself is left to validation, as is one that is not there."""
        fragment = self._fragments.get(name)
        if fragment is None or name in self._inside:
            return
        self._unmet.discard(name)
        self._count_directives(fragment)
        with self._within(name):
            self._typed(fragment.type_condition, fragment.selection_set, place)

    @contextmanager
    def _within(self, fragment: str) -> Iterator[None]:
        self._inside.add(fragment)
        yield
        self._inside.discard(fragment)

    def _typed(self, condition: NamedTypeNode | None, selected: SelectionSetNode, place: _Place) -> None:
        parent = self._schema.type_map.get(condition.name.value) if condition else place.parent
        self._selected(selected, place._replace(parent=parent, level=place.level + 1))

    def _field(self, one: FieldNode, place: _Place) -> None:
        self._found.aliases += one.alias is not None
        if self._found.aliases > self._limits.aliases:
            raise refused(Code.TOO_MANY_ALIASES, f"more than {self._limits.aliases} aliases")
        depth = place.depth + 1
        self._found.depth = max(self._found.depth, depth)
        if depth > self._limits.depth:
            raise refused(Code.TOO_DEEP, f"fields are nested more than {self._limits.depth} levels deep")
        merged = self._merge((one.alias or one.name).value, place)
        price = self._prices.of(one, place.parent, place.page)
        self._pay(place.times * price.own)
        if one.selection_set is not None:
            times = place.times * price.times
            inner = _Place(price.type, merged.below, depth, place.level + 1, times, price.page)
            self._selected(one.selection_set, inner)

    def _merge(self, name: str, place: _Place) -> _Merged:
        merged = place.names.setdefault(name, _Merged())
        self._found.overlaps += merged.count
        merged.count += 1
        if self._found.overlaps > self._limits.overlaps:
            raise refused(Code.TOO_MANY_OVERLAPS, "the same fields, or fragments, are selected too often in one place")
        return merged

    def _pay(self, cost: float) -> None:
        self._cost += cost
        if self._cost > self._limits.cost:
            most = self._limits.cost
            raise refused(Code.TOO_COSTLY, f"costs more than {most}: ask for smaller pages, or for less of each item")
