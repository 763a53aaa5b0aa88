"""A primary, a replica of it and three Sentinels, on loopback."""

from __future__ import annotations

import asyncio
import subprocess
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from graph.errors import StoreError
from graph.store.connection import Server
from tests.servers import RedisServer, free_port

SERVICE = "main"
WITHIN = 60.0
PATIENCE_MS = 700
"""Milliseconds after which a Sentinel takes the primary for gone."""


class Sentinels:
    """``with Sentinels(program)``; ``url`` is what an operator or an api is given."""

    def __init__(self, program: str) -> None:
        self._program = program
        self._home = tempfile.TemporaryDirectory(prefix="statusgraph-sentinels-")
        self.ports = [free_port() for _ in range(3)]
        self._processes: list[subprocess.Popen[bytes]] = []
        self.primary = RedisServer(program, appendonly=True)
        self.replica = RedisServer(program, "--replicaof", "127.0.0.1", str(self.primary.port), appendonly=True)
        places = ",".join(f"127.0.0.1:{port}" for port in self.ports)
        self.url = f"redis+sentinel://{places}/{SERVICE}/0"

    def __enter__(self) -> Self:
        self.primary.start()
        self.replica.start()
        for port in self.ports:
            self._processes.append(subprocess.Popen(self._sentinel(port), stdout=subprocess.DEVNULL))
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for process in self._processes:
            process.kill()
            process.wait()
        self.primary.close()
        self.replica.close()
        self._home.cleanup()

    @property
    def servers(self) -> tuple[RedisServer, RedisServer]:
        """Both; which of them is the primary may change."""
        return self.primary, self.replica

    async def back(self, killed: RedisServer) -> None:
        """It runs again, as a replica of the other: Sentinels would make it so, too, but take their time."""
        killed.start()
        other = self.replica if killed is self.primary else self.primary
        server = Server(killed.url)
        try:
            await server.command("REPLICAOF", "127.0.0.1", other.port)
        finally:
            await server.close()
        await settled(self)

    def _sentinel(self, port: int) -> list[str]:
        """Its own configuration is a file that it rewrites."""
        lines = [
            f"port {port}",
            "bind 127.0.0.1",
            f"dir {self._home.name}",
            f"sentinel monitor {SERVICE} 127.0.0.1 {self.primary.port} 2",
            f"sentinel down-after-milliseconds {SERVICE} {PATIENCE_MS}",
            f"sentinel failover-timeout {SERVICE} 3000",
        ]
        file = Path(self._home.name) / f"{port}.conf"
        file.write_text("\n".join(lines) + "\n")
        return [self._program, str(file), "--sentinel"]


async def settled(sentinels: Sentinels) -> None:
    """The replica has all that the primary has, and a quorum of Sentinels knows both and one another."""
    server, problem = Server(sentinels.url), ""
    try:
        async with asyncio.timeout(WITHIN):
            while problem := await _unsettled(sentinels, server):  # noqa: ASYNC110 # Redis tells no one
                await asyncio.sleep(0.05)
    except TimeoutError as error:
        raise AssertionError(f"they do not settle: {problem}") from error
    finally:
        await server.close()


async def _unsettled(sentinels: Sentinels, server: Server) -> str:
    """What is still missing."""
    try:
        replication = await server.command("INFO", "replication")
        if replication["connected_slaves"] != 1 or replication["slave0"]["state"] != "online":
            return f"the primary's replicas: {replication}"
        for port in sentinels.ports:
            state = await _known(port)
            if (state["slaves"], state["sentinels"], state["status"]) != (1, 3, "ok"):
                return f"the Sentinel {port} knows {state}"
    except StoreError as error:
        return str(error)
    return ""


async def _known(port: int) -> dict[str, Any]:
    """What a Sentinel says of the primary."""
    told = Server(f"redis://127.0.0.1:{port}", timeout=1)
    try:
        state: dict[str, Any] = (await told.command("INFO", "sentinel"))["master0"]
        return state
    finally:
        await told.close()
