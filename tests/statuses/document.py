"""``docs/statuses.md``: what every reason of every kind means, what it rests on, and what to do about it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator

from msgspec import Struct, field

from graph.api.types.enums import docstrings
from graph.kinds import KINDS
from graph.model.kind import Kind
from graph.model.status import SEVERITY, Cause, Evidence, State
from tests.statuses.meanings import ANY, EVERY, Literal, Meaning, literals, meaning_of
from tests.statuses.seen import OBJECTS, Seen, verdicts

_CHILD = Meaning("", "child", "the reason of the part of it that decides; what it means stands there.", frozenset())
_BREAK = "\n"
_EXAMPLES = 6
_HINTS = 2
_WORDS = {
    Evidence.STATUS: "the status of the {}",
    Evidence.CONDITION: "a condition of the {}",
    Evidence.CONTAINER_STATE: "the state of a container",
    Evidence.TERMINATION: "how a container ended",
    Evidence.EVENT: "an event about the {}",
    Evidence.SCHEDULE: "its schedule",
    Evidence.CHILD: "its {}",
    Evidence.STEP: "a step",
}
_INTRO = """# Statuses

Every reason that a status can have. Generated from the rules in `graph/kinds` and from the verdicts on the cases of
`tests/corpus` by `just generate`.

A status has a *state* and a *reason*: a word that stays the same while the cause does. *Rests on* says which parts of
the cluster a status cites in `because`; *Hint* is what it advises. *Rule* is the row of the rules that decides, and the
beginning of the names of its cases in `tests/corpus`. For how long "too long" is, see `STATUSGRAPH_RULES` in
[settings.md](settings.md).

| State | Meaning |
|---|---|
{states}
"""


class Row(Struct):
    """What is told of one reason of one kind."""

    meaning: Meaning
    states: set[State] = field(default_factory=set)
    reasons: Counter[str] = field(default_factory=Counter)
    evidence: Counter[str] = field(default_factory=Counter)
    hints: Counter[str] = field(default_factory=Counter)
    rows: set[str] = field(default_factory=set)


def document() -> str:
    """The whole file."""
    states = "\n".join(f"| {name} | {text} |" for name, text in docstrings(State).items())
    kinds = [kind for kind in reversed(KINDS) if kind.judge is not None]
    return "\n".join([_INTRO.format(states=states), *map(_section, kinds), _every_kind()])


def table(kind: str) -> dict[str, Row]:
    """The rows of one kind, by reason or pattern."""
    found: dict[str, Row] = {}
    for seen in verdicts():
        if seen.kind == kind:
            _add(found, seen)
    for literal in literals():
        if literal.scope == kind:
            _add_literal(found, kind=kind, literal=literal)
    return found


def _add(found: dict[str, Row], seen: Seen) -> None:
    told = seen.verdict
    meaning = explained(seen)
    if meaning is None:
        return
    name = f"{meaning.text}{ANY}" if meaning.reason == ANY else meaning.reason
    row = found.setdefault(name, Row(meaning))
    row.states.add(told.state)
    row.rows.add(told.row)
    row.reasons[told.reason] += 1
    row.evidence.update({_evidence(cause) for cause in _own(told.because)})
    if told.hint:
        row.hints[_nameless(told.hint, seen.objects)] += 1


def explained(seen: Seen) -> Meaning | None:
    """What is said of a verdict's reason; None: nothing, which a test forbids."""
    told = seen.verdict
    meaning = meaning_of(seen.kind, reason=told.reason, row=told.row)
    if meaning is not None and meaning.reason != ANY:
        return meaning
    children = {cause.reason for cause in told.because if cause.evidence is Evidence.CHILD}
    return _CHILD if told.reason in children and seen.kind != "SERVICE" else meaning


