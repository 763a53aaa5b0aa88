"""A judge is a list of rules in the law's order: the first one that answers decides."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVarTuple

from graph.model.status import Verdict

Facts = TypeVarTuple("Facts")


def first(rules: Iterable[Callable[[*Facts], Verdict | None]], *facts: *Facts) -> Verdict | None:
    """The answer of the first rule that has one."""
    for rule in rules:
        found = rule(*facts)
        if found is not None:
            return found
    return None


def decide(rules: Iterable[Callable[[*Facts], Verdict | None]], *facts: *Facts) -> Verdict:
    """The answer of a whole list: its last rule always has one."""
    found = first(rules, *facts)
    assert found is not None
    return found
