"""Structs ↔ the bytes in Redis (msgpack arrays). Public fields are decoded into the struct of their kind."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import msgspec

from graph.errors import BadCursor, MalformedObject
from graph.model.action import Action, ActionRequest, LogEntry
from graph.model.kind import Kind
from graph.model.ref import Key, decode_id, encode_id
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
from graph.store.keys import field_of
from graph.store.unread import UNREADABLE, SharedKeys, Step, change_decoder, decoder

_encode = msgspec.msgpack.Encoder().encode
_ALONE = {change: b"\x93" + _encode(change) for change in ChangeType}
"""How a ResourceChange begins: an array of three, the type."""
_TOLD = {change: b"\x94" + _encode(change) for change in ChangeType}
"""The same of one with a transition."""
_NIL = _encode(None)
"""Instead of the key of what carries it."""


class Codec:
    """For one set of kinds. Every decoder raises MalformedObject for bytes that are something else."""

    def __init__(self, kinds: Iterable[Kind]) -> None:
        types = {kind.name.encode(): kind.fields for kind in kinds}
        keys = SharedKeys()
        self._resources = {sort: _decode(Resource, fields) for sort, fields in types.items()}
        self._changes: dict[bytes, Callable[[bytes], Step]] = {
            b"action": msgspec.msgpack.Decoder(ActionChange).decode,
            b"log": msgspec.msgpack.Decoder(LogChange).decode,
            **{sort: change_decoder(fields, keys) for sort, fields in types.items()},
        }
        self.transition = decoder(Transition)
        self.entry = decoder(LogEntry)
        self.action = decoder(Action)
        self.request = decoder(ActionRequest)

    def encode(self, value: Resource | Action | ActionRequest) -> bytes:
        """The bytes of a value."""
        return _encode(value)

    def encode_change(self, change: Change) -> tuple[str, str, bytes, bytes, bytes]:
        """(sort, field, head, value, transition) for ``write.lua``: head + value + transition is the change."""
        if isinstance(change, ResourceChange):
            key, told = change.key, change.transition
            name = _NIL if change.resource is not None else _encode(key)
            head = (_ALONE if told is None else _TOLD)[change.type] + name
            return key.kind, field_of(key), head, _encode(change.resource), b"" if told is None else _encode(told)
        if isinstance(change, ActionChange):
            return "action", change.action.id, b"\x91", _encode(change.action), b""
        return "log", change.entry.id, b"\x91", _encode(change.entry), b""

    def step(self, sort: bytes, value: bytes, *_: bytes) -> Step:
        """One entry of the change stream; what else somebody wrote there is none of ours."""
        try:
            return self._changes[sort](value)
        except KeyError as error:
            raise MalformedObject(f"a change of an unknown sort is stored: {sort!r}") from error
        except UNREADABLE as error:
            raise MalformedObject(f"Redis holds an unreadable change of sort {sort!r}: {error}") from error

    def resources(self, pairs: Sequence[bytes]) -> dict[Key, Resource]:
        """The resources of a hash (field, value …); a field tells the kind."""
        found: dict[Key, Resource] = {}
        decoders, field = self._resources, b""
        try:
            for field, value in zip(pairs[::2], pairs[1::2], strict=True):
                resource = decoders[field.partition(b"/")[0]](value)
                found[resource.key] = resource
        except KeyError as error:
            raise MalformedObject(f"a resource of an unknown kind is stored: {field!r}") from error
        except UNREADABLE as error:
            raise MalformedObject(f"Redis holds an unreadable resource {field!r}: {error}") from error
        return found


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


def _decode(generic: Any, fields: type) -> Callable[[bytes], Any]:
    return msgspec.msgpack.Decoder(generic[fields]).decode
