"""The table: its lines, in which order they are tried, and what was found."""

from __future__ import annotations

import asyncio
import inspect
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from tests.apis import Apis
from tests.conformance import clients, draining, http, websocket
from tests.conformance.target import Target

CHECKS = [
    *(http.h1, http.h2, http.h3, http.h4, http.h5, http.h6, http.h7, http.h8, http.h9),
    *(websocket.w1, websocket.w2, websocket.w3, websocket.w4, websocket.w5, websocket.w6, websocket.w7),
    *(draining.w8, websocket.w9),
]
ALONE = (http.h7, websocket.w4, websocket.w9)
"""What would disturb others."""
OURS = (websocket.w7, draining.w8)
"""What only a server of our own can be asked for."""
EXAMPLES = [
    *(clients.curl, clients.graphql_ws, clients.apollo, clients.urql, clients.gql, clients.idempotency),
    clients.codegen,
]


@dataclass(frozen=True)
class Line:
    """One promise, and how it is tried."""

    name: str
    says: str
    run: Callable[[], Awaitable[None]]
    alone: bool = True


@dataclass(frozen=True)
class Finding:
    """``problem``: None when the promise was kept."""

    line: Line
    problem: str | None
    seconds: float

    def __str__(self) -> str:
        verdict = "ok" if self.problem is None else f"FAILED: {self.problem}"
        return f"{self.line.name:<12} {self.line.says:<112} {self.seconds:5.1f} s  {verdict}"


def server(program: str) -> AbstractAsyncContextManager[Apis]:
    """What is started to be looked at: two processes, as one of them is ended."""
    most, waiting = str(websocket.MOST_SOCKETS), str(websocket.WAITING)
    return Apis(program, count=2, max_sockets=most, subscriber_queue=waiting)


def protocol(target: Target) -> list[Line]:
    """H1 to W9."""
    checks = [check for check in CHECKS if target.apis is not None or check not in OURS]
    return [_line(check.__name__.upper(), check, target, alone=check in ALONE) for check in checks]


def examples(folder: Path) -> list[Line]:
    """Of docs/clients.md, written to a folder."""
    return [_line(example.__name__, example, folder) for example in EXAMPLES]


async def tried(lines: Sequence[Line]) -> list[Finding]:
    """All of them, in their order; first, one after the other, what would disturb others, then the others at once."""
    found = {line.name: await _tried(line) for line in lines if line.alone}
    others = await asyncio.gather(*(_tried(line) for line in lines if not line.alone))
    found |= {finding.line.name: finding for finding in others}
    return [found[line.name] for line in lines]


def _line(name: str, check: Callable[[Any], Awaitable[None]], given: object, *, alone: bool = True) -> Line:
    return Line(name, " ".join((inspect.getdoc(check) or "").split()), partial(check, given), alone)


async def _tried(line: Line) -> Finding:
    began, problem = time.monotonic(), None
    try:
        await line.run()
    except Exception as error:  # noqa: BLE001 # whatever it is, the promise was not kept
        problem = f"{type(error).__name__}: {error}".partition("\n")[0][:300]
    return Finding(line, problem, time.monotonic() - began)
