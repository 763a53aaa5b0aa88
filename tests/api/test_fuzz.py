"""Some of ``python -m tests.api.fuzz``, the same each time."""

from __future__ import annotations

from tests.api.fuzz import Fuzzed


def test_whatever_is_sent_is_answered_and_nothing_is_left_of_it() -> None:
    fuzz = Fuzzed()
    with fuzz.serving() as wire:
        fuzz.run(wire, examples=250)
    assert fuzz.count > 300
