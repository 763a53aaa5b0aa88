"""Every worked case there is: of the corpus, of the scenarios, and the moments, which only somebody can judge who has
watched for a while. Raw material for tests that vary them.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from graph.config import Rules
from graph.judging.files import judge_all
from graph.model import instant
from graph.model.status import Verdict
from tests.judging.world import World
from tests.kinds import corpus
from tests.scenarios import scenarios

SERVICE = "service"
"""The folder whose cases ask for the status of the service that the objects make up."""
FOLDERS = ("pod", "replicaset", "deployment", "statefulset", "daemonset", "job", "cronjob", "build", SERVICE)
Manifest = dict[str, Any]


class Case(NamedTuple):
    """Objects, the instant at which they were so, and what is expected of the first one."""

    id: str
    objects: tuple[Manifest, ...]
    now: float
    state: str
    reasons: tuple[str, ...]
    before: tuple[tuple[tuple[Manifest, ...], float], ...] = ()
    """What was seen earlier, and when."""


@cache
def cases() -> tuple[Case, ...]:
    """All of them; they are shared, so that whoever varies one copies it first."""
    return (*_corpus(), *_moments(), *_scenarios())


def verdict(case: Case, rules: Rules | None = None) -> Verdict | None:
    """What our judges say."""
    if case.before:
        return _watched(case)
    judged = judge_all(case.objects, now=case.now, rules=rules)
    if case.id.startswith(SERVICE):
        return judged.services[0].verdict if judged.services else None
    return judged.objects[0].verdict


def _watched(case: Case) -> Verdict | None:
    """By somebody who has seen what was before."""
    world = World(*case.before[0])
    for objects, now in (*case.before[1:], (case.objects, case.now)):
        world.see(objects, now)
    meta = case.objects[0]["metadata"]
    found = (one for key, one in world.judged.items() if (key.namespace, key.name) == (meta["namespace"], meta["name"]))
    return next((one.verdict for one in found if one.ref.kind == case.objects[0]["kind"]), None)


def _corpus() -> Iterator[Case]:
    for folder in FOLDERS:
        for path in sorted((corpus.CORPUS / folder).glob("*.yaml")):
            case = corpus.load(path)
            wanted = case["expect"]
            name = f"{folder}/{path.stem}"
            yield Case(name, tuple(case["objects"]), _at(case["now"]), wanted["state"], (wanted["reason"],))


def _moments() -> Iterator[Case]:
    for path in sorted((Path(__file__).parent / "moments").glob("*.yaml")):
        case = corpus.load(path)
        wanted, name = case["expect"], f"moments/{path.stem}"
        before = tuple((tuple(one["objects"]), _at(one["now"])) for one in case["before"])
        yield Case(name, tuple(case["objects"]), _at(case["now"]), wanted["state"], (wanted["reason"],), before)


def _scenarios() -> Iterator[Case]:
    for one in scenarios():
        yield Case(f"scenario {one.id}", one.objects, _at(one.now), one.expect.status, one.expect.reason_any_of)


def _at(text: str) -> float:
    at = instant.parse(text)
    assert at is not None, text
    return at
