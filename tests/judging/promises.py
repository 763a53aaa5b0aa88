"""What every verdict promises, whatever the objects say: checked of worked cases, of their mutations, of invented
objects.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from random import Random
from typing import Any

import msgspec

from graph.kinds import KINDS
from graph.model.ref import Key
from graph.model.status import State, Status, Verdict
from tests.judging.world import Told, World

DAY = 86_400.0
STEPS = 40
"""How often a world is judged again in one walk; a schedule alone may ask for more."""
TICK = 0.001
"""The resolution of instants in verdicts."""
_AGE = re.compile(r"\b\d+ ?(s|m|h|d|seconds|minutes|hours|days) ago\b")
_FIELDS = {kind.name: kind.fields for kind in KINDS}


def broken(world: World) -> Iterator[str]:
    """What is wrong with the verdicts as they are."""
    for key, one in world.judged.items():
        if one.verdict is not None:
            for problem in _wrong(one.verdict, now=world.now):
                yield f"{_named(key)}: {problem}: {one.verdict}"
        shown = msgspec.to_builtins(one.fields)
        if msgspec.convert(shown, _FIELDS[key.kind]) != one.fields or not all(map(_in_32_bits, _leaves(shown))):
            yield f"{_named(key)}: its public fields do not travel: {one.fields}"


def _leaves(value: Any) -> Iterator[Any]:
    if isinstance(value, list | tuple):
        for item in value:
            yield from _leaves(item)
    else:
        yield value


def _in_32_bits(value: Any) -> bool:
    return not isinstance(value, int) or abs(value) < 2**31


def _wrong(verdict: Verdict, *, now: float) -> Iterator[str]:
    if verdict.reason == "RuleFailed":
        yield "a rule raised"
    if not verdict.reason or not verdict.message or not verdict.row:
        yield "it says nothing"
    if verdict.state is not State.HEALTHY and not verdict.because:
        yield "it cites nothing"
    if verdict.recheck_at is not None and not verdict.recheck_at > now:
        yield "it asks for the past"
    texts = (verdict.message, verdict.hint or "", *(link.message for link in verdict.because))
    if not all(text.isprintable() for text in texts):
        yield "it holds control characters"
    if _AGE.search(verdict.message):
        yield "it tells an age"
    status = Status(verdict.state, verdict.reason, verdict.message, verdict.hint, "", verdict.because)
    if msgspec.msgpack.decode(msgspec.msgpack.encode(status), type=Status) != status:
        yield "it does not travel"


def surprises(world: World, random: Random, *, days: float = 5, steps: int = STEPS) -> Iterator[str]:
    """What changes by time alone though no verdict asked to be judged then."""
    now, end = world.now, world.now + days * DAY
    for _ in range(steps):
        due = world.next_due
        until = end if due is None else min(due, end)
        for at in _instants(random, now, until):
            yield from _differences(world, world.looked_at(at), at)
        if due is None or due > end:
            return
        now = due
        world.judge(now)
        yield from _differences(world, world.looked_at(now), now)
    restless = [at for at, kinds in world.rechecks if "CRONJOB" not in kinds]
    if len(restless) > 0.9 * steps:
        yield f"judged {len(restless)} times within {now - world.now} seconds: {world.rechecks[-5:]}"
    world.judge(end)  # an operator that comes late catches up in one step
    yield from _differences(world, world.looked_at(end), end)


def _instants(random: Random, now: float, until: float) -> Iterator[float]:
    """An instant in between, and one just before the end."""
    if until - now > 3 * TICK:
        yield random.uniform(now, until - 2 * TICK)
        yield until - 2 * TICK


def _differences(world: World, found: dict[Key, Told], at: float) -> Iterator[str]:
    held = world.told
    for key in held.keys() | found.keys():
        before, after = held.get(key), found.get(key)
        if before != after:
            yield f"{_named(key)} differs {at - world.now:.3f} s later:\n  held  {before}\n  found {after}"


def _named(key: Key) -> Any:
    return f"{key.kind}/{key.name}"
