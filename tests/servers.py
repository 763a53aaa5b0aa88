"""Real Redis servers for tests, of the program that the demo would take."""

from __future__ import annotations

import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from graph.app.redis_server import find as binary

__all__ = ["RedisServer", "binary", "free_port"]

READY = 10.0


def free_port() -> int:
    """A TCP port on loopback that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class RedisServer:
    """One server on loopback in a folder of its own; it can be killed and started again on its port.

    ``words``: more of its command line.
    """

    def __init__(self, program: str, *words: str, appendonly: bool = False) -> None:
        self._program = program
        self._words = words
        self._appendonly = appendonly
        self._home = tempfile.TemporaryDirectory(prefix="statusgraph-redis-")
        self._process: subprocess.Popen[bytes] | None = None
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        """Returns when it answers."""
        words = [self._program, "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--dir", self._home.name]
        words += ["--appendonly", "yes" if self._appendonly else "no", "--appendfsync", "always"]
        self._process = subprocess.Popen([*words, *self._words], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + READY
        while not self._answers():
            if time.monotonic() > deadline or self._process.poll() is not None:
                raise RuntimeError(f"{self._program} did not start on port {self.port}")
            time.sleep(0.02)

    def kill(self) -> None:
        """As a crash would."""
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()
            self._process = None

    @contextmanager
    def stopped(self) -> Iterator[None]:
        """While this is open, it stands still, and its connections with it."""
        assert self._process is not None, "started first"
        self._process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._process.send_signal(signal.SIGCONT)

    def wipe(self) -> None:
        """Removes its files; only while it is not running."""
        for file in Path(self._home.name).rglob("*"):
            if file.is_file():
                file.unlink()

    def close(self) -> None:
        """Ends it and removes its folder."""
        self.kill()
        self._home.cleanup()

    def _answers(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=0.2) as connection:
                connection.sendall(b"PING\r\n")
                return connection.recv(16).startswith(b"+PONG")
        except OSError:
            return False
