"""The messages of ``graphql-transport-ws`` that a client sends, decoded and checked in one step."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from graph.api.execute import Request

PROTOCOL = "graphql-transport-ws"

Id = Annotated[str, Meta(min_length=1)]


class Init(Struct, frozen=True, tag_field="type", tag="connection_init"):
    """Opens the conversation."""

    payload: dict[str, Any] | None = None


class Ping(Struct, frozen=True, tag_field="type", tag="ping"):
    """Wants a pong."""

    payload: dict[str, Any] | None = None


class Pong(Struct, frozen=True, tag_field="type", tag="pong"):
    """The answer to a ping."""

    payload: dict[str, Any] | None = None


class Subscribe(Struct, frozen=True, tag_field="type", tag="subscribe"):
    """Starts an operation of any type."""

    id: Id
    payload: Request


class Complete(Struct, frozen=True, tag_field="type", tag="complete"):
    """Ends an operation."""

    id: Id


Message = Init | Ping | Pong | Subscribe | Complete

_decoder: msgspec.json.Decoder[Message] = msgspec.json.Decoder(Message)


def decode(text: str) -> Message:
    """One message; a DecodeError or RecursionError for anything else."""
    return _decoder.decode(text)
