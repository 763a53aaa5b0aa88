"""How every benchmark prints: a heading that tells the machine, then one small table."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path


def heading(command: str) -> str:
    """The machine, the command and the date. The load average tells how much else was running at the start."""
    load = " ".join(f"{one:.2f}" for one in os.getloadavg())
    cores = len(os.sched_getaffinity(0))
    return (
        f"{command}\n{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, {cores} cores ({_processor()}), "
        f"Python {platform.python_version()}, load average {load}\n"
    )


def table(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Prints a Markdown table: the first column to the left, figures to the right."""
    widths = [max(len(line[at]) for line in (columns, *rows)) for at in range(len(columns))]
    print(f"{title}\n")
    print(_line(columns, widths))
    print("|" + "|".join("-" * (width + 1) + (":" if at else "-") for at, width in enumerate(widths)) + "|")
    for row in rows:
        print(_line(row, widths))
    print(flush=True)


def quantile(values: Sequence[float], share: float) -> float:
    """The value that ``share`` of all are not above; nan where there is none."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else float("nan")


def milliseconds(values: Sequence[float]) -> list[str]:
    """p50, p99 and the greatest of some seconds."""
    return [f"{quantile(values, share) * 1000:.1f}" for share in (0.5, 0.99, 1.0)]


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    first, *rest = (
        f"{cell:>{width}}" if at else f"{cell:<{width}}"
        for at, (cell, width) in enumerate(zip(cells, widths, strict=True))
    )
    return "| " + " | ".join([first, *rest]) + " |"


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.machine()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "unknown")
