"""Structs ↔ the bytes in Redis (msgpack arrays). Public fields are decoded into the struct of their kind."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from graph.errors import BadCursor, MalformedObject
from graph.model.action import Action, ActionRequest, LogEntry
from graph.model.kind import Kind
from graph.model.ref import decode_id, encode_id
from graph.model.resource import (
    ActionChange,
    Change,
    ChangeType,
    Cursor,
    LogChange,
    Resource,
    ResourceChange,
    Transition,
)
from graph.store.keys import field_of, key_of

_TYPES = {"A": ChangeType.ADDED, "M": ChangeType.MODIFIED, "D": ChangeType.DELETED}
_LETTERS = {change: letter for letter, change in _TYPES.items()}
_encode = msgspec.msgpack.Encoder().encode


class Codec:
    """For one set of kinds. Every decoder raises MalformedObject for bytes that are something else."""

    def __init__(self, kinds: Iterable[Kind]) -> None:
        self._resources = {kind.name: msgspec.msgpack.Decoder(_resource_type(kind)) for kind in kinds}
        self._transition = msgspec.msgpack.Decoder(Transition)
        self._entry = msgspec.msgpack.Decoder(LogEntry)
        self._action = msgspec.msgpack.Decoder(Action)
        self._request = msgspec.msgpack.Decoder(ActionRequest)

    def encode(self, value: Resource | Action | ActionRequest) -> bytes:
        """The bytes of a value."""
        return _encode(value)

    def encode_change(self, change: Change) -> tuple[str, str, bytes, bytes]:
        """(type, field, value, transition), as ``write.lua`` wants them."""
        if isinstance(change, ResourceChange):
            value = _encode(change.resource) if change.resource is not None else b""
            transition = _encode(change.transition) if change.transition is not None else b""
            return _LETTERS[change.type], field_of(change.key), value, transition
        if isinstance(change, ActionChange):
            return "ACTION", change.action.id, _encode(change.action), b""
        return "LOG", change.entry.id, _encode(change.entry), b""

    def change(self, cluster: str, item: Mapping[bytes, bytes]) -> Change:
        """One entry of the change stream."""
        letter, value = item[b"t"].decode(), item[b"v"]
        if letter == "ACTION":
            return ActionChange(self.action(value))
        if letter == "LOG":
            return LogChange(self.entry(value))
        field = item[b"k"].decode()
        return ResourceChange(
            _TYPES[letter],
            key_of(cluster, field),
            self.resource(field, value) if value else None,
            self.transition(item[b"x"]) if item[b"x"] else None,
        )

    def resource(self, field: str, value: bytes) -> Resource:
        """A resource; its field tells its kind."""
        decoder = self._resources.get(field.partition("/")[0])
        if decoder is None:
            raise MalformedObject(f"a resource of an unknown kind is stored: {field}")
        return _checked(decoder, value)  # type: ignore[no-any-return] # the decoder's type is made at run time

    def transition(self, value: bytes) -> Transition:
        """A recorded transition."""
        return _checked(self._transition, value)  # type: ignore[no-any-return] # typed by its decoder

    def entry(self, value: bytes) -> LogEntry:
        """An operator log entry."""
        return _checked(self._entry, value)  # type: ignore[no-any-return] # typed by its decoder

    def action(self, value: bytes) -> Action:
        """An action."""
        return _checked(self._action, value)  # type: ignore[no-any-return] # typed by its decoder

    def request(self, value: bytes) -> ActionRequest:
        """A request for an action."""
        return _checked(self._request, value)  # type: ignore[no-any-return] # typed by its decoder


def encode_cursor(cursors: Iterable[Cursor]) -> str:
    """The opaque cursor of the public schema: one position for each cluster that a subscription spans."""
    return encode_id("CURSOR", *(part for c in sorted(cursors) for part in (c.cluster, c.epoch, str(c.seq))))


def decode_cursor(text: str) -> dict[str, Cursor]:
    """Cluster → position; BadCursor when it was not made by ``encode_cursor``."""
    kind, *parts = decode_id(text)
    if kind != "CURSOR" or len(parts) % 3 or not all(seq.isdecimal() and seq.isascii() for seq in parts[2::3]):
        raise BadCursor("this is not a cursor")
    triples = zip(parts[::3], parts[1::3], parts[2::3], strict=True)
    return {cluster: Cursor(cluster, epoch, int(seq)) for cluster, epoch, seq in triples}


def _resource_type(kind: Kind) -> Any:
    return Resource[kind.fields]  # type: ignore[name-defined] # the parameter is only known at run time


def _checked(decoder: msgspec.msgpack.Decoder[Any], value: bytes) -> Any:
    try:
        return decoder.decode(value)
    except msgspec.MsgspecError as error:
        raise MalformedObject(f"Redis holds something unreadable: {error}") from error
