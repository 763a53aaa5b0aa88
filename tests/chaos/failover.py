"""R5, the other way to lose a Redis: its primary is killed, and Sentinels make the replica the next one."""

from __future__ import annotations

import asyncio
import secrets
import time
from contextlib import suppress
from pathlib import Path

from tests.chaos.ledger import Budget, Tally
from tests.chaos.objects import Objects
from tests.chaos.oracle import Oracle
from tests.chaos.watching import none_left
from tests.controlplane.kube import Kube
from tests.e2e.client import Ledger, query
from tests.e2e.system import System
from tests.servers import RedisServer
from tests.store.sentinels import Sentinels, settled

GOES_ON = 15.0
"""Seconds, of which the Sentinels take some to agree."""
AGREES = 10.0
STATE = "{ clusters { freshness { state } } }"


async def failover(kubeconfig: Path, program: str, *, lease: float, budget: Budget) -> Tally:
    """In each trial the primary of the day is killed while the cluster changes, and comes back as a replica."""
    tally, namespace = Tally("R5", "a failover is followed by both"), f"chaos-{secrets.token_hex(4)}"
    with Sentinels(program) as sentinels:
        await settled(sentinels)
        async with Kube.from_kubeconfig(kubeconfig) as kube:
            objects, oracle = Objects(kube, namespace), Oracle(kube, namespace, sentinels.url)
            await objects.begin()
            settings = {"redis_url": sentinels.url, "lease_seconds": f"{lease:g}", "lease_name": namespace}
            try:
                async with (
                    System(sentinels.primary, kubeconfig, **settings) as system,
                    Ledger(system.api.port) as heard,
                ):
                    killed: RedisServer | None = None
                    for _ in budget:
                        if killed is not None:
                            await sentinels.back(killed)
                        killed = await _trial(tally, sentinels, system=system, objects=objects, oracle=oracle)
                    tally.figure("told as a loss", len(heard.resets))
            finally:
                await oracle.server.close()
                await kube.delete("Namespace", namespace)
    return tally


async def _trial(
    tally: Tally, sentinels: Sentinels, *, system: System, objects: Objects, oracle: Oracle
) -> RedisServer:
    """Which one was killed."""
    await _until_live(system)
    await oracle.agreed(within=GOES_ON)
    await settled(sentinels)  # on a busy machine they may take a primary for gone that is not
    port = (await oracle.asked("INFO", "server"))["tcp_port"]
    primary = next(one for one in sentinels.servers if one.port == port)
    changing = asyncio.create_task(objects.shake())
    primary.kill()
    began = time.monotonic()
    await changing
    left, agreed = await oracle.agreed(within=GOES_ON + AGREES)
    none_left(tally, left)
    tally.figure("operator goes on s", max(agreed.values(), default=began) - began, limit=GOES_ON)
    await _until_live(system)
    tally.figure("api goes on s", time.monotonic() - began, limit=GOES_ON)
    tally.none_of("disorder", await oracle.disorder())
    tally.trials += 1
    return primary


async def _until_live(system: System) -> None:
    async with asyncio.timeout(GOES_ON + AGREES):
        while await _state(system) != "LIVE":  # noqa: ASYNC110 # to be told would be another path
            await asyncio.sleep(0.02)


async def _state(system: System) -> str:
    with suppress(OSError):
        for one in (await query(system.api.port, STATE))["clusters"]:
            return str(one["freshness"]["state"])
    return ""
