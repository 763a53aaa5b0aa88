"""Why some statuses must go there and back within a moment: what they tell took no longer.

Each line is looked at by hand. One that fits nothing any more is to be removed, as a test says.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from tests.recordings.flips import Flip


class Explanation(NamedTuple):
    """Patterns. ``objects``: their names, ``space/name``; ``there``: the word that stood only for a moment."""

    recording: str
    objects: str
    there: str
    why: str

    def fits(self, recording: str, flip: Flip) -> bool:
        """Whether this one explains it."""
        name = f"{flip.back.namespace}/{flip.back.name}"
        of = self.recording == recording and re.fullmatch(self.objects, name)
        return bool(of and re.fullmatch(self.there, flip.there.word))


EXPLANATIONS = (
    Explanation("more", "new-cj-edit/(ran|sus)", "HEALTHY/JobRunning", "a run of three seconds"),
    Explanation("more", "ds/agent", "HEALTHY/Available", "all pods were ready; a new template came 2.9 s later"),
    Explanation(
        "more",
        "dep-leftovers/kelp(-[0-9a-f]+)?",
        "HEALTHY/Available",
        "the replacement of an evicted pod was ready; it was deleted by hand 1.4 s later",
    ),
    Explanation(
        "more",
        "dep-leftovers/kelp(-[0-9a-f]+)?",
        "PROGRESSING/(ReplicasNotReady|ScalingUp)",
        "a ready pod was deleted by hand; its replacement took 1.7 s to be ready",
    ),
    Explanation(
        "life",
        "story-[0-9a-f]+/held",
        "SUSPENDED/JobSuspended|PROGRESSING/Running",
        "suspended and resumed at once, again and again",
    ),
    Explanation(
        "life",
        "story-[0-9a-f]+/(crashy|swap|halfway|evicted|drained)(-[0-9a-f]+)?",
        "HEALTHY/Available",
        "what is next in the story came as soon as it was well",
    ),
    Explanation("life", "story-[0-9a-f]+/halfway", "SUSPENDED/RolloutPaused", "paused and resumed at once"),
    Explanation(
        "life",
        "story-[0-9a-f]+/(evicted|drained)(-[0-9a-f]+)?",
        "PROGRESSING/(ReplicasNotReady|ScalingUp)",
        "a pod was evicted; its replacement took 1.3 s to be ready",
    ),
    Explanation("life", "story-[0-9a-f]+/swap", "PROGRESSING/Recreating", "the new pod was ready after three seconds"),
)


def why(recording: str, flip: Flip) -> str | None:
    """The explanation of a flip; None: there is none."""
    return next((one.why for one in EXPLANATIONS if one.fits(recording, flip)), None)


def stale(found: Iterable[tuple[str, Flip]]) -> Iterator[Explanation]:
    """The explanations of nothing."""
    flips = list(found)
    for one in EXPLANATIONS:
        if not any(one.fits(recording, flip) for recording, flip in flips):
            yield one
