"""A kubelet player on a thread of its own, for tests: it goes on while a test blocks, or while no test runs."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from concurrent.futures import Future
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from graph.demo.player import Pace, Player

from .kubeconfig import api_of

STOP_TIMEOUT = 15.0


class PlayerThread:
    """`silence`, `resume` and `report` may be called from any thread; leaving the context raises what went wrong."""

    def __init__(self, kubeconfig: Path, *, nodes: int = 3, pace: Pace | None = None) -> None:
        self._kubeconfig = kubeconfig
        self._count = nodes
        self._pace = pace
        self._registered = threading.Event()
        self._thread = threading.Thread(target=self._main, name="kubelet-player", daemon=True)
        self._error: BaseException | None = None
        self._player: Player | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[None] | None = None

    @property
    def nodes(self) -> list[str]:
        return list(self._running().nodes)

    def silence(self, node: str) -> None:
        """Stops a node's heartbeats and its pods' statuses, as a cut network does."""
        self._call(self._running().silence(node))

    def resume(self, node: str) -> None:
        self._call(self._running().resume(node))

    def report(self, node: str, problem: str | None) -> None:
        """Lets a node say of itself that it is not ready, or with None that it is."""
        self._call(self._running().report(node, problem))

    def __enter__(self) -> Self:
        self._thread.start()
        self._registered.wait()
        if self._error is not None:
            raise self._error
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._loop is not None and self._task is not None and self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._task.cancel)
        self._thread.join(STOP_TIMEOUT)
        errors = [*self._running().errors, *([self._error] if self._error else [])]
        if errors and error is None:
            raise BaseExceptionGroup("the kubelet player failed", errors)

    def _running(self) -> Player:
        if self._player is None:
            raise RuntimeError("the player has not been started")
        return self._player

    def _call(self, coroutine: Coroutine[Any, Any, None]) -> None:
        if self._loop is None:
            raise RuntimeError("the player has not been started")
        future: Future[None] = asyncio.run_coroutine_threadsafe(coroutine, self._loop)
        future.result(STOP_TIMEOUT)

    def _main(self) -> None:
        try:
            asyncio.run(self._play())
        except asyncio.CancelledError:
            return
        except Exception as error:  # noqa: BLE001 - handed to the thread that leaves the context
            self._error = error
        finally:
            self._registered.set()

    async def _play(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._task = asyncio.current_task()
        async with api_of(self._kubeconfig) as api:
            self._player = Player(api, nodes=self._count, pace=self._pace)
            await self._player.run(self._registered)
