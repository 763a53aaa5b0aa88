"""The types of kinds, made of their descriptors: the object type with its fields and relations, its connection, the
enum Kind.

A field's GraphQL name is its encoded name, its description the ``doc`` of its annotation; nested structs become
object types and enums enum types of the same name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from enum import StrEnum
from typing import Any

import strawberry
from strawberry import UNSET

from graph.api import reading
from graph.api.arguments import After, Before, First, Last
from graph.api.context import Info
from graph.api.orders import order_of
from graph.api.paging import Page, Range
from graph.api.types.cluster import Node
from graph.api.types.connection import connection, object_type
from graph.api.types.enums import shown
from graph.api.types.late import Late
from graph.api.types.logs import StatusTransitionConnection, operator_log, transitions
from graph.api.types.resource import Resource
from graph.api.types.structs import Structs
from graph.model import resource
from graph.model.kind import Kind, Relation, Shape, always


class Factory:
    """Makes the types of one schema, see ``types``."""

    def __init__(self, kinds: Iterable[Kind]) -> None:
        self._kinds = {kind.name: kind for kind in kinds}
        self._structs = Structs()

    def types(self) -> dict[str, Any]:
        """Every generated type by its name."""
        found: dict[str, Any] = {"Kind": self._enum(), "StatusTransitionConnection": StatusTransitionConnection}
        for kind in self._kinds.values():
            found[kind.type_name] = self._object(kind)
            of_kind = connection(kind.type_name, Late(kind.type_name), judged=kind.judge is not None)
            found[f"{kind.type_name}Connection"] = of_kind
        return found

    def _enum(self) -> Any:
        judged = {kind.name: kind.description for kind in self._kinds.values() if kind.judge is not None}
        enum = StrEnum("Kind", {name: name for name in judged})  # type: ignore[misc] # its members are the kinds
        return shown(enum, description="What a resource is.", values=judged)

    def _object(self, kind: Kind) -> type[Any]:
        fields = self._structs.fields(kind.fields, lambda resource: resource.fields)
        for relation in self._relations(kind):
            fields[relation.name] = self._relation(relation)
        if kind.name == reading.SERVICE:
            fields["operatorLog"] = operator_log()
        if kind.judge is not None:
            fields["transitions"] = transitions()
        else:
            fields["id"] = strawberry.ID, strawberry.field(resolver=_id, description="Opaque and url-safe.")
        base = Node if kind.judge is None else Resource
        return object_type(kind.type_name, kind.description, fields, base=base, is_type_of=_is_of(kind.name))

    def _relations(self, kind: Kind) -> Iterable[Relation]:
        yield from kind.relations
        if kind.judge is not None:
            yield Relation(
                "events", reading.EVENT, Shape.CONNECTION, "Kubernetes events of it and of everything below it."
            )
        if kind.name == reading.SERVICE:
            for other in self._kinds.values():
                if other.judge is not None and other.name != kind.name:
                    yield Relation(other.plural, other.name, other.in_service, other.description)

    def _relation(self, relation: Relation) -> tuple[Any, Any]:
        kind = self._kinds[relation.kind]
        target: Any = Late(kind.type_name)
        type_, resolver = {
            Shape.CONNECTION: (Late(f"{kind.type_name}Connection"), _page),
            Shape.LIST: (list[target], _list),
            Shape.LATEST: (target | None, _latest),
            Shape.OWNER: (target | None, _owner),
        }[relation.shape]
        field = strawberry.field(
            name=relation.name, resolver=resolver(kind, relation), description=relation.description
        )
        return type_, field


def _found(root: resource.Resource, info: Info, relation: Relation) -> list[resource.Resource]:
    return [each for each in reading.below(info.context, root.key, relation.kind) if _meant(relation, each)]


def _meant(relation: Relation, one: resource.Resource) -> bool:
    """Whether the relation leads to it; where it leads to all, none is decoded for this."""
    return relation.where is always or relation.where(one.fields)


def _page(kind: Kind, relation: Relation) -> Callable[..., Any]:
    order = order_of(kind)

    def resolve(
        root: resource.Resource,
        info: Info,
        first: First = UNSET,
        after: After = UNSET,
        last: Last = UNSET,
        before: Before = UNSET,
    ) -> Any:
        return Page(order.sort(_found(root, info, relation)), order, Range(first, after, last, before))

    return resolve


def _list(kind: Kind, relation: Relation) -> Callable[..., Any]:
    order = order_of(kind)

    def resolve(root: resource.Resource, info: Info) -> Any:
        return order.sort(_found(root, info, relation))

    return resolve


def _latest(kind: Kind, relation: Relation) -> Callable[..., Any]:
    newest_first = _list(kind, relation)

    def resolve(root: resource.Resource, info: Info) -> Any:
        return next(iter(newest_first(root, info)), None)

    return resolve


def _owner(kind: Kind, relation: Relation) -> Callable[..., Any]:
    def resolve(root: resource.Resource, info: Info) -> Any:
        owner = reading.above(info.context, root.key, kind.name)
        return owner if owner is not None and _meant(relation, owner) else None

    return resolve


def _id(root: resource.Resource) -> str:
    return root.key.id


def _is_of(kind: str) -> Any:
    def is_type_of(_: Any, root: Any, _info: Any) -> bool:
        return isinstance(root, resource.Resource) and root.key.kind == kind

    return classmethod(is_type_of)
