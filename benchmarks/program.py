"""The program's processes, as operators start them, with what the kernel says that they cost."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.e2e.system import Process
from tests.servers import RedisServer, free_port

_TICK = os.sysconf("SC_CLK_TCK")
_MIB = 1 << 20


class Part(Process):
    """``operator`` or ``api``."""

    patience = 300.0  # of a big cluster

    @property
    def cpu(self) -> float:
        """Seconds of CPU that it has used, user and system."""
        words = self._proc("stat").rpartition(")")[2].split()
        return (int(words[11]) + int(words[12])) / _TICK

    @property
    def memory(self) -> float:
        """MiB that are resident."""
        return int(self._proc("statm").split()[1]) * os.sysconf("SC_PAGE_SIZE") / _MIB

    def _proc(self, name: str) -> str:
        assert self._process is not None, "it was started"
        return Path(f"/proc/{self._process.pid}/{name}").read_text()


@asynccontextmanager
async def started(redis: RedisServer, *commands: str, **settings: str) -> AsyncIterator[list[Part]]:
    """These commands, each in a process of its own, one after another ready; killed at the end."""
    with TemporaryDirectory(prefix="statusgraph-bench-") as home:
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("STATUSGRAPH_")}
        given = {name if name.isupper() else f"STATUSGRAPH_{name.upper()}": value for name, value in settings.items()}
        parts = []
        try:
            for command in commands:
                port = free_port()
                listen = {f"STATUSGRAPH_{command.upper()}_LISTEN": f"127.0.0.1:{port}"}
                parts.append(Part(command, port, {**inherited, "REDIS_URL": redis.url, **given, **listen}, Path(home)))
                await parts[-1].start()
            yield parts
        finally:
            for part in reversed(parts):
                await part.kill()
