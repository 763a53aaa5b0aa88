"""Toys: a kind that the product does not have, whole in this file."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from msgspec import Struct

from graph.config import Rules
from graph.model.kind import Kind, Memory, Object, Related, Relation, Shape, Watched, doc
from graph.model.status import Cause, Evidence, State, Verdict


class Colour(StrEnum):
    """What a toy is painted with."""

    RED = "RED"
    """Like a fire engine."""
    BLUE = "BLUE"
    """Like the sea."""


class ToySpec(Struct, frozen=True, gc=False, rename="camel"):
    """``spec``."""

    wheels: int = 4
    colour: Colour = Colour.RED


class ToyStatus(Struct, frozen=True, gc=False, rename="camel"):
    """``status``."""

    broken_since: str | None = None


class ToyView(Object, frozen=True, gc=False, rename="camel"):
    """A toy."""

    spec: ToySpec = ToySpec()
    status: ToyStatus = ToyStatus()


class ToyFields(Struct, frozen=True, gc=False, array_like=True, rename="camel"):
    """What is public of a toy."""

    wheel_count: Annotated[int, doc("How many wheels it has.")]
    colour: Annotated[Colour, doc("What it is painted with.")]


def project(view: ToyView, related: Related, now: float) -> ToyFields:
    """The public fields of a toy."""
    return ToyFields(view.spec.wheels, view.spec.colour)


def judge(view: ToyView, related: Related, memory: Memory, rules: Rules, now: float) -> Verdict:
    """It rolls or it is broken."""
    since = view.status.broken_since
    if since is None:
        return Verdict(State.HEALTHY, "Rolling", "It rolls.", "T01")
    message = f"It is broken since {since}."
    because = (Cause(related.ref, "Broken", message, Evidence.STATUS, since),)
    return Verdict(State.FAILED, "Broken", message, "T02", "Glue it.", because)


KIND = Kind(
    name="TOY",
    type_name="Toy",
    plural="toys",
    description="Something to play with.",
    resource=Watched(api_version="toys.example/v1", plural="toys", kind="Toy"),
    view=ToyView,
    fields=ToyFields,
    project=project,
    judge=judge,
    relations=(Relation(name="pods", kind="POD", shape=Shape.CONNECTION, description="Its pods, by name."),),
    in_service=Shape.CONNECTION,
)
