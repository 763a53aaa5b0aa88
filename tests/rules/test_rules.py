"""Each rule and each row of the law has a case that fails without it."""

from __future__ import annotations

import pytest

from tests import rules
from tests.judging.cases import cases


def test_every_case_comes_out_as_expected() -> None:
    assert [case.id for case in cases() if not rules.right(case)] == []


def test_there_is_a_case_for_each_rule() -> None:
    assert [one.name for one in rules.without_rules() if not one.fails] == []


def test_there_is_a_case_for_each_row() -> None:
    assert [one.name for one in rules.without_rows() if not one.fails] == []


@pytest.mark.timeout(600)  # each threshold is moved both ways, and all cases are judged for it: a minute of CPU
def test_there_is_a_case_for_each_threshold() -> None:
    assert [one.name for one in rules.without_thresholds() if not one.fails] == []


def test_a_rule_that_was_taken_away_is_back_afterwards() -> None:
    rule = rules.rules()[0]
    with rules.replaced({rule: lambda *_: None}):
        assert rules.rules.__wrapped__()[0] is not rule
    assert rules.rules.__wrapped__()[0] is rule
