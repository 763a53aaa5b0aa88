"""The program's processes over a real Redis and a real API server, to be started, killed and restarted one by one."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.servers import RedisServer, free_port

READY = 30.0


class Process:
    """One ``statusgraph`` command. Its log goes to a file that ``log()`` reads."""

    patience = READY
    """Seconds in which it has to be ready."""

    def __init__(self, command: str, port: int, environment: dict[str, str], home: Path) -> None:
        self.command = command
        self.port = port
        self._environment = environment
        self._log = home / f"{command}-{port}.log"
        self._process: asyncio.subprocess.Process | None = None

    async def start(self, *, ready: bool = True) -> None:
        """Returns when ``/readyz`` says so."""
        with self._log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "graph", self.command, env=self._environment, stdout=log, stderr=log
            )
        if ready:
            await self.ready()

    async def ready(self) -> None:
        """Waits until ``/readyz`` says so."""
        async with asyncio.timeout(self.patience):
            while not await asyncio.to_thread(self._answers):
                if self._process is None or self._process.returncode is not None:
                    raise AssertionError(f"{self.command} ended:\n{self.log()}")
                await asyncio.sleep(0.05)

    async def readiness(self) -> str:
        """What ``/readyz`` says: ``ok``, or why not; empty while nothing answers."""
        try:
            return (await asyncio.to_thread(self._readyz))[1].strip()
        except OSError:
            return ""

    @property
    def pid(self) -> int:
        """Of the process."""
        assert self._process is not None, "started first"
        return self._process.pid

    async def kill(self) -> None:
        """As a crash would."""
        await self._end(signal.SIGKILL)

    async def stop(self) -> int:
        """As Kubernetes would: SIGTERM; its exit code."""
        return await self._end(signal.SIGTERM)

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """While this is open, it stands still."""
        assert self._process is not None, "started first"
        self._process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._process.send_signal(signal.SIGCONT)

    def log(self) -> str:
        """All that it wrote so far."""
        return self._log.read_text() if self._log.exists() else ""

    async def _end(self, number: signal.Signals) -> int:
        process, self._process = self._process, None
        if process is None:
            return 0
        if process.returncode is None:
            process.send_signal(number)
        async with asyncio.timeout(READY):
            return await process.wait()

    def _answers(self) -> bool:
        try:
            return self._readyz()[0] == 200
        except OSError:
            return False

    def _readyz(self) -> tuple[int, str]:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/readyz", timeout=1) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()


class System:
    """``async with System(...)``: Redis, an operator and an api, all ready."""

    def __init__(self, redis: RedisServer, kubeconfig: Path, **settings: str) -> None:
        self._home = tempfile.TemporaryDirectory(prefix="statusgraph-e2e-")
        ports = free_port(), free_port()
        self.redis = redis
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("STATUSGRAPH_")},
            "REDIS_URL": settings.pop("redis_url", redis.url),
            "KUBECONFIG": str(kubeconfig),
            "PYTHONUNBUFFERED": "1",
            "STATUSGRAPH_ACTIONS": "on",
            "STATUSGRAPH_OPERATOR_LISTEN": f"127.0.0.1:{ports[0]}",
            "STATUSGRAPH_API_LISTEN": f"127.0.0.1:{ports[1]}",
            "STATUSGRAPH_LEASE_SECONDS": "4",
            "STATUSGRAPH_DRAIN_SECONDS": "1",
            **{f"STATUSGRAPH_{name.upper()}": value for name, value in settings.items()},
        }
        self._environment = environment
        self.operator = Process("operator", ports[0], environment, Path(self._home.name))
        self.api = Process("api", ports[1], environment, Path(self._home.name))
        self._others: list[Process] = []

    def another_operator(self, kubeconfig: Path | None = None, **settings: str) -> Process:
        """A second candidate for the lead, or one of another cluster; what still runs of it in the end is killed."""
        port = free_port()
        environment = {**self._environment, "STATUSGRAPH_OPERATOR_LISTEN": f"127.0.0.1:{port}"}
        environment |= {f"STATUSGRAPH_{name.upper()}": value for name, value in settings.items()}
        if kubeconfig is not None:
            environment["KUBECONFIG"] = str(kubeconfig)
        self._others.append(Process("operator", port, environment, Path(self._home.name)))
        return self._others[-1]

    async def command(self, *words: str) -> tuple[int, str]:
        """Exit code and words of a command that ends by itself."""
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "graph", *words),
            env=self._environment,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        told, _ = await process.communicate()
        return process.returncode or 0, told.decode()

    async def __aenter__(self) -> System:
        await self.operator.start()
        await self.api.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        for other in self._others:
            if other is not self.operator:
                await other.kill()
        await self.api.kill()
        await self.operator.stop()
        self._home.cleanup()
