"""``docs/statuses.md`` tells every reason that a rule gives."""

from __future__ import annotations

from collections import Counter

from graph.kinds import KINDS
from tests.statuses.document import document, explained, table
from tests.statuses.meanings import ANY, Literal, literals, meaning_of, meanings
from tests.statuses.seen import verdicts


def test_every_verdict_on_every_case_has_a_reason_whose_meaning_is_told() -> None:
    untold = {(one.kind, one.verdict.reason) for one in verdicts() if explained(one) is None}
    assert not untold, "put `Reason: what it means` into the docstring of the rule that gives it"


def test_every_reason_in_the_code_of_a_rule_has_its_meaning_told() -> None:
    untold = [(one.scope, one.reason) for one in literals() if not _is_told(one)]
    assert not untold


def test_a_meaning_belongs_to_a_reason_that_there_is() -> None:
    given = {explained(one) for one in verdicts()}
    written = {(one.scope, one.reason) for one in literals()}
    idle = [one for one in meanings() if one not in given and (one.scope, one.reason) not in written]
    assert not idle


def test_a_reason_of_a_kind_has_one_meaning() -> None:
    told = Counter((one.scope, one.reason) for one in meanings() if one.reason != ANY)
    assert not {name: count for name, count in told.items() if count > 1}


def test_each_row_tells_states_and_what_it_rests_on() -> None:
    for kind in KINDS:
        for name, row in table(kind.name).items():
            assert row.states, (kind.name, name)
            assert row.rows, (kind.name, name)
            assert row.evidence or row.states == {"HEALTHY"}, (kind.name, name)


def test_the_document_has_a_section_for_each_kind_with_a_judge() -> None:
    text = document()
    for kind in KINDS:
        assert (f"## {kind.type_name}\n" in text) is (kind.judge is not None)
    assert "| `MalformedObject` | UNKNOWN |" in text


def _is_told(literal: Literal) -> bool:
    """Where the code is shared, for any kind."""
    kinds = {kind.name for kind in KINDS}
    scopes = {literal.scope} & kinds or kinds
    return any(meaning_of(kind, reason=literal.reason, row=row) for kind in scopes for row in literal.rows or {""})
