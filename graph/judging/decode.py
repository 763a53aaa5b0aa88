"""Bytes of the Kubernetes API → views. The view's type is the allow-list: what it does not name is never decoded."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Generic, TypeVar

import msgspec
from msgspec import Struct

from graph.errors import MalformedObject
from graph.judging.cutting import cut, is_cut
from graph.kinds.shared.nodes import NODES, Node
from graph.model.kind import Kind, Object, Watched, always

T = TypeVar("T")

_WORDS = ("name", "namespace", "uid", "resourceVersion", "creationTimestamp", "deletionTimestamp")
"""What is read of a malformed object's metadata, each where it is a text."""


class Nameplate(Struct, frozen=True, gc=False):
    """Just enough of a malformed object to name it."""

    metadata: dict[str, Any] = {}


class Line(Struct, Generic[T], frozen=True, gc=False):
    """A line of a watch."""

    type: str
    object: T


class Variants:
    """The kinds that are made of one resource, and the decoder of each; most resources have one."""

    def __init__(self, watched: Watched, kinds: Iterable[Kind]) -> None:
        self.watched = watched
        self.kinds = tuple(kinds)
        self._decoders = [(kind, msgspec.json.Decoder(kind.view)) for kind in self.kinds]
        self._lines = _line_decoder(self.kinds[0]) if len(self.kinds) == 1 else None
        self._cut = is_cut(self.kinds[0].view)

    def decode(self, raw: bytes | memoryview | msgspec.Raw) -> tuple[Kind, Object]:
        """The kind that claims the object and its view; MalformedObject when the bytes are not such an object."""
        for kind, decoder in self._decoders:
            try:
                view = decoder.decode(raw)
            except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
                view = _lenient(raw, kind.view, error)
            if kind.claims(view):
                return kind, view
        raise MalformedObject(f"no kind claims this {self.watched.kind}")

    def lines(self, raw: bytes) -> list[Line[Object]] | None:
        """A watch's lines in one pass, all of ``kinds[0]``; None when there is one among them that has to be looked at
        part by part.

        Lines of another type (BOOKMARK) may pass for objects: look at the types first.
        """
        if self._lines is None:
            return None
        try:
            told = self._lines.decode_lines(cut(raw) if self._cut else raw)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return None
        claims = self.kinds[0].claims
        return told if claims is always or all(claims(line.object) for line in told) else None

    def remnant(self, raw: bytes | memoryview | msgspec.Raw) -> tuple[Kind, Object] | None:
        """A malformed object by as much of its metadata as can be read; without a name there is nothing to show."""
        plate = _nameplate(raw)
        words = {name: plate[name] for name in _WORDS if isinstance(plate.get(name), str)}
        if not words.get("name"):
            return None
        kind = self.kinds[-1]
        return kind, msgspec.convert({"metadata": words}, kind.view)


def _line_decoder(kind: Kind) -> msgspec.json.Decoder[Line[Object]]:
    return msgspec.json.Decoder(Line[kind.view])  # type: ignore[name-defined] # the parameter is known at run time


def _nameplate(raw: bytes | memoryview | msgspec.Raw) -> Mapping[str, Any]:
    """What is readable of a malformed object's metadata; empty when nothing is."""
    try:
        return msgspec.json.decode(raw, type=Nameplate, strict=False).metadata
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return {}


def _lenient(raw: bytes | memoryview | msgspec.Raw, view: type[Any], first: Exception) -> Object:
    """A second try without nulls: clients other than Go's may send ``null`` where the API omits."""
    try:
        return msgspec.convert(_without_nulls(msgspec.json.decode(raw)), view)  # type: ignore[no-any-return] # view is such a type
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise MalformedObject(str(first)) from error


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_nulls(item) for name, item in value.items() if item is not None}
    if isinstance(value, list):
        return [_without_nulls(item) for item in value if item is not None]
    return value


def variants(kinds: Iterable[Kind]) -> dict[str, Variants]:
    """Plural of each watched resource → the kinds made of it, in the order of ``kinds``."""
    found: dict[str, list[Kind]] = {}
    for kind in kinds:
        if kind.resource is not None:
            found.setdefault(kind.resource.plural, []).append(kind)
    return {plural: Variants(_resource(of), of) for plural, of in found.items()}


def beside(kind: Kind, resource: Watched, view: type[Object]) -> Variants:
    """How a resource is read that only serves a kind: where its manifests are kept, the nodes that it runs on."""
    return Variants(resource, [msgspec.structs.replace(kind, view=view, resource=resource, claims=always)])


def nodes_of(kinds: Iterable[Kind]) -> Variants | None:
    """How nodes are read, where there is a kind that runs on them."""
    running = next((kind for kind in kinds if kind.node_of is not None), None)
    return beside(running, NODES, Node) if running is not None else None


def _resource(kinds: list[Kind]) -> Watched:
    resource = kinds[0].resource
    assert resource is not None  # grouped by it
    return resource
