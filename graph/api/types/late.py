"""References to types that are generated from the kinds, from types that are not.

The hand-written types are made once, at import; the generated ones once for each schema. A ``Late`` names a generated
type and finds it while the schema is built, so that two schemas of different kinds never mix.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from strawberry.types.lazy_type import LazyType

_generated: ContextVar[Mapping[str, Any] | None] = ContextVar("generated", default=None)


class Late(LazyType[str, str]):
    """See the module. ``list[Late("Job")]`` and ``Late("Service") | None`` work as with any type."""

    def __init__(self, name: str) -> None:
        super().__init__(name, __name__)

    def resolve_type(self) -> type[Any]:
        """The type of that name. After the schema is built only input values ask, which by then are plain strings."""
        types = _generated.get()
        return str if types is None else types[self.type_name]


@contextmanager
def building(types: Mapping[str, Any]) -> Iterator[None]:
    """While a schema is built: its generated types by name."""
    token = _generated.set(types)
    try:
        yield
    finally:
        _generated.reset(token)
