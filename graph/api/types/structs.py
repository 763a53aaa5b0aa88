"""Public structs of kinds as object types: names, types and descriptions are those of the struct's fields."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from enum import StrEnum
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

import msgspec
import strawberry
from msgspec import Struct

from graph.api.types.connection import object_type
from graph.api.types.enums import shown
from graph.api.types.resource import ObjectRef, Status
from graph.model import ref, status

Fields = dict[str, tuple[Any, Any]]
"""Attribute → (type, Strawberry's field)."""


class Structs:
    """The object types of one schema that were made of structs."""

    def __init__(self) -> None:
        self._made: dict[Any, Any] = {status.Status: Status, ref.ObjectRef: ObjectRef}

    def fields(self, struct: type[Struct], source: Callable[[Any], Any]) -> Fields:
        """The fields of a struct that is found in its parent by ``source``."""
        return {
            field.name: (
                self._type(field.type),
                strawberry.field(
                    name=field.encode_name,
                    resolver=_reads(source, field.name),
                    description=_description(field.type),
                ),
            )
            for field in msgspec.structs.fields(struct)
        }

    def _type(self, annotation: Any) -> Any:
        origin, arguments = get_origin(annotation), get_args(annotation)
        if origin is Annotated:
            return self._type(arguments[0])
        if origin in (Union, UnionType):
            return Union[tuple(self._type(argument) for argument in arguments)]  # noqa: UP007 # of types at run time
        if origin is tuple:
            item = self._type(arguments[0])
            return list[item]  # type: ignore[valid-type] # a type at run time
        if isinstance(annotation, type) and issubclass(annotation, Struct):
            return self._object(annotation)
        if isinstance(annotation, type) and issubclass(annotation, StrEnum):
            return shown(annotation)
        return annotation

    def _object(self, struct: type[Struct]) -> Any:
        if struct not in self._made:
            fields = self.fields(struct, lambda root: root)
            self._made[struct] = object_type(struct.__name__, inspect.getdoc(struct) or "", fields)
        return self._made[struct]


def _reads(source: Callable[[Any], Any], attribute: str) -> Callable[[Any], Any]:
    return lambda root: getattr(source(root), attribute)


def _description(annotation: Any) -> str | None:
    """The ``doc`` of an annotation, which may be inside of ``| None``."""
    metas = (meta.description for meta in getattr(annotation, "__metadata__", ()) if isinstance(meta, msgspec.Meta))
    found = next(metas, None)
    inner = (_description(argument) for argument in get_args(annotation))
    return found or next((text for text in inner if text), None)
