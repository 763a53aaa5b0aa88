"""``statusgraph demo`` as a user runs it: a process of its own, what it prints, and how it ends."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sys
import tempfile
import time
from pathlib import Path

from tests.servers import free_port

READY = 60.0
END = 30.0


class Demo:
    """``async with Demo(...)``: ready. Its temporary files go to a folder that can be looked into."""

    def __init__(self, *options: str, **environment: str) -> None:
        self.port = free_port()
        self._home = tempfile.TemporaryDirectory(prefix="statusgraph-demo-test-")
        self.files = Path(self._home.name)
        self._options = ["--no-browser", "--port", str(self.port), *options]
        clean = {name: value for name, value in os.environ.items() if not name.startswith("STATUSGRAPH_")}
        self._environment = {**clean, "TMPDIR": self._home.name, "PYTHONUNBUFFERED": "1", **environment}
        self._process: asyncio.subprocess.Process | None = None
        self.text = ""
        self.seconds = 0.0

    async def start(self) -> None:
        """Without waiting for anything."""
        begun = time.monotonic()
        with (self.files / "stderr").open("wb") as errors:
            self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "graph", "demo", *self._options),
                env=self._environment,
                stdout=asyncio.subprocess.PIPE,
                stderr=errors,
                start_new_session=True,
            )
        self.seconds = -begun

    async def ready(self) -> None:
        """Until it says so."""
        assert self._process is not None
        assert self._process.stdout is not None
        async with asyncio.timeout(READY):
            while "Ctrl-C" not in self.text:
                line = await self._process.stdout.readline()
                if not line:
                    raise AssertionError(f"it ended with {await self._process.wait()}: {self.errors}")
                self.text += line.decode()
        self.seconds += time.monotonic()

    async def __aenter__(self) -> Demo:
        await self.start()
        await self.ready()
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._process is not None and self._process.returncode is None:
            self._process.kill()
            await self._process.wait()
        self._home.cleanup()

    @property
    def pid(self) -> int:
        """Of the process."""
        assert self._process is not None
        return self._process.pid

    @property
    def errors(self) -> str:
        """What it wrote to stderr."""
        return (self.files / "stderr").read_text()

    @property
    def left(self) -> list[str]:
        """Names of temporary files."""
        return sorted(file.name for file in self.files.iterdir() if file.name != "stderr")

    @property
    def cluster(self) -> str:
        """The URL of its Kubernetes API, as printed."""
        found = re.search(r"Kubernetes +(\S+)", self.text)
        assert found is not None, self.text
        return found[1]

    async def end(self, number: signal.Signals) -> int:
        """The exit code after a signal."""
        assert self._process is not None
        self._process.send_signal(number)
        return await self.ended()

    async def ended(self) -> int:
        """The exit code."""
        assert self._process is not None
        async with asyncio.timeout(END):
            return await self._process.wait()

    def children(self) -> list[int]:
        """Its child processes."""
        file = Path(f"/proc/{self.pid}/task/{self.pid}/children")
        return [int(word) for word in file.read_text().split()] if file.exists() else []


def alive(pid: int) -> bool:
    """Whether a process exists and is no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
