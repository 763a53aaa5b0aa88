"""Whatever the objects say, each gets a verdict that keeps its promises, and never an exception.

The short form; ``python -m tests.judging.fuzz`` is the long one.
"""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

from graph.model.status import State
from tests.judging import mutations, shapes
from tests.judging.cases import Case, cases
from tests.judging.fuzz import Seeds, changed, check
from tests.judging.world import World

_SHORT = settings(max_examples=150, database=None, deadline=None, suppress_health_check=list(HealthCheck))


@seed(1)
@_SHORT
@given(st.sampled_from(cases()), Seeds)
def test_a_changed_case_gets_its_verdicts(case: Case, number: int) -> None:
    check(changed(case, number), case.now, number=number)


@seed(1)
@_SHORT
@given(shapes.worlds(), Seeds)
def test_invented_objects_get_their_verdicts(objects: list[Any], number: int) -> None:
    check(objects, shapes.NOW, number=number)


@pytest.mark.parametrize("change", mutations.CHANGES, ids=lambda change: change.__name__)
def test_no_change_of_that_sort_makes_an_object_unreadable(change: mutations.Change) -> None:
    random = Random(change.__name__)
    for case in random.sample(cases(), 60):
        objects = mutations.several(case.objects, random, (change,))
        unreadable = [one for one in World(objects, case.now).judged.values() if _unreadable(one.verdict)]
        assert not unreadable, unreadable


def test_an_explicit_null_says_no_more_than_a_missing_field() -> None:
    for case in cases():
        random = Random(case.id)
        path = mutations.place(case.objects, random)
        without = World(mutations.at(case.objects, path, mutations.drop), case.now).told
        assert World(mutations.at(case.objects, path, mutations.null), case.now).told == without, (case.id, path)


def test_the_order_of_the_objects_does_not_matter() -> None:
    for case in cases():
        objects = list(case.objects)
        Random(case.id).shuffle(objects)
        assert World(objects, case.now).told == World(case.objects, case.now).told, case.id


def _unreadable(verdict: Any) -> bool:
    return verdict is not None and (verdict.state, verdict.reason) == (State.UNKNOWN, "MalformedObject")
