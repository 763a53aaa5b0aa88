"""Every case of the corpus gets the state and the reason that the status rules demand, and says what it rests on."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
import pytest

from graph.model import instant
from graph.model.status import State, Verdict
from tests.kinds import corpus

WORKLOADS = ("pod", "replicaset", "deployment", "statefulset", "daemonset")
CASES = [case for folder in WORKLOADS for case in corpus.cases(folder)]
AGE = re.compile(r"\b\d+ ?(s|m|h|d|seconds|minutes|hours|days) ago\b")


@pytest.mark.parametrize("path", CASES)
def test_the_case_is_judged_as_expected(path: Path) -> None:
    case = corpus.load(path)
    found = corpus.verdict(case)
    assert (found.state, found.reason) == (case["expect"]["state"], case["expect"]["reason"]), found.message
    assert found.because or found.state is State.HEALTHY
    assert found.message.endswith((".", "!", "?"))
    assert "\n" not in found.message
    assert not AGE.search(found.message)


@pytest.mark.parametrize("path", CASES)
def test_the_verdict_holds_until_its_recheck(path: Path) -> None:
    case = corpus.load(path)
    found, now = corpus.verdicts(case), instant.parse(case["now"])
    assert now is not None
    until = min((one.recheck_at for one in found if one.recheck_at is not None), default=now + 86_400)
    assert until > now
    case["now"] = instant.show((now + until) / 2)
    assert [_told(one) for one in corpus.verdicts(case)] == [_told(one) for one in found]
    case["now"] = instant.show(until - 0.002)
    assert [_told(one) for one in corpus.verdicts(case)] == [_told(one) for one in found]


@pytest.mark.parametrize("path", CASES)
def test_nulls_and_missing_parts_still_get_a_verdict(path: Path) -> None:
    case = corpus.load(path)
    case["objects"] = [item for item in case["objects"] if item["kind"] != "Node"]
    first = case["objects"][0]
    for part in ("status", "spec"):
        for name, value in list(first.get(part, {}).items()):
            first[part][name] = None
            assert corpus.verdict(case).message
            first[part][name] = value
        first[part] = {}
        assert corpus.verdict(case).message


def test_verdicts_fit_into_the_wire_format() -> None:
    for path in corpus.CORPUS.glob("pod/*.yaml"):
        found = corpus.verdict(corpus.load(path))
        assert msgspec.msgpack.decode(msgspec.msgpack.encode(found), type=type(found)) == found


def _told(verdict: Verdict) -> tuple[State, str, str]:
    return verdict.state, verdict.reason, verdict.message
