"""Sends them to what HTTP, SSE and websocket share, and measures the CPU that each costs."""

from __future__ import annotations

import asyncio
import gc
import json
import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import msgspec

from graph.api.context import Context
from graph.api.execute import Operations, Request, formatted, unreadable
from graph.api.schema import build
from graph.kinds import KINDS
from tests.api.hostile.families import FAMILIES
from tests.api.world import World, shop

BUDGET_MS = 20.0
AGAIN = 3
BODY = 65_536
_decode = msgspec.json.Decoder(Request).decode


@dataclass
class Outcome:
    """Of one family."""

    tried: int = 0
    slowest: float = 0.0
    accepted: list[str] = field(default_factory=list)
    codes: set[str] = field(default_factory=set)


def attack(count: int, *, seed: int) -> dict[str, Outcome]:
    """Tries ``count`` documents, of each family as many."""
    world = World()
    world.load(shop())
    served = Operations(build(KINDS).core)
    outcomes = {make.__name__: Outcome() for make in FAMILIES}
    asyncio.run(_answer(b'{"query":"{services{totalCount}}"}', served, world.context))  # what is made once is made now
    with _collecting():
        for name, body in bodies(count, seed=seed):
            _try(body, outcomes[name], served, world.context)
    return outcomes


@contextmanager
def _collecting() -> Iterator[None]:
    """The garbage of each document is collected on its account, all that was there before on nobody's."""
    gc.collect()
    gc.freeze()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
        gc.unfreeze()


def _try(body: bytes, outcome: Outcome, served: Operations, context: Context) -> None:
    """One that takes long is tried again: other work on the machine makes the CPU slower, too."""
    answer, took = _timed(body, served, context)
    if took > BUDGET_MS / 2:
        took = min(took, *(_timed(body, served, context)[1] for _ in range(AGAIN)))
    outcome.slowest = max(outcome.slowest, took)
    outcome.tried += 1
    if answer.get("data") is not None or not answer["errors"]:
        outcome.accepted.append(body[:200].decode(errors="replace"))
    outcome.codes |= {error["extensions"]["code"] for error in answer["errors"]}


def _timed(body: bytes, served: Operations, context: Context) -> tuple[dict[str, Any], float]:
    began = time.process_time()
    answer = asyncio.run(_answer(body, served, context))
    gc.collect()
    return answer, (time.process_time() - began) * 1000


def bodies(count: int, *, seed: int) -> Iterator[tuple[str, bytes]]:
    """The same for the same seed."""
    dice = random.Random(seed)
    for index in range(count):
        make = FAMILIES[index % len(FAMILIES)]
        made = make(dice)
        request = {"query": made} if isinstance(made, str) else made
        yield make.__name__, (request if isinstance(request, bytes) else json.dumps(request).encode())[:BODY]


async def _answer(body: bytes, served: Operations, context: Context) -> dict[str, Any]:
    """As HTTP, SSE and websocket do it."""
    try:
        request = _decode(body)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        return {"errors": [{"message": unreadable(error), "extensions": {"code": "BAD_REQUEST"}}]}
    result = await anext(served.stream(request, context))
    answer: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(formatted(result)))
    return {"errors": [], **answer}
