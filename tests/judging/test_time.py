"""Time alone changes a verdict at its ``recheck_at`` and at no other instant: neither state nor reason, nor a word."""

from __future__ import annotations

from random import Random

from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

from tests.judging import mutations, promises
from tests.judging.cases import Case, cases
from tests.judging.fuzz import Seeds
from tests.judging.world import World

_SHORT = settings(max_examples=200, database=None, deadline=None, suppress_health_check=list(HealthCheck))


def test_a_case_changes_with_time_only_when_it_asks_to_be_judged_again() -> None:
    surprising = {}
    for case in cases():
        found = list(promises.surprises(World(case.objects, case.now), Random(case.id), steps=12))
        if found:
            surprising[case.id] = found[0]
    assert surprising == {}


@seed(1)
@_SHORT
@given(st.sampled_from(cases()), Seeds)
def test_a_changed_case_does_so_too(case: Case, number: int) -> None:
    random = Random(number)
    world = World(mutations.any_change(case.objects, random), case.now)
    assert list(promises.surprises(world, random, steps=6)) == []
