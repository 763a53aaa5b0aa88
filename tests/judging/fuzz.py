"""``python -m tests.judging.fuzz [--objects N] [--seed S] [--walk-every W]``: the judges on what nobody would write.

Half of the objects are worked cases with a few changes, half are invented from the API's shapes. Each must get a
verdict that keeps every promise; of every W-th world the verdicts must also hold until they ask to be judged again.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from random import Random
from typing import Any

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from tests.judging import mutations, promises, shapes
from tests.judging.cases import Case, cases
from tests.judging.world import World

WALKED = 10
"""One world in so many is followed through time, where nobody says otherwise."""
_BATCH = 500
_LONG = settings(
    max_examples=_BATCH, database=None, deadline=None, suppress_health_check=list(HealthCheck), phases=[Phase.generate]
)
Seeds = st.integers(0, 2**32 - 1)


def check(objects: list[Any], now: float, *, number: int, every: int = WALKED) -> World:
    """Judges the objects; an AssertionError tells which promise is broken."""
    world = World(objects, now)
    problems = list(promises.broken(world))
    if not problems and number % every == 0:
        problems = list(promises.surprises(world, Random(number)))
    assert not problems, "\n".join(problems)
    return world


def changed(case: Case, number: int) -> list[Any]:
    """A worked case with a few changes, those of that number."""
    return mutations.any_change(case.objects, Random(number))


class Tally:
    """What came out. ``every``: which worlds are followed through time."""

    def __init__(self, every: int) -> None:
        self.every = every
        self.objects = 0
        self.walks = 0
        self.rechecks = 0
        self.states: Counter[str] = Counter()

    def judge(self, objects: list[Any], now: float, *, number: int) -> None:
        """Checks one world, and counts it."""
        world = check(objects, now, number=number, every=self.every)
        self.objects += len(objects)
        self.walks += number % self.every == 0
        self.rechecks += len(world.rechecks) - 1
        verdicts = [one.verdict for one in world.judged.values() if one.verdict is not None]
        self.states.update("MalformedObject" if one.row == "malformed" else one.state.value for one in verdicts)


def main() -> None:
    """Runs until so many objects were judged; the first broken promise ends it."""
    parser = argparse.ArgumentParser(prog="python -m tests.judging.fuzz", description=__doc__)
    parser.add_argument("--objects", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--walk-every", type=int, default=WALKED, metavar="W")
    options = parser.parse_args()
    began, tally, batch = time.monotonic(), Tally(options.walk_every), options.seed * 10_000
    while tally.objects < options.objects:
        batch += 1
        _mutate(tally, batch)
        _invent(tally, batch)
    verdicts = ", ".join(f"{count} {state}" for state, count in tally.states.most_common())
    took = time.monotonic() - began
    print(f"{tally.objects} objects in {took:.0f} s: 0 exceptions, 0 broken promises")
    print(f"{tally.walks} worlds followed for 5 days, judged again {tally.rechecks} times: 0 surprises in between")
    print(f"verdicts: {verdicts}")


def _mutate(tally: Tally, batch: int) -> None:
    @seed(batch)
    @_LONG
    @given(st.sampled_from(cases()), Seeds)
    def run(case: Case, number: int) -> None:
        tally.judge(changed(case, number), case.now, number=number)

    run()


def _invent(tally: Tally, batch: int) -> None:
    @seed(batch)
    @_LONG
    @given(shapes.worlds(), Seeds)
    def run(objects: list[Any], number: int) -> None:
        tally.judge(objects, shapes.NOW, number=number)

    run()


if __name__ == "__main__":
    main()