def _add_literal(found: dict[str, Row], *, kind: str, literal: Literal) -> None:
    """A reason that no file can show, such as one that needs what the operator remembers."""
    meaning = meaning_of(kind, reason=literal.reason, row="")
    if meaning is not None and meaning.reason not in found:
        found[meaning.reason] = _unseen(meaning, literal)


def _unseen(meaning: Meaning, literal: Literal) -> Row:
    """A verdict that cites nothing else cites the object's own status."""
    evidence = Counter(() if literal.states <= {State.HEALTHY} else ("its own status",))
    return Row(meaning, set(literal.states), evidence=evidence, hints=Counter(literal.hints), rows=set(literal.rows))


def _own(because: Iterable[Cause]) -> Iterator[Cause]:
    """The causes of an object, up to the child that decided."""
    for cause in because:
        yield cause
        if cause.evidence is Evidence.CHILD:
            return


def _evidence(cause: Cause) -> str:
    noun = "container" if cause.object.container else cause.object.kind
    return _WORDS[cause.evidence].format(noun)


def _nameless(hint: str, objects: Iterable[OBJECTS]) -> str:
    """A hint without the names of the case that it was given in."""
    hint = re.sub(r"(?<= -n )[^ ]+", "<namespace>", hint)
    hint = re.sub(r"(?<= -c )[^ .]+", "<container>", hint)
    names = {one["metadata"].get("name"): f"<{one['kind'].lower()}>" for one in objects}
    names |= {one.get("spec", {}).get("nodeName"): "<node>" for one in objects}
    names |= {one.get("spec", {}).get("schedulerName"): "<scheduler>" for one in objects}
    for name in sorted(filter(None, names), key=len, reverse=True):
        hint = re.sub(rf"(?<![\w-]){re.escape(name)}(?![\w-])", names[name], hint)
    return hint


def _section(kind: Kind) -> str:
    rows = sorted(table(kind.name).values(), key=_place)
    head = f"## {kind.type_name}\n\n{kind.description}\n\n"
    return head + _HEAD + "\n".join(map(_line, rows)) + "\n"


_HEAD = "| Reason | State | Meaning | Rests on | Hint | Rule |\n|---|---|---|---|---|---|\n"


def _place(row: Row) -> tuple[int, bool, str]:
    """The worst first, patterns after the words of our own."""
    worst = min((SEVERITY[state] for state in row.states), default=len(SEVERITY))
    return worst, _title(row).startswith("*"), _title(row)


def _line(row: Row) -> str:
    cells = (
        _title(row),
        ", ".join(state for state in SEVERITY if state in row.states),
        row.meaning.text[:1].upper() + row.meaning.text[1:],
        "; ".join(_often(row.evidence)),
        _BREAK.join(_often(row.hints)[:_HINTS]),
        ", ".join(sorted(row.rows)),
    )
    return f"| {' | '.join(map(_cell, cells))} |"


def _cell(text: str) -> str:
    """Inert in Markdown."""
    return text.replace("|", "\\|").replace("<", "&lt;").replace(_BREAK, "<br>")


def _title(row: Row) -> str:
    """The reason; of a pattern some that were seen."""
    if row.meaning.reason in row.reasons or not row.reasons:
        return f"`{row.meaning.reason}`"
    seen = sorted(row.reasons)
    more = ", …" if len(seen) > _EXAMPLES else ""
    pattern = "" if row.meaning.reason in (ANY, "child") else f"`{row.meaning.reason}`: "
    return f"*{pattern}{', '.join(f'`{one}`' for one in seen[:_EXAMPLES])}{more}*"


def _often(counted: Counter[str]) -> list[str]:
    return [text for text, _ in sorted(counted.items(), key=lambda item: (-item[1], item[0]))]


def _every_kind() -> str:
    rows: dict[str, Row] = {}
    for literal in literals():
        if literal.scope == EVERY:
            _add_literal(rows, kind=EVERY, literal=literal)
    return "## Every kind\n\n" + _HEAD + "\n".join(map(_line, sorted(rows.values(), key=_place))) + "\n"
