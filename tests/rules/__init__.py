"""Mutation of the status rules: each rule is taken away in turn, and some worked case must fail for it.

A rule is a function in ``graph.kinds`` that answers with a verdict or with None; a row of the law is taken away by
letting every rule that would answer with it be silent. A rule for which no case fails is a rule that nothing tests:
``python -m tests.rules`` lists all, ``tests/corpus`` is where a case for it belongs. The thresholds are put out of
force likewise: at zero, and beyond everything, each of them must make a case fail.
"""

from __future__ import annotations

import ast
import functools
import importlib
import inspect
import pkgutil
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import fields, replace
from functools import cache
from types import ModuleType
from typing import Any, NamedTuple

import graph.kinds
from graph.config import Rules
from graph.kinds.shared import order
from tests.judging.cases import Case, cases, verdict

Rule = Callable[..., Any]
Answer = Any
_RETURNS = ("Verdict | None", "Trouble | None")
_BEYOND = 100_000
_ROW = re.compile(r"(?:P|D|R|S|DS|J|C|B|V)\d\d")


class Outcome(NamedTuple):
    """A rule or a row, in how many cases it answers, and how many of those fail without it."""

    name: str
    answers: int
    fails: int


@cache
def modules() -> tuple[ModuleType, ...]:
    """All modules of the kinds."""
    found = pkgutil.walk_packages(graph.kinds.__path__, "graph.kinds.")
    return tuple(importlib.import_module(one.name) for one in found)


OF_THE_FOREST = frozenset({"B08"})
"""Rows of objects that are gone: no judge gives them, and ``tests/judging/test_lost.py`` is their case."""


@cache
def rules() -> tuple[Rule, ...]:
    """Every rule, in the order of modules."""
    own = (item for module in modules() for item in vars(module).values() if _defined_in(item, module))
    return tuple(item for item in own if item is not order.first and _returns(item) in _RETURNS)


@cache
def rows() -> tuple[str, ...]:
    """Every row of the law that the code names."""
    texts = (node.value for module in modules() for node in ast.walk(ast.parse(inspect.getsource(module)))
             if isinstance(node, ast.Constant) and isinstance(node.value, str))  # fmt: skip
    return tuple(sorted({text for text in texts if _ROW.fullmatch(text)} - OF_THE_FOREST))


def without_rules() -> Iterator[Outcome]:
    """Takes away one rule after the other."""
    answered = _who_answers()
    for rule in rules():
        with replaced({rule: _silent}):
            yield _outcome(f"{rule.__module__.removeprefix('graph.kinds.')}.{rule.__name__}", answered[rule])


def without_rows() -> Iterator[Outcome]:
    """Takes away one row after the other."""
    answered = _what_is_answered()
    for row in rows():
        with replaced({rule: functools.partial(_unless, row, rule) for rule in _listed()}):
            yield _outcome(row, answered[row])


def without_thresholds() -> Iterator[Outcome]:
    """Puts one threshold after the other out of force."""
    for field in fields(Rules):
        usual = getattr(Rules(), field.name)
        for value in (0, type(usual)(usual * _BEYOND)):
            other = replace(Rules(), **{field.name: value})
            if not field.name.startswith("settle_"):  # of the stage after the judges, which no case goes through
                yield Outcome(
                    f"{field.name} = {value:g}", len(cases()), sum(not right(case, other) for case in cases())
                )


@contextmanager
def replaced(instead: Mapping[Rule, Rule]) -> Iterator[None]:
    """Everybody who calls one of these rules, by its name or out of a list, calls another function."""
    before = [(module, name, value) for module in modules() for name, value in vars(module).items()]
    touched = [(module, name, value, _with(value, instead)) for module, name, value in before]
    touched = [one for one in touched if one[2] is not one[3]]
    try:
        for module, name, _, new in touched:
            setattr(module, name, new)
        yield
    finally:
        for module, name, old, _ in touched:
            setattr(module, name, old)


def right(case: Case, thresholds: Rules | None = None) -> bool:
    """Whether a case comes out as it is expected."""
    found = verdict(case, thresholds)
    return found is not None and found.state == case.state and found.reason in case.reasons


def _outcome(name: str, answered: list[Case]) -> Outcome:
    return Outcome(name, len(answered), sum(not right(case) for case in answered))


def _who_answers() -> dict[Rule, list[Case]]:
    found: dict[Rule, list[Case]] = defaultdict(list)
    for case in cases():
        heard: set[Rule] = set()
        with replaced({rule: functools.partial(_overheard, heard, rule) for rule in rules()}):
            assert right(case), case.id
        for rule in heard:
            found[rule].append(case)
    return found


def _what_is_answered() -> dict[str, list[Case]]:
    found: dict[str, list[Case]] = defaultdict(list)
    for case in cases():
        heard: set[str] = set()
        with replaced({rule: functools.partial(_noted, heard, rule) for rule in _listed()}):
            verdict(case)
        for row in heard:
            found[row].append(case)
    return found


def _listed() -> set[Rule]:
    """The rules that stand in a list."""
    lists = (value for module in modules() for value in vars(module).values() if _is_list(value))
    return {rule for one in lists for rule in one}


def _silent(*_: object, **__: object) -> None:
    """A rule that was taken away."""


def _overheard(heard: set[Rule], rule: Rule, *facts: Any, **more: Any) -> Answer:
    answer = rule(*facts, **more)
    if answer is not None:
        heard.add(rule)
    return answer


def _noted(heard: set[str], rule: Rule, *facts: Any, **more: Any) -> Answer:
    answer = rule(*facts, **more)
    if answer is not None:
        heard.add(answer.row)
    return answer


def _unless(row: str, rule: Rule, *facts: Any, **more: Any) -> Answer:
    answer = rule(*facts, **more)
    return None if answer is not None and answer.row == row else answer


def _with(value: Any, instead: Mapping[Rule, Rule]) -> Any:
    if _is_list(value) and any(rule in instead for rule in value):
        return tuple(instead.get(rule, rule) for rule in value)
    return instead.get(value, value) if inspect.isfunction(value) else value


def _is_list(value: Any) -> bool:
    return isinstance(value, tuple) and bool(value) and all(map(inspect.isfunction, value))


def _defined_in(item: Any, module: ModuleType) -> bool:
    return inspect.isfunction(item) and item.__module__ == module.__name__


def _returns(item: Any) -> str:
    return str(inspect.get_annotations(item).get("return"))
