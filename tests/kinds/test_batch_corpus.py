"""Every case of a Job, a CronJob and a Build keeps the promises that each verdict makes."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.kinds import corpus
from tests.kinds import test_corpus_verdicts as promises

CASES = [case for folder in ("job", "cronjob", "build") for case in corpus.cases(folder)]


@pytest.mark.parametrize("path", CASES)
def test_the_case_is_judged_as_expected(path: Path) -> None:
    promises.test_the_case_is_judged_as_expected(path)


@pytest.mark.parametrize("path", CASES)
def test_the_verdict_holds_until_its_recheck(path: Path) -> None:
    promises.test_the_verdict_holds_until_its_recheck(path)


@pytest.mark.parametrize("path", CASES)
def test_nulls_and_missing_parts_still_get_a_verdict(path: Path) -> None:
    promises.test_nulls_and_missing_parts_still_get_a_verdict(path)
