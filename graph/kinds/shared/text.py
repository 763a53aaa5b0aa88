"""Texts from the cluster made inert: whoever may write a pod's status may write terminal escapes and bidi marks."""

from __future__ import annotations

LONGEST = 2000
"""Characters kept of one text; a termination message alone may have 4,096."""


def clean(text: str | None, *, longest: int = LONGEST) -> str:
    """One line of printable characters: line ends and tabs become a blank, control and bidi characters vanish."""
    if not text:
        return ""
    if not text.isprintable():
        text = "".join(c if c.isprintable() else " " if c.isspace() else "" for c in text)
        text = " ".join(text.split())
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def closed(text: str | None, *, otherwise: str = "no details were reported") -> str:
    """A text from the cluster to end our own sentence with: no blank before it, no full stop after it."""
    return clean(text).strip().rstrip(".").rstrip() or otherwise


def plural(count: int, noun: str) -> str:
    """``1 replica``, ``3 replicas``."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
