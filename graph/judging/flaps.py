"""Flaps: an object returns to a status that it left a short while ago. Counted per object, told by its transitions.

The count is of this process: after a change of the leader it starts anew.
"""

from __future__ import annotations

from collections import OrderedDict

from graph.model.ref import Key
from graph.model.status import State, Status

Word = tuple[State, str]


class Flaps:
    """``window``: seconds that a return may take, and for which it counts. What is older is not kept."""

    def __init__(self, window: float) -> None:
        self._window = window
        self._known: OrderedDict[Key, tuple[dict[Word, float], list[float]]] = OrderedDict()
        """When an object left which status, and when it returned to one; last who was counted last."""

    def __len__(self) -> int:
        """Objects of which anything is kept."""
        return len(self._known)

    def count(self, key: Key, before: Status, after: Status, now: float) -> int:
        """The object goes from one status to another: how often it has returned within the window, this time included.

        Both differ in state or reason.
        """
        oldest = now - self._window
        left, returns = self._known.pop(key, ({}, []))
        self._forget_before(oldest)
        left = {word: at for word, at in left.items() if at > oldest}
        returns = [at for at in returns if at > oldest]
        if (after.state, after.reason) in left:
            returns.append(now)
        left[before.state, before.reason] = now
        self._known[key] = left, returns
        return len(returns)

    def forget(self, key: Key) -> None:
        """The object is gone."""
        self._known.pop(key, None)

    def _forget_before(self, oldest: float) -> None:
        while self._known:
            key, (left, _) = next(iter(self._known.items()))
            if max(left.values()) > oldest:
                return
            del self._known[key]
