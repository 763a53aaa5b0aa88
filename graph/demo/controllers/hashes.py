"""Names that say what they stand for: the hash of a pod template, safe for names and labels."""

from __future__ import annotations

import json
from typing import Any

from graph.demo.store import LETTERS

_OFFSET, _PRIME, _MASK = 2166136261, 16777619, 0xFFFFFFFF


def hashed(value: Any, collisions: int | None = None) -> str:
    """As long as Kubernetes' own and of the same letters. ``collisions``: how often a name was taken already."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":")) + ("" if collisions is None else str(collisions))
    state = _OFFSET
    for byte in text.encode():
        state = ((state ^ byte) * _PRIME) & _MASK
    return "".join(LETTERS[ord(digit) % len(LETTERS)] for digit in str(state))
