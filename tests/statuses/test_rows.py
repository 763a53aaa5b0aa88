"""Every row of the status rules has its case, and every status that is not green says what it rests on."""

from __future__ import annotations

from pathlib import Path

import pytest

from graph.model.status import State
from tests.statuses.meanings import literals
from tests.statuses.seen import Case, Seen, corpus_cases, verdicts

ROWS = [line.split() for line in (Path(__file__).parent / "rows.txt").read_text().splitlines()]
"""Each row of the rules and the states that it may give."""
ELSEWHERE = {"B08"}
"""A Build whose object is gone cannot stand in a file: tests/judging/test_lost.py."""


@pytest.mark.parametrize("row", [row for row, *_ in ROWS if row not in ELSEWHERE])
def test_a_row_has_a_case_for_each_of_its_states(row: str) -> None:
    wanted = next(states for name, *states in ROWS if name == row)
    assert {one.verdict.state for one in _cases(row)} >= set(wanted)


def test_a_row_that_rules_name_decides_a_case() -> None:
    named = {row for literal in literals() for row in literal.rows} - ELSEWHERE
    assert named <= {one.verdict.row for one in corpus_cases()} | {one.verdict.row for one in verdicts()}


def test_a_case_is_named_after_a_row() -> None:
    assert {one.row for one in corpus_cases()} <= {row for row, *_ in ROWS}


def test_rules_name_no_row_that_there_is_not() -> None:
    there = {row for row, *_ in ROWS}
    assert {one.verdict.row for one in verdicts()} <= there


@pytest.mark.parametrize("case", [one for one in corpus_cases() if one.path.parent.name == "service"], ids=str)
def test_the_service_of_a_case_is_judged_as_expected(case: Case) -> None:
    assert (case.verdict.state, case.verdict.reason) == case.expect, case.verdict.message


def test_every_status_that_is_not_green_cites_an_object() -> None:
    assert not [_told(one) for one in verdicts() if one.verdict.state is not State.HEALTHY and not _cites(one)]


def test_every_cause_is_told_in_words() -> None:
    speechless = [_told(one) for one in verdicts() if not all(cause.reason for cause in one.verdict.because)]
    assert not speechless


def _cases(row: str) -> list[Case]:
    return [one for one in corpus_cases() if one.row == row]


def _cites(seen: Seen) -> bool:
    because = seen.verdict.because
    return bool(because) and all(cause.object.kind and cause.object.name for cause in because)


def _told(seen: Seen) -> tuple[str, str, str]:
    return seen.case, seen.kind, seen.verdict.reason
