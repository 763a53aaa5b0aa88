"""How long to wait before trying again:

doubling from 0.8 s to 30 s, with jitter, never giving up (client-go's figures).
"""

from __future__ import annotations

import random

FIRST = 0.8
LAST = 30.0


class Backoff:
    """``next()`` for each failure, ``reset()`` once it works again. ``scale``: shortens it for tests."""

    def __init__(self, *, scale: float = 1.0) -> None:
        self._scale = scale
        self._base = FIRST

    def next(self) -> float:
        """Seconds to wait now: the base and up to as much again."""
        wait = self._base * (1 + random.random())
        self._base = min(self._base * 2, LAST / 2)
        return wait * self._scale

    def reset(self) -> None:
        """The next failure is a first one."""
        self._base = FIRST
