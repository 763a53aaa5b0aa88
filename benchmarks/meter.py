"""What one way to ingest pods costs, in a process that does nothing else: ``python -m MODULE VARIANT URL COUNT``.

Imports nothing of the program: its way to load kubernetes_asyncio leaves no room for that library's own.
"""

from __future__ import annotations

import gc
import json
import sys
import time
from collections.abc import Awaitable, Callable, Coroutine
from pathlib import Path
from typing import Any

NAMESPACE = "live"
"""Of the watch: its list is empty."""
PAGE = 500
"""Objects of a page of a list."""

Figures = dict[str, float]


class Meter:
    """What was used since ``begin``."""

    def begin(self) -> None:
        """What was needed until now, such as modules, does not count."""
        gc.collect()
        Path("/proc/self/clear_refs").write_text("5")  # the peak begins here
        self._resident = _memory("VmRSS")
        self._began = time.perf_counter()
        self._cpu = time.process_time()

    def end(self) -> Figures:
        """The figures; call it while what was ingested is still held."""
        used, lasted = time.process_time() - self._cpu, time.perf_counter() - self._began
        peak, held = _memory("VmHWM") - self._resident, _memory("VmRSS") - self._resident
        return {"cpu": used, "seconds": lasted, "peak": peak, "held": held}


Variant = Callable[[str, int, Meter], Awaitable[Figures]]


def command(run: Callable[[Coroutine[Any, Any, Figures]], Figures], *variants: Variant) -> None:
    """Measures the variant that the command line names, and prints {"cpu": seconds, "seconds": elapsed, "peak": MiB
    above the start, "held": MiB of it that stay}.
    """
    name, url, count = sys.argv[1:]
    variant = next(one for one in variants if one.__name__ == name)

    async def measured() -> Figures:
        return await variant(url, int(count), Meter())

    print(json.dumps(run(measured())))


def _memory(word: str) -> float:
    """MiB."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(word)) / 1024
