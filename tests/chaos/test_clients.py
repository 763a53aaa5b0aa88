"""R8 to R10 in short; `python -m tests.chaos R8 R9 R10` has the long versions."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest

from tests.chaos import clients
from tests.chaos.clients import Crowd
from tests.chaos.ledger import Budget, Tally

Started = dict[Callable[..., object], asyncio.Task[Tally]]
LAG = 2.0
"""Of readers beside stalled ones; the long version is for a machine that does nothing else, this is not."""


@pytest.fixture(scope="module")
async def started(redis_program: str) -> AsyncIterator[Started]:
    """All at once: they mostly wait."""
    crowds = {
        clients.no_loss: Crowd(10),
        clients.stalled: Crowd(5, stalled=10, lag=LAG),
        clients.drained: Crowd(30),
    }
    tasks: Started = {
        run: asyncio.create_task(run(redis_program, crowd, Budget(trials=1))) for run, crowd in crowds.items()
    }
    yield tasks
    for task in tasks.values():
        task.cancel()
    await asyncio.gather(*tasks.values(), return_exceptions=True)


@pytest.mark.parametrize("run", [clients.no_loss, clients.stalled, clients.drained])
async def test_clients_lose_nothing(started: Started, run: Callable[..., object]) -> None:
    tally = await started[run]
    print(f"\n{tally.line()}")
    assert tally.trials
    assert tally.broken == []
