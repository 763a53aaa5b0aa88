"""What a reader takes from the change stream before anybody asked for all of it.

A transition is a third of what a change costs, and most of them nobody ever reads. So it stays as it came until
somebody does.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, TypeVar

import msgspec
from msgspec import Raw, Struct

from graph.errors import MalformedObject
from graph.model.ref import Key
from graph.model.resource import ActionChange, Change, ChangeType, F, LogChange, Resource, ResourceChange, Transition

T = TypeVar("T")


class Unread(Struct, Generic[F], frozen=True, gc=False, array_like=True):
    """A ResourceChange as it is stored. ``transition`` is empty when it has none."""

    type: ChangeType
    gone: Key | None
    """What was deleted: a resource knows its own key."""
    resource: Resource[F] | None
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

Step = Unread | ResourceChange | ActionChange | LogChange
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


_transition = decoder(Transition)


def in_full(step: Step) -> Change:
    """With its transition; MalformedObject when that cannot be read."""
    if not isinstance(step, Unread):
        return step
    transition = _transition(step.transition) if step.transition else None
    return ResourceChange(step.type, step.key, step.resource, transition)
