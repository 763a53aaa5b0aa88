"""What was right must stay right."""

from __future__ import annotations

import pytest

from tests.scenarios import RIGHT, Scenario, ask, scenarios

_RIGHT = frozenset(RIGHT.read_text().split())


@pytest.mark.parametrize("scenario", [one for one in scenarios() if one.id in _RIGHT], ids=lambda one: one.id)
def test_an_example_stays_right(scenario: Scenario) -> None:
    answer = ask(scenario)
    assert answer.right, f"wanted {scenario.expect}, got {answer.state} {answer.reason}: {answer.message}"


def test_each_example_that_must_stay_right_exists() -> None:
    assert {one.id for one in scenarios()} >= _RIGHT
