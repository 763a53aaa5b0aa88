"""What each reason means, as the docstring of the rule that gives it says: ``Reason: one sentence``.

``…`` stands for any word (of the rows that the docstring begins with), ``Init…`` for any with that beginning. A reason
that several kinds share stands once, in ``kinds/shared``; one of every kind in ``judging/entry.py``.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from msgspec import Struct

import graph
from graph.kinds import KINDS
from graph.model.status import State

HERE = Path(graph.__file__).parent
ANY = "…"
SHARED, EVERY = "shared", "every kind"
_SHARING = frozenset({"REPLICA_SET", "DEPLOYMENT", "STATEFUL_SET", "DAEMON_SET"})
"""The kinds whose rules are in part in ``kinds/shared``."""
_ENTRY = re.compile(r"^([A-Z]\w*…?|…): (.+)$")
_ROW = re.compile(r"\b([A-Z]{1,2})(\d\d)(?:–[A-Z]{1,2}(\d\d))?")
_TELLERS = {"told": 1, "tell": 2, "Verdict": 1, "Trouble": 1}
"""Functions that make a verdict, and the place of the reason among their arguments."""


class Meaning(Struct, frozen=True):
    """An entry of a docstring."""

    scope: str
    """The kind's word, SHARED or EVERY."""
    reason: str
    text: str
    rows: frozenset[str]
    """What the docstring begins with; empty where it names none."""

    def fits(self, reason: str, row: str) -> bool:
        """Whether it speaks of this reason."""
        if self.reason == ANY:
            return row in self.rows
        return self.reason == reason or (self.reason.endswith(ANY) and reason.startswith(self.reason[:-1]))


class Literal(Struct, frozen=True):
    """A reason that stands in the code of a rule, with the states and the hints beside it."""

    scope: str
    reason: str
    states: frozenset[State]
    rows: frozenset[str]
    hints: frozenset[str]


@cache
def meanings() -> tuple[Meaning, ...]:
    """All entries."""
    return tuple(entry for scope, function in _functions() for entry in _entries(scope, function))


@cache
def literals() -> tuple[Literal, ...]:
    """All reasons that stand in calls of ``told`` and the like."""
    return tuple(
        found
        for scope, function in _functions()
        for call in ast.walk(function)
        if isinstance(call, ast.Call)
        for found in _told(scope, call=call, function=function)
    )


def meaning_of(kind: str, *, reason: str, row: str) -> Meaning | None:
    """The entry that speaks of a kind's reason: the kind's own before the shared, the exact word before a pattern."""
    scopes = (kind, EVERY, SHARED) if kind in _SHARING else (kind, EVERY)
    fitting = [one for one in meanings() if one.scope in scopes and one.fits(reason, row)]
    return min(fitting, key=lambda one: (one.reason == ANY, one.scope != kind, one.reason != reason), default=None)


def _functions() -> Iterator[tuple[str, ast.FunctionDef]]:
    for path in (*sorted((HERE / "kinds").rglob("*.py")), HERE / "judging" / "entry.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef):
                yield _scope(path), node


def _scope(path: Path) -> str:
    stem = path.relative_to(HERE / "kinds").parts[0].removesuffix(".py") if "kinds" in path.parts else EVERY
    return {kind.name.replace("_", "").lower(): kind.name for kind in KINDS}.get(stem, stem)


def _entries(scope: str, function: ast.FunctionDef) -> Iterator[Meaning]:
    lines = (ast.get_docstring(function) or "").splitlines()
    rows = frozenset(_rows(lines[0])) if lines else frozenset()
    for place, line in enumerate(lines):
        match = _ENTRY.match(line)
        if match and not _ROW.fullmatch(match[1]):
            more = next((at for at in range(place + 1, len(lines)) if not lines[at].startswith("  ")), len(lines))
            yield Meaning(scope, match[1], " ".join([match[2], *map(str.strip, lines[place + 1 : more])]), rows)


def _rows(text: str) -> Iterator[str]:
    for letters, first, last in _ROW.findall(text):
        for number in range(int(first), int(last or first) + 1):
            yield f"{letters}{number:02}"


def _told(scope: str, *, call: ast.Call, function: ast.FunctionDef) -> Iterator[Literal]:
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    place = _TELLERS.get(name)
    if place is None or len(call.args) <= place:
        return
    named = (node.attr for node in ast.walk(call.args[place - 1]) if isinstance(node, ast.Attribute))
    states = frozenset(State(name) for name in named if name in State.__members__)
    rows = frozenset(row for text in _texts(call) for row in _rows(text) if row == text)
    for reason in _texts(call.args[place]):
        if reason[:1].isupper():
            yield Literal(scope, reason, states, rows, frozenset(_hints(call, function)))


def _hints(call: ast.Call, function: ast.FunctionDef) -> Iterator[str]:
    """The hint of a call, where it is written out there or in a variable of the function."""
    given = [one.value for one in call.keywords if one.arg == "hint"] + call.args[4:5]
    names = {one.id for one in given if isinstance(one, ast.Name)}
    for node in ast.walk(function):
        if isinstance(node, ast.Assign) and {one.id for one in node.targets if isinstance(one, ast.Name)} & names:
            given.append(node.value)
    yield from (one.value for one in given if isinstance(one, ast.Constant) and isinstance(one.value, str))


def _texts(node: ast.AST) -> list[str]:
    return [one.value for one in ast.walk(node) if isinstance(one, ast.Constant) and isinstance(one.value, str)]
