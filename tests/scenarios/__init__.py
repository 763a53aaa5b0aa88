"""Examples of the status rules: objects of a cluster, an instant, and the status that is to come out.

``python -m tests.scenarios [-v] [--accept]`` tells per kind how many are right today. ``right.txt`` names those that
must stay right; ``--accept`` writes it anew. ``--table`` sets all beside what kubectl, kstatus and Argo CD say.
"""

from __future__ import annotations

import gzip
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from graph.judging.files import judge_objects
from graph.model import instant

HERE = Path(__file__).parent
RIGHT = HERE / "right.txt"


class Expected(Struct, frozen=True, rename="camel"):
    """What is to come out; of several accepted reasons the first is the best. The rest: what others say."""

    status: str
    reason_any_of: tuple[str, ...]
    kubectl: str | None = None
    kstatus: str | None = None
    argo: str | None = None


class Scenario(Struct, frozen=True):
    """One example; the status of ``objects[0]`` is asked."""

    id: str
    kind: str
    situation: str
    objects: tuple[dict[str, Any], ...]
    now: str
    expect: Expected


class Answer(Struct, frozen=True):
    """What our judges say, and whether it is what was expected."""

    scenario: Scenario
    state: str
    reason: str
    message: str

    @property
    def right_state(self) -> bool:
        """The status alone."""
        return self.state == self.scenario.expect.status

    @property
    def right(self) -> bool:
        """The status and its reason."""
        return self.right_state and self.reason in self.scenario.expect.reason_any_of


@cache
def scenarios() -> tuple[Scenario, ...]:
    """All examples."""
    with gzip.open(HERE / "cases.jsonl.gz", "rb") as file:
        return tuple(msgspec.json.decode(line, type=Scenario) for line in file)


def ask(scenario: Scenario) -> Answer:
    """Judges one example; a kind without a judge is a wrong answer."""
    now = instant.parse(scenario.now)
    assert now is not None, scenario.id
    objects: tuple[Mapping[str, Any], ...] = scenario.objects
    judged = judge_objects(objects, now=now)[0]
    if judged is None or judged.verdict is None:
        return Answer(scenario, "", "", "no judge")
    return Answer(scenario, judged.verdict.state, judged.verdict.reason, judged.verdict.message)
