"""The format of recordings: gzip, a line for each watch event, in JSON: ``[kind, resourceVersion, unix time, type,
object]``, without managedFields.
"""

from __future__ import annotations

import gzip
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

HERE = Path(__file__).parent
SUFFIX = ".history.jsonl.gz"


class Seen(NamedTuple):
    """One watch event."""

    kind: str
    version: int
    at: float
    type: str
    object: dict[str, Any]


def recordings() -> list[Path]:
    """All that are kept."""
    return sorted(HERE.glob(f"*{SUFFIX}"))


def name_of(path: Path) -> str:
    """``more`` of ``more.history.jsonl.gz``."""
    return path.name.removesuffix(SUFFIX)


def read(path: Path) -> list[Seen]:
    """In the order in which it was seen."""
    decoder = msgspec.json.Decoder(Seen)
    with gzip.open(path) as lines:
        return sorted((decoder.decode(line) for line in lines), key=lambda seen: seen.at)


def write(path: Path, events: Iterable[Seen]) -> None:
    """Equal events make equal bytes: no time of writing is kept."""
    lines = b"".join(msgspec.json.encode(seen) + b"\n" for seen in events)
    path.write_bytes(gzip.compress(lines, mtime=0))
