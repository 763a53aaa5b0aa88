"""What a story is: who plays in it, what happens again and again, and how its containers write."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from graph.demo.objects import Object
from graph.demo.stories.stage import Stage
from graph.demo.voices import Voice


@dataclass(frozen=True, slots=True)
class Story:
    """One story. A scene ends where it began, so that it can be told again."""

    name: str
    namespace: str
    cast: Callable[[Stage], list[Object]]
    """The objects that have to be there; created where they are not."""
    scene: Callable[[Stage], Awaitable[None]]
    voices: Mapping[str, Voice]
    """By the last part of an image's name."""
