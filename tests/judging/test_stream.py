"""An operator that was told every change says what somebody says who sees only how things are now."""

from __future__ import annotations

from random import Random

from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

from tests.judging import mutations
from tests.judging.cases import Case, cases
from tests.judging.fuzz import Seeds
from tests.judging.world import World

_SHORT = settings(max_examples=250, database=None, deadline=None, suppress_health_check=list(HealthCheck))


def _without_builds() -> list[Case]:
    """What is said of a finished build stays, whatever its Job says afterwards: there the way does matter."""
    return [case for case in cases() if not any("statusgraph.io/build-of" in str(one) for one in case.objects)]


@seed(1)
@_SHORT
@given(st.sampled_from(_without_builds()), Seeds)
def test_the_way_does_not_matter(case: Case, number: int) -> None:
    random = Random(number)
    world, now = World(case.objects, case.now), case.now
    for _ in range(4):
        now += random.choice((0.5, 3, 20, 200))
        world.see(mutations.statuses(case.objects, random), now)
        assert world.told == world.looked_at(now)
