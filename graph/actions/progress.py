"""Tells how an action fares: the Action anew at each of its steps, and what was done in the operator log."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable
from typing import Protocol

from msgspec.structs import replace

from graph.actions.procedure import Step, Told
from graph.kinds.shared.text import clean
from graph.model import instant
from graph.model.action import Action, ActionRequest, ActionState, ActionStep, LogEntry, LogLevel
from graph.model.ref import Key, ObjectRef
from graph.model.resource import ActionChange, Change, LogChange

LONGEST_ERROR = 16_000
"""Characters: the API server's own messages fit, an admission webhook's novel does not."""


class Journal(Protocol):
    """What is put is written once, in order, sooner or later; ``written`` returns when all of it is."""

    def put(self, changes: Iterable[Change]) -> None: ...

    async def written(self) -> None: ...


class Progress:
    """Of one attempt. ``clock``: POSIX seconds."""

    def __init__(
        self,
        request: ActionRequest,
        journal: Journal,
        *,
        ref: ObjectRef,
        service: Key | None,
        clock: Callable[[], float],
    ) -> None:
        self.target = f"{ref.kind} {request.target.namespace}/{request.target.name}"
        self._journal = journal
        self._service = service
        self._clock = clock
        self._reason = clean(request.reason)
        self._action = Action(
            id=request.id,
            name=clean(request.name),
            object=ref,
            target=request.target,
            state=ActionState.ACCEPTED,
            requested_at=request.requested_at,
            requested_by=clean(request.requested_by) or None,
        )

    def accepted(self) -> None:
        """The operator knows of it; it may have to wait for its turn."""
        by = f", asked for by {self._action.requested_by}" if self._action.requested_by else ""
        reason = f": {self._reason}" if self._reason else ""
        self._tell(Told(f"Accepted {self._action.name} of {self.target}{by}{reason}"))

    def begins(self, step: Step) -> None:
        """A step is under way."""
        steps = (*self._action.steps, ActionStep(step.name, ActionState.RUNNING, self._now))
        self._action = replace(self._action, state=ActionState.RUNNING, steps=steps)
        self._journal.put([ActionChange(self._action)])

    def waits(self, step: Step, error: str) -> None:
        """A step is tried again in a moment."""
        told = Told(f"Could not {step.purpose} {self.target}, trying again.", LogLevel.WARNING)
        self._tell(told, step=step.name, error=error)

    def ends(self, step: Step, told: Told, *, error: str | None = None) -> None:
        """A step was done; with an ERROR it ends the action, too. ``error``: in the API server's own words."""
        failed = told.level is LogLevel.ERROR
        state = ActionState.FAILED if failed else ActionState.SUCCEEDED
        steps = (*self._action.steps[:-1], ActionStep(step.name, state, self._now, told.message))
        self._action = replace(self._action, steps=steps)
        if failed:
            self._finish(state, error=whole(error) or told.message)
        self._tell(told, step=step.name, error=error)

    def failed(self, message: str) -> None:
        """It ends without (or beside) a step."""
        self._finish(ActionState.FAILED, error=message)
        self._tell(Told(message, LogLevel.ERROR))

    def succeeded(self) -> None:
        """All steps were done."""
        self._finish(ActionState.SUCCEEDED)
        self._journal.put([ActionChange(self._action)])

    @property
    def _now(self) -> str:
        return instant.show(self._clock())

    def _finish(self, state: ActionState, *, error: str | None = None) -> None:
        self._action = replace(self._action, state=state, finished_at=self._now, error=error)

    def _tell(self, told: Told, *, step: str | None = None, error: str | None = None) -> None:
        """The action as it is now, and an entry of the log."""
        cluster = self._action.target.cluster
        entry = LogEntry(
            id=secrets.token_hex(8),  # another for each attempt: both are told
            at=self._now,
            level=told.level,
            cluster=cluster,
            object=self._action.object,
            service=self._service,
            message=told.message,
            action=self._action.id,
            step=step,
            error=whole(error) or None,
        )
        self._journal.put([ActionChange(self._action), LogChange(entry)])


def whole(text: str | None) -> str:
    """The API server's message made inert, but not cut as other texts are."""
    return clean(text, longest=LONGEST_ERROR)
