"""One program of the control plane as a child process: its log, its end, and what it said last when it fails."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from graph.app.redis_server import GUARD


class ComponentFailedError(Exception):
    """A program of the control plane ended or did not become ready; the message holds the tail of its log."""


class Component:
    """Started by the thread that lives longest: the kernel ends the child with the thread that started it."""

    def __init__(self, name: str, command: Sequence[str], *, log: Path) -> None:
        self.name = name
        self.log = log
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-S", str(GUARD), str(os.getpid()), *command],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=log.parent,
                process_group=0,  # Ctrl-C in the terminal reaches us alone, and we end the children in order
            )

    @property
    def pid(self) -> int:
        return self._process.pid

    def check(self) -> None:
        """Raises when the program has ended by itself."""
        if self._process.poll() is not None:
            raise ComponentFailedError(self.report(f"{self.name} ended with {self._process.returncode}"))

    def kill(self) -> None:
        """Ends it at once (SIGKILL): nothing of a test's control plane is worth a graceful end."""
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()

    def report(self, problem: str, *, lines: int = 25) -> str:
        tail = self.log.read_text(errors="replace").splitlines()[-lines:]
        return "\n".join([f"{problem}; the end of its log:", *tail])
