"""How the page looks: colours where a terminal shows them, lines no wider than it is."""

from __future__ import annotations

import shutil
import textwrap
from collections.abc import Iterator
from typing import TextIO

from msgspec import Struct

from graph.config import colourless
from graph.kinds.shared.text import clean
from graph.model.status import State

_COLOURS = {
    State.FAILED: "31;1",
    State.DEGRADED: "33;1",
    State.UNKNOWN: "35;1",
    State.PROGRESSING: "36",
    State.SUSPENDED: "2",
    State.TERMINATING: "2",
    State.HEALTHY: "32",
}
_NARROW, _USUAL = 40, 120


class Style(Struct, frozen=True):
    """What the reader's terminal can do."""

    width: int = _USUAL
    coloured: bool = False

    def state(self, state: State, text: str | None = None) -> str:
        """A state, or a text in its colour."""
        return self.paint(text or state.value, _COLOURS[state])

    def paint(self, text: str, code: str) -> str:
        """A text in a colour."""
        return f"\x1b[{code}m{text}\x1b[0m" if self.coloured else text

    def wrapped(self, text: str, *, first: str, rest: str) -> Iterator[str]:
        """A text of the cluster, made inert and broken into lines that begin with ``first``, then with ``rest``."""
        wrapper = textwrap.TextWrapper(self.width, initial_indent=first, subsequent_indent=rest, break_on_hyphens=False)
        yield from wrapper.wrap(clean(text)) or [first]

    def cut(self, text: str, room: int) -> str:
        """As much of a text of the cluster as has room."""
        return clean(text, longest=max(room, _NARROW // 2))


def style_of(out: TextIO) -> Style:
    """The style for a stream; a file is as wide as COLUMNS says."""
    width = shutil.get_terminal_size((_USUAL, 25)).columns
    return Style(max(width, _NARROW), out.isatty() and not colourless())
