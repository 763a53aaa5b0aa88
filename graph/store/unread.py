"""What a reader takes from the change stream before anybody asked for all of it.

A transition is a third of what a change costs, the public fields of its resource are a quarter, and most of them
nobody ever reads. So they stay as they came until somebody does; what cannot be read is an error of whoever reads it.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any, Generic, TypeVar

import msgspec
from msgspec import Raw, Struct
from msgspec.structs import astuple, force_setattr

from graph.errors import MalformedObject
from graph.model.ref import Key
from graph.model.resource import ActionChange, Change, ChangeType, LogChange, Resource, ResourceChange, Transition

MOST = 10_000
"""Keys that are shared: of services and owners, of all clusters."""

T = TypeVar("T")
R = TypeVar("R", bound=Resource)


class Unread(Struct, Generic[R], frozen=True, gc=False, array_like=True):
    """A ResourceChange as it is stored. ``transition`` is empty when it has none."""

    type: ChangeType
    gone: Key | None
    """What was deleted: a resource knows its own key."""
    resource: R | None
    transition: Raw = Raw()

    @property
    def key(self) -> Key:
        """Whose change it is; MalformedObject when it does not say."""
        if self.resource is not None:
            return self.resource.key
        if self.gone is None:
            raise MalformedObject("Redis holds a change of nothing")
        return self.gone


UNREADABLE = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
"""All that msgspec raises for bytes that are something else: text that is none, arrays in arrays without end."""

Step = Unread[Any] | ResourceChange | ActionChange | LogChange
"""One item of the change stream, as a replica takes it."""


def decoder(type_: type[T]) -> Callable[[Raw | bytes], T]:
    """From bytes in Redis; raises MalformedObject for others."""
    decode: Callable[[Raw | bytes], Any] = msgspec.msgpack.Decoder(type_).decode

    def checked(stored: Raw | bytes) -> T:
        try:
            return decode(stored)  # type: ignore[no-any-return] # of type_
        except UNREADABLE as error:
            raise MalformedObject(f"Redis holds an unreadable {type_.__name__}: {error}") from error

    return checked


class SharedKeys(dict[bytes, Key | None]):
    """Decodes keys, the same bytes to one object: what is there already is neither made nor compared nor dropped."""

    def __missing__(self, stored: bytes) -> Key | None:
        if len(self) >= MOST:
            self.clear()
        key = self[stored] = _key(stored)
        return key


_key: Callable[[bytes], Key | None] = msgspec.msgpack.Decoder(Key | None).decode

_FIELDS: Any = vars(Resource)["fields"]
"""Where a resource holds them, whatever a class below it makes of the name."""


def change_decoder(fields: type, keys: SharedKeys) -> Callable[[bytes], Step]:
    """Of changes of resources with such fields; raises UNREADABLE for bytes that are something else."""
    decode: Callable[[bytes], Unread[Any]] = msgspec.msgpack.Decoder(_changes(_late(fields))).decode
    held, hold = _FIELDS.__get__, _FIELDS.__set__

    def read(stored: bytes) -> Unread[Any]:
        change = decode(stored)
        if (resource := change.resource) is not None:
            force_setattr(resource, "service", keys[bytes(resource.service)])
            force_setattr(resource, "owner", keys[bytes(resource.owner)])
            hold(resource, held(resource).copy())  # of a change only its own bytes
        return change

    return read


def _changes(resource: Any) -> Any:
    return Unread[resource]


def _late(fields: type) -> type[Resource]:
    decode: Callable[[Raw | bytes], Any] = decoder(fields)
    held, hold = _FIELDS.__get__, _FIELDS.__set__

    class Late(Resource[Raw], frozen=True, gc=False, array_like=True):
        """A resource whose fields are decoded when they are first read.

        It equals any resource that says the same; what cannot be read says the same as nothing.
        """

        service: Raw  # type: ignore[assignment] # until ``change_decoder`` puts a key there
        owner: Raw  # type: ignore[assignment] # the same

        @property  # type: ignore[misc] # to whoever reads it, it is an attribute
        def fields(self) -> Any:
            found = held(self)
            if type(found) is Raw:
                found = decode(found)
                hold(self, found)
            return found

        def __eq__(self, other: object) -> bool:
            if not isinstance(other, Resource):
                return NotImplemented
            with suppress(MalformedObject):
                return bool(self.fields == other.fields) and astuple(self) == astuple(other)
            return False

        def __ne__(self, other: object) -> bool:
            return not self == other  # a struct's own asks for one class

    return Late


_transition = decoder(Transition)


def in_full(step: Step) -> Change:
    """With its transition; MalformedObject when that cannot be read."""
    if not isinstance(step, Unread):
        return step
    transition = _transition(step.transition) if step.transition else None
    return ResourceChange(step.type, step.key, step.resource, transition)
