"""R1 and R4: whatever happens to the watches, Redis comes to hold what the cluster holds."""

from __future__ import annotations

import asyncio
import time
from collections import Counter

from tests.chaos.apiproxy import FAULTS, NAMED, ApiProxy, Ends, Fault
from tests.chaos.ledger import Budget, Tally
from tests.chaos.objects import RESOURCES
from tests.chaos.oracle import Difference
from tests.chaos.stage import SILENCE, Stage

STALE = 5.0
RECONNECT = 30.0
NOTICED = 5.0
"""Seconds beyond the silence limit in which a silent watch is opened again."""
AWAY = 1.0
"""Seconds for which a fault lasts beside the changes under it."""
OWNERS = {"ReplicaSet": "Deployment"}
"""Of the kinds whose records tell of an owner: what nobody told us of it yet cannot be in them."""


async def converges(stage: Stage, budget: Budget) -> Tally:
    """R1. In each round every kind meets another fault while it changes; the faults go round.

    A trial is one fault of one kind.
    """
    tally, kinds = Tally("R1", "the cache converges whatever the watch does"), list(RESOURCES)
    for round_ in budget:
        first = round_ * len(kinds)
        faults = {kind: FAULTS[(first + at + round_ // len(FAULTS)) % len(FAULTS)] for at, kind in enumerate(kinds)}
        await _round(stage, tally, faults)
        tally.trials += len(faults)
    return tally


async def _round(stage: Stage, tally: Tally, faults: dict[str, Fault]) -> None:
    began = time.monotonic()
    for kind, fault in faults.items():
        stage.proxy.break_(RESOURCES[kind], fault)
    await stage.objects.shake()
    await asyncio.sleep(AWAY)
    stage.proxy.heal()
    healed = time.monotonic()
    left, agreed = await stage.oracle.agreed(within=RECONNECT + SILENCE + STALE)
    none_left(tally, left)
    if left:
        tally.broken.append(f"under {[fault.name for fault in faults.values()]}")
    all_opened = {
        kind: next((at for at in stage.proxy.opened[resource] if at > began), began)
        for kind, resource in RESOURCES.items()
    }
    for kind, fault in faults.items():
        opened = all_opened[kind]
        if fault.ends is Ends.SILENT:
            tally.figure(f"silence of {SILENCE:g} s noticed s", opened - began, limit=SILENCE + NOTICED)
        tally.figure("reconnect s", opened - healed, limit=RECONNECT)
        if kind in agreed:
            stale = agreed[kind] - max(healed, opened, all_opened[OWNERS.get(kind, kind)])
            tally.figure("stale s", stale)
            tally.none_of("stale for long", [f"{kind} {stale:.2f} s after {fault.name}"] if stale > STALE else [])


def none_left(tally: Tally, left: Difference) -> None:
    """Whatever is left is a broken promise."""
    for name in ("lost", "ghosts", "stale"):
        tally.none_of(name, getattr(left, name))


async def relists(stage: Stage, budget: Budget) -> Tally:
    """R4. All kinds have to list again, while all of them change; a trial is one relist of one kind."""
    tally = Tally("R4", "a relist equals the list")
    for _ in budget:
        before = stage.proxy.lists.copy()
        shaking = asyncio.create_task(stage.objects.shake())
        await _listed_again(stage.proxy, before)
        await shaking
        changed = time.monotonic()
        left, agreed = await stage.oracle.agreed(within=STALE)
        none_left(tally, left)
        tally.figure("equal after s", max(agreed.values(), default=changed) - changed)
        tally.trials += sum((stage.proxy.lists - before).values())
    return tally


async def _listed_again(proxy: ApiProxy, before: Counter[str]) -> None:
    """A watch that was just being opened anew is told a moment later."""
    async with asyncio.timeout(RECONNECT):
        while missing := [one for one in RESOURCES.values() if proxy.lists[one] == before[one]]:
            for resource in missing:
                proxy.break_(resource, NAMED["410 as an event"])
            proxy.heal()
            await asyncio.sleep(0.05)
