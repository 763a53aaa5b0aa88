"""Flaps: an object returns to a status that it left a short while ago. Counted per object, told by its transitions.

The count is of this process: after a change of the leader it starts anew.
"""

from __future__ import annotations

from graph.model.ref import Key
from graph.model.status import State, Status

Word = tuple[State, str]


class Flaps:
    """``window``: seconds that a return may take, and for which it counts."""

    def __init__(self, window: float) -> None:
        self._window = window
        self._left: dict[Key, dict[Word, float]] = {}
        self._returns: dict[Key, list[float]] = {}

    def count(self, key: Key, before: Status, after: Status, now: float) -> int:
        """The object goes from one status to another: how often it has returned within the window, this time included.

        Both differ in state or reason.
        """
        oldest = now - self._window
        left = {word: at for word, at in self._left.get(key, {}).items() if at > oldest}
        returns = [at for at in self._returns.get(key, ()) if at > oldest]
        if (after.state, after.reason) in left:
            returns.append(now)
        left[before.state, before.reason] = now
        self._left[key], self._returns[key] = left, returns
        return len(returns)

    def forget(self, key: Key) -> None:
        """The object is gone."""
        self._left.pop(key, None)
        self._returns.pop(key, None)
