"""Where R1, R3, R4 and R5 are played: a cluster, the proxy before it, Redis, and our processes."""

from __future__ import annotations

import asyncio
import secrets
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from tests.chaos.apiproxy import ApiProxy
from tests.chaos.objects import Objects
from tests.chaos.oracle import Oracle
from tests.controlplane.kube import Kube
from tests.e2e.client import query
from tests.e2e.system import System
from tests.servers import RedisServer

SILENCE = 3.0
PATIENT = 70.0
"""A limit that bookmarks keep, as the default does: under ``SILENCE`` quiet watches come and go."""
FRESHNESS = "{ clusters { freshness { state } } }"
POLL = 0.02


@dataclass
class Stage:
    """Everything that is running."""

    proxy: ApiProxy
    redis: RedisServer
    system: System
    objects: Objects
    oracle: Oracle

    async def state(self) -> str:
        """Freshness, as the api says it; empty while it tells of no cluster."""
        with suppress(OSError):
            clusters = (await query(self.system.api.port, FRESHNESS))["clusters"]
            return str(clusters[0]["freshness"]["state"]) if clusters else ""
        return ""

    async def until(self, holds: Callable[[str], bool], within: float) -> float:
        """Seconds until the freshness was so; TimeoutError."""
        began = time.monotonic()
        async with asyncio.timeout(within):
            while not holds(await self.state()):  # noqa: ASYNC110 # to be told would be another path
                await asyncio.sleep(POLL)
        return time.monotonic() - began


@asynccontextmanager
async def staged(
    kubeconfig: Path, redis_program: str, *, lease: float = 4, silence: float = SILENCE
) -> AsyncIterator[Stage]:
    """One operator and one api, synced, over a Redis with AOF and an API server that already runs."""
    redis, namespace = RedisServer(redis_program, appendonly=True), f"chaos-{secrets.token_hex(4)}"
    redis.start()
    oracle: Oracle | None = None
    with tempfile.TemporaryDirectory(prefix="statusgraph-chaos-") as home:
        try:
            async with Kube.from_kubeconfig(kubeconfig) as kube, ApiProxy(kubeconfig) as proxy:
                objects, oracle = Objects(kube, namespace), Oracle(kube, namespace, redis.url)
                await objects.begin()
                through = proxy.write_kubeconfig(Path(home) / "kubeconfig")
                settings = {"watch_silence": f"{silence:g}", "lease_seconds": f"{lease:g}", "lease_name": namespace}
                async with System(redis, through, **settings) as system:
                    yield Stage(proxy, redis, system, objects, oracle)
                await kube.delete("Namespace", namespace)
        finally:
            if oracle is not None:
                await oracle.server.close()
            redis.close()
