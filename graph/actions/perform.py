"""Carries out one attempt: step after step, each told when it begins and when it ends. The first that fails ends it."""

from __future__ import annotations

import traceback
from collections.abc import Awaitable, Callable
from pathlib import Path

import structlog

from graph.actions.procedure import Attempt, Procedure, Step, Told, refused
from graph.actions.progress import Progress
from graph.errors import ClusterError, ClusterUnreachable, MalformedObject
from graph.model.action import LogLevel

RETRY = (0.5, 1.0, 2.0)
"""Seconds before a step is tried again that the API server did not answer."""

Sleep = Callable[[float], Awaitable[None]]

log = structlog.get_logger(__name__)


async def perform(procedure: Procedure, attempt: Attempt, progress: Progress, *, sleep: Sleep) -> None:
    """Ends only when the action has ended, or by cancellation; never raises."""
    for step in procedure.steps:
        progress.begins(step)
        told, error = await _outcome(step, attempt, progress, sleep=sleep)
        progress.ends(step, told, error=error)
        if told.level is LogLevel.ERROR:
            return
    progress.succeeded()


async def _outcome(step: Step, attempt: Attempt, progress: Progress, *, sleep: Sleep) -> tuple[Told, str | None]:
    """What the step told, and the API server's own words where it failed by them."""
    failure = refused(f"Could not {step.purpose} {attempt.target}.")
    try:
        return await _tried(step, attempt, progress, sleep=sleep), None
    except (ClusterError, MalformedObject) as error:
        return failure, str(error)
    except Exception as error:  # noqa: BLE001 # a fault of ours must end this action alone, not the operator's lead
        log.error("an action failed by a fault of the operator", step=step.name, **_fault(error))
        return failure, f"the operator itself failed ({type(error).__name__})"


async def _tried(step: Step, attempt: Attempt, progress: Progress, *, sleep: Sleep) -> Told:
    for wait in RETRY:
        try:
            return await step.do(attempt)
        except ClusterUnreachable as error:
            progress.waits(step, str(error))
            await sleep(wait)
    return await step.do(attempt)


def _fault(error: Exception) -> dict[str, str]:
    """Where it was raised, but not its text: that may quote the manifest."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return {"fault": type(error).__name__, "at": f"{Path(frame.filename).name}:{frame.lineno}"}
