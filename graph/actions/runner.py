"""The action runner, a companion of the operator: takes requests from the desk, carries them out, tells how they fare.

Contract. A request is done with only when what was told of its end is stored; after a crash or a change of leader it is
carried out again from its start, which every step is made for. Actions of one object are carried out strictly in order,
of different objects a few at once. A request that cannot be carried out fails, with the reason in the operator log.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable
from typing import Protocol

import structlog
from msgspec import Struct

from graph.actions.objects import Api, Objects
from graph.actions.perform import Sleep, perform
from graph.actions.procedure import Attempt
from graph.actions.procedures import PROCEDURES
from graph.actions.progress import Journal, Progress
from graph.actions.turns import Turns
from graph.config import Settings
from graph.errors import MalformedObject, StoreError
from graph.kinds.shared.text import clean
from graph.model.action import ActionRequest
from graph.model.ref import Key, ObjectRef
from graph.model.resource import Resource

RETRY = (0.2, 0.5, 1.0, 2.0, 5.0)
"""Seconds before the store is tried again; the last one for all later tries."""
STEADY = 10.0
"""The desk was read for so many seconds: the next trouble is a new one."""

Lookup = Callable[[Key], Resource | None]

log = structlog.get_logger(__name__)


class Requests(Protocol):
    """The operator's side of the Desk."""

    def requests(self, cluster: str) -> AsyncIterator[tuple[str, ActionRequest]]: ...

    async def done(self, cluster: str, receipt: str) -> None: ...


class _Lead(Struct, frozen=True):
    """What one lead works with."""

    journal: Journal
    lookup: Lookup
    turns: Turns


class Runner:
    """See the module. It is called anew each time this process leads. ``clock``: POSIX seconds."""

    def __init__(
        self,
        api: Api,
        desk: Requests,
        *,
        settings: Settings,
        clock: Callable[[], float],
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self._api = api
        self._desk = desk
        self._settings = settings
        self._clock = clock
        self._sleep = sleep

    async def __call__(self, outbox: Journal, lookup: Lookup) -> None:
        """Until cancelled."""
        lead = _Lead(outbox, lookup, Turns())
        now, failures = asyncio.get_running_loop().time, 0
        async with asyncio.TaskGroup() as tasks:
            while True:
                began = now()
                try:
                    async for receipt, request in self._desk.requests(self._settings.cluster):
                        if await lead.turns.enter(receipt):
                            tasks.create_task(self._accept(receipt, request, lead))
                except (StoreError, MalformedObject) as error:
                    failures = 0 if now() - began > STEADY else failures
                    await self._failed(error, failures)
                    failures += 1

    async def _accept(self, receipt: str, request: ActionRequest, lead: _Lead) -> None:
        resource = lead.lookup(request.target)
        progress = Progress(
            request,
            lead.journal,
            ref=resource.ref if resource is not None else _ref(request),
            service=resource.service if resource is not None else None,
            clock=self._clock,
        )
        progress.accepted()
        async with lead.turns.turn(receipt, request.target):
            await self._carry_out(request, progress, known=resource is not None)
            await lead.journal.written()  # a deposed leader's last words are lost: its successor does all of it again
            await self._done(receipt)

    async def _carry_out(self, request: ActionRequest, progress: Progress, *, known: bool) -> None:
        refusal = self._refusal(request, progress.target, known=known)
        if refusal is not None:
            progress.failed(refusal)
            return
        attempt = Attempt(request, Objects(self._api, request.target.namespace), progress.target)
        await perform(PROCEDURES[request.name], attempt, progress, sleep=self._sleep)

    def _refusal(self, request: ActionRequest, target: str, *, known: bool) -> str | None:
        """The api asks the same before; the operator does not rely on it."""
        if self._settings.actions == "off":
            return "Actions are off: this operator runs without STATUSGRAPH_ACTIONS=on."
        procedure = PROCEDURES.get(request.name)
        if procedure is None:
            return f"There is no action {clean(request.name)}."
        if request.target.kind != procedure.kind:
            return f"{procedure.name} is for a {procedure.resource.kind}, and {target} is none."
        return None if known else f"{target} is not known to this operator."

    async def _done(self, receipt: str) -> None:
        for failures in itertools.count():
            try:
                await self._desk.done(self._settings.cluster, receipt)
                return
            except StoreError as error:
                await self._failed(error, failures)

    async def _failed(self, error: Exception, failures: int) -> None:
        if not failures:
            log.warning("the requests for actions cannot be reached, trying again", problem=str(error))
        await self._sleep(RETRY[min(failures, len(RETRY) - 1)])


def _ref(request: ActionRequest) -> ObjectRef:
    """Of a target that is not known."""
    target, procedure = request.target, PROCEDURES.get(request.name)
    if procedure is None or procedure.kind != target.kind:
        return ObjectRef(target.kind, target.name, target.namespace, key=target)
    resource = procedure.resource
    return ObjectRef(resource.kind, target.name, target.namespace, api_version=resource.api_version, key=target)
