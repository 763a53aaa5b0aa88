"""What the API server's lists and watches say around the objects, and nothing of the objects themselves."""

from __future__ import annotations

from typing import Annotated, TypeVar

import msgspec
from msgspec import Struct

from graph.errors import Unreadable
from graph.judging.decode import Line

T = TypeVar("T")

CHANGES = frozenset(("ADDED", "MODIFIED", "DELETED"))


class Meta(Struct, frozen=True, rename="camel"):
    """Of a list, or of a bookmark."""

    resource_version: Annotated[str, msgspec.Meta(min_length=1)]  # without one it is some proxy's page, and no list
    continue_: str = msgspec.field(default="", name="continue")


class List(Struct, frozen=True):
    """A page of a list."""

    metadata: Meta
    items: tuple[msgspec.Raw, ...] | None = ()


class Error(Struct, frozen=True):
    """The object of an ERROR line."""

    code: int = 0
    message: str = ""
    reason: str = ""


class Bookmark(Struct, frozen=True):
    """The object of a BOOKMARK line."""

    metadata: Meta


a_list = msgspec.json.Decoder(List)
a_line = msgspec.json.Decoder(Line[msgspec.Raw])
an_error = msgspec.json.Decoder(Error)
a_bookmark = msgspec.json.Decoder(Bookmark)


def decode(decoder: msgspec.json.Decoder[T], raw: bytes | bytearray | msgspec.Raw) -> T:
    """Raises Unreadable."""
    try:
        return decoder.decode(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise Unreadable(f"the API server sent what is no Kubernetes answer: {error}") from error
