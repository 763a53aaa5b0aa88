"""``python -m tests.recordings``: what is published of each recording, by kind, and what went there and back within
five seconds, with and without settling. The exit code is 1 when one of these is unexplained.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from graph.config import Rules
from tests.recordings.explained import why
from tests.recordings.flips import Flip, flips
from tests.recordings.history import Seen, name_of, read, recordings
from tests.recordings.replay import Replay

HEAD = ("kind", "watch events", "published", "A→B→A ≤ 5 s", "unsettled", "A→B→A ≤ 5 s")
ROW = "{:<14}{:>14}{:>11}{:>14}{:>11}{:>14}"


def main() -> int:
    """Prints everything; the exit code."""
    unexplained = 0
    for path in recordings():
        name, seen = name_of(path), read(path)
        found = _print_table(path, seen)
        for flip in found:
            explanation = why(name, flip)
            unexplained += explanation is None
            print(f"  {flip}\n    {explanation or 'UNEXPLAINED'}")
        print()
    print(f"{unexplained} unexplained")
    return 1 if unexplained else 0


def _print_table(path: Path, seen: Sequence[Seen]) -> list[Flip]:
    settled, raw = Replay(seen), Replay(seen, Rules(settle_up=0, settle_down=0))
    found = list(flips(settled.told))
    columns = [
        settled.events,
        Counter(one.kind for one in settled.told),
        Counter(flip.back.kind for flip in found),
        Counter(one.kind for one in raw.told),
        Counter(flip.back.kind for flip in flips(raw.told)),
    ]
    print(f"{name_of(path)}: {len(seen)} watch events in {seen[-1].at - seen[0].at:.0f} s")
    print(ROW.format(*HEAD))
    for kind in sorted({kind for column in columns for kind in column}):
        print(ROW.format(kind, *(column[kind] for column in columns)))
    print(ROW.format("all", *(sum(column.values()) for column in columns)))
    return found


if __name__ == "__main__":
    sys.exit(main())
