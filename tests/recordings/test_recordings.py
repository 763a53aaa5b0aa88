"""What is published of what happened on real control planes: no more than there was to tell."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from tests.recordings.explained import stale, why
from tests.recordings.flips import Flip, Told, flips
from tests.recordings.history import Seen, name_of, read, recordings, write
from tests.recordings.replay import Replay

PUBLISHED = {
    "dsl": {"DAEMON_SET": 9, "POD": 26, "SERVICE": 9},
    "life": {"CRONJOB": 19, "DEPLOYMENT": 67, "JOB": 82, "POD": 283, "REPLICA_SET": 71, "SERVICE": 164},
    "more": {
        "CRONJOB": 15,
        "DAEMON_SET": 16,
        "DEPLOYMENT": 38,
        "JOB": 26,
        "POD": 278,
        "REPLICA_SET": 46,
        "SERVICE": 110,
        "STATEFUL_SET": 4,
    },
}
"""Transitions by kind. A rule that publishes more has to say why here."""


@pytest.fixture(scope="module")
def replays() -> dict[str, Replay]:
    """All recordings, replayed."""
    return {name_of(path): Replay(read(path)) for path in recordings()}


def test_published_changes_do_not_grow(replays: dict[str, Replay]) -> None:
    assert replays.keys() == PUBLISHED.keys()
    for name, replay in replays.items():
        assert Counter(one.kind for one in replay.told) <= Counter(PUBLISHED[name]), name


def test_nothing_goes_there_and_back_without_an_explanation(replays: dict[str, Replay]) -> None:
    found = [(name, flip) for name, replay in replays.items() for flip in flips(replay.told)]
    assert [str(flip) for name, flip in found if why(name, flip) is None] == []
    assert list(stale(found)) == [], "these explain nothing any more"


def test_there_and_back_is_told_of_one_object_within_a_moment() -> None:
    history = [
        _told("one", "A", 0),
        _told("two", "A", 1),
        _told("one", "B", 2),
        _told("two", "B", 2),
        _told("one", "A", 7),
        _told("two", "A", 7.1),
        _told("one", "", 8),
        _told("one", "A", 9),
        _told("one", "", 10),
    ]
    assert list(flips(history)) == [Flip(_told("one", "A", 0), _told("one", "B", 2), _told("one", "A", 7))]


def test_a_recording_is_read_as_it_was_written(tmp_path: Path) -> None:
    events = [Seen("Pod", 7, 1.5, "ADDED", {"metadata": {"name": "a"}}), Seen("Pod", 8, 2.5, "DELETED", {"x": None})]
    write(tmp_path / "some", events)
    assert read(tmp_path / "some") == events


def _told(name: str, word: str, at: float) -> Told:
    return Told("POD", "space", name, word, at)
