"""``python -m tests.demo.measure``: how long the demo takes to get ready, and what it costs while nobody asks."""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import sys
import tempfile
from pathlib import Path

from tests.demo.running import Demo

TICKS = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")


def _cpu(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def _megabytes(pid: int) -> float:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE / 1e6


async def _measure(seconds: float, options: list[str]) -> None:
    with tempfile.TemporaryDirectory() as compiled:
        async with Demo(*options, PYTHONPYCACHEPREFIX=compiled) as demo:
            print(f"first start, with nothing compiled: ready after {demo.seconds:.1f} s")
            await demo.end(signal.SIGINT)
    async with Demo(*options) as demo:
        print(f"run again: ready after {demo.seconds:.1f} s")
        parts = {"demo": demo.pid, "redis": demo.children()[0]}
        before = {name: _cpu(pid) for name, pid in parts.items()}
        await asyncio.sleep(seconds)
        for name, pid in parts.items():
            used = (_cpu(pid) - before[name]) / seconds
            print(f"{name}: {_megabytes(pid):.0f} MB, {used:.1%} of a core over {seconds:.0f} s, stories included")
        print(demo.errors, end="")


def main() -> int:
    """The exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60)
    given, options = parser.parse_known_args()
    asyncio.run(_measure(given.seconds, options))
    return 0


if __name__ == "__main__":
    sys.exit(main())
