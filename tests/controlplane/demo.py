"""`DemoPlane`: the demo cluster in the place of a control plane and its player, on a thread of its own.

It offers what tests use of the two. Clients reach it through a gate, so that its API server can be away.
"""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import tempfile
import threading
from collections.abc import AsyncIterator, Coroutine
from concurrent.futures import Future
from contextlib import asynccontextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from graph.demo.cluster import Cluster

TIMEOUT = 30.0
CHUNK = 1 << 16


class DemoPlane:
    """Ready once it is entered; `silence`, `resume` and `report` as those of a `PlayerThread`."""

    def __init__(self, *, nodes: int, speed: float, node_grace_seconds: int = 10, seed: int = 0) -> None:
        self.directory = Path(tempfile.mkdtemp(prefix="demo-"))
        self.kubeconfig = self.directory / "admin.kubeconfig"
        self._cluster = Cluster(nodes=nodes, speed=speed, node_grace=node_grace_seconds, seed=seed)
        self._gate: _Gate | None = None
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="demo-cluster", daemon=True)

    @property
    def server(self) -> str:
        return self._opened().url

    @property
    def nodes(self) -> list[str]:
        return list(self._cluster.player.nodes)

    def silence(self, node: str) -> None:
        self._call(self._cluster.player.silence(node))

    def resume(self, node: str) -> None:
        self._call(self._cluster.player.resume(node))

    def report(self, node: str, problem: str | None) -> None:
        self._call(self._cluster.player.report(node, problem))

    async def stop_apiserver(self) -> None:
        """Nobody reaches it any more, and who was connected is cut off; the kubelets stay."""
        await asyncio.to_thread(self._call, self._opened().close())

    async def start_apiserver(self) -> None:
        await asyncio.to_thread(self._call, self._opened().open())

    def check(self) -> None:
        """Raises what went wrong in the player."""
        if errors := self._cluster.player.errors:
            raise BaseExceptionGroup("the kubelet player failed", errors)

    async def __aenter__(self) -> Self:
        self._thread.start()
        await asyncio.to_thread(self._call, self._start())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await asyncio.to_thread(self._call, self._stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        await asyncio.to_thread(self._thread.join, TIMEOUT)
        self._loop.close()
        await asyncio.to_thread(shutil.rmtree, self.directory, ignore_errors=True)

    async def _start(self) -> None:
        await self._cluster.__aenter__()
        self._cluster.kubeconfig(self.kubeconfig)
        self._gate = _Gate(self._cluster.url)
        await self._gate.open()
        content = self.kubeconfig.read_text()
        self.kubeconfig.write_text(content.replace(self._cluster.url, self._gate.url))

    async def _stop(self) -> None:
        await self._opened().close()
        await self._cluster.__aexit__(None, None, None)

    def _opened(self) -> _Gate:
        if self._gate is None:
            raise RuntimeError("the demo cluster has not been started")
        return self._gate

    def _call(self, coroutine: Coroutine[Any, Any, None]) -> None:
        future: Future[None] = asyncio.run_coroutine_threadsafe(coroutine, self._loop)
        future.result(TIMEOUT)


class _Gate:
    """Hands connections on to the cluster while it is open; opens on the same port again."""

    def __init__(self, target: str) -> None:
        self.url = ""
        self._host, _, port = target.removeprefix("http://").partition(":")
        self._target = int(port)
        self._port = 0
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.Task[None]] = set()

    async def open(self) -> None:
        self._server = await asyncio.start_server(self._hand_on, self._host, self._port)
        self._port = self._server.sockets[0].getsockname()[1]
        self.url = f"http://{self._host}:{self._port}"

    async def close(self) -> None:
        if self._server is not None:
            self._server.close()
            for task in self._connections:
                task.cancel()
            await asyncio.gather(*self._connections, return_exceptions=True)
            self._server = None

    async def _hand_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._connections.add(task)
        try:
            async with _connected(self._host, self._target) as (inner_reader, inner_writer):
                both = {asyncio.create_task(one) for one in (_copy(reader, inner_writer), _copy(inner_reader, writer))}
                try:
                    await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
                finally:
                    for one in both:
                        one.cancel()
                    await asyncio.gather(*both, return_exceptions=True)
        except (OSError, asyncio.CancelledError):
            pass  # cut off: by the cluster's end or by the gate's
        finally:
            self._connections.discard(task)
            writer.transport.abort()


@asynccontextmanager
async def _connected(host: str, port: int) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    reader, writer = await asyncio.open_connection(host, port)
    try:
        yield reader, writer
    finally:
        writer.transport.abort()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError):
        while piece := await reader.read(CHUNK):
            writer.write(piece)
            await writer.drain()
