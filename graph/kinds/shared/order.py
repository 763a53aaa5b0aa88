"""A judge is a list of rules in the law's order: the first one that answers decides."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

from graph.model.status import Verdict

Case = TypeVar("Case")


def first(rules: Iterable[Callable[[Case], Verdict | None]], case: Case) -> Verdict | None:
    """The answer of the first rule that has one."""
    for rule in rules:
        found = rule(case)
        if found is not None:
            return found
    return None
