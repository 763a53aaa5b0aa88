"""The verdicts on every object of every case: corpus files and the examples of ``tests/scenarios``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from msgspec import Struct

from graph.judging.files import judge_all
from graph.model import instant
from graph.model.status import Verdict
from tests.kinds import corpus
from tests.scenarios import scenarios

OBJECTS = Mapping[str, Any]


class Seen(Struct, frozen=True):
    """One verdict, and the objects of its case."""

    case: str
    kind: str
    """Our word: POD."""
    verdict: Verdict
    objects: tuple[OBJECTS, ...]


class Case(Struct, frozen=True):
    """One case of the corpus and what comes out: of its first object, in the folder ``service`` of its service."""

    path: Path
    expect: tuple[str, str]
    verdict: Verdict

    def __str__(self) -> str:
        return self.path.stem

    @property
    def row(self) -> str:
        """The row that it is a case of, by its name."""
        return self.path.stem.split("-")[0]


@cache
def corpus_cases() -> tuple[Case, ...]:
    """All cases of the corpus."""
    return tuple(_case(path) for path in _paths())


@cache
def verdicts() -> tuple[Seen, ...]:
    """Every verdict on every object, the services included."""
    return tuple(_all_of_corpus()) + tuple(_all_of_examples())


def _paths() -> list[Path]:
    return sorted(corpus.CORPUS.glob("*/*.yaml"))


def _case(path: Path) -> Case:
    case = corpus.load(path)
    judgement = judge_all(case["objects"], now=_instant(case["now"]))
    asked = judgement.services[0].verdict if path.parent.name == "service" else judgement.objects[0].verdict
    assert asked is not None, path
    return Case(path, (case["expect"]["state"], case["expect"]["reason"]), asked)


def _all_of_corpus() -> Iterator[Seen]:
    for path in _paths():
        case = corpus.load(path)
        yield from _seen(f"{path.parent.name}/{path.stem}", objects=case["objects"], now=case["now"])


def _all_of_examples() -> Iterator[Seen]:
    for one in scenarios():
        yield from _seen(one.id, objects=one.objects, now=one.now)


def _seen(case: str, *, objects: Iterable[OBJECTS], now: str) -> Iterator[Seen]:
    judgement = judge_all(objects, now=_instant(now))
    judged = [told.judged for told in judgement.objects] + [*judgement.services]
    for one in judged:
        if one is not None and one.verdict is not None:
            yield Seen(case, one.kind.name, one.verdict, tuple(objects))


def _instant(text: str) -> float:
    at = instant.parse(text)
    assert at is not None, text
    return at
