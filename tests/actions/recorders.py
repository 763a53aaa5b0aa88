"""A desk and a journal that record, requests for actions, and running a Runner until all of them are done."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from contextlib import asynccontextmanager
from typing import Any

import msgspec

from graph.actions.objects import Api
from graph.actions.runner import Lookup, Runner
from graph.config import Settings, load
from graph.model import instant
from graph.model.action import Action, ActionRequest, ActionState, LogEntry, LogLevel
from graph.model.ref import Key, encode_id
from graph.model.resource import ActionChange, Change, LogChange, Resource

CLUSTER = "c1"
NOW = 1_795_000_000.0
WORDS = {"CRONJOB": ("CronJob", "batch/v1"), "DEPLOYMENT": ("Deployment", "apps/v1")}
_numbers = itertools.count(1)


def asked(
    name: str, namespace: str, target: str, *, replicas: int | None = None, cluster: str = CLUSTER
) -> ActionRequest:
    """A new request, as the api makes it."""
    kind = "DEPLOYMENT" if name.endswith("Deployment") else "CRONJOB"
    return ActionRequest(
        id=encode_id("ACTION", cluster, f"token-{next(_numbers)}"),
        name=name,
        target=Key(cluster, kind, namespace, target),
        requested_at="2026-11-22T11:18:45.000Z",
        requested_by="ann",
        reason="a test",
        replicas=replicas,
    )


def known(key: Key) -> Resource:
    """Every object is known, and belongs to the service ``shop``."""
    kind, api_version = WORDS[key.kind]
    service = Key(key.cluster, "SERVICE", key.namespace, "shop")
    return Resource(key, "uid", kind, api_version, {}, None, None, None, service, None, None)


def unknown(_: Key) -> None:
    """No object is known."""


class Journal:
    """Keeps what is put. While ``stored`` is not set it counts as not written."""

    def __init__(self) -> None:
        self.changes: list[Change] = []
        self.stored = asyncio.Event()
        self.stored.set()

    async def written(self) -> None:
        await self.stored.wait()

    def put(self, changes: Iterable[Change]) -> None:
        self.changes.extend(changes)

    @property
    def actions(self) -> list[Action]:
        return [change.action for change in self.changes if isinstance(change, ActionChange)]

    @property
    def entries(self) -> list[LogEntry]:
        return [change.entry for change in self.changes if isinstance(change, LogChange)]

    @property
    def last(self) -> Action:
        return self.actions[-1]

    @property
    def messages(self) -> list[str]:
        return [entry.message for entry in self.entries]

    @property
    def errors(self) -> list[LogEntry]:
        return [entry for entry in self.entries if entry.level is LogLevel.ERROR]

    @property
    def text(self) -> str:
        """All that would reach Redis."""
        values = [change.action if isinstance(change, ActionChange) else change.entry for change in _told(self.changes)]
        return msgspec.json.encode(values).decode()


def _told(changes: Iterable[Change]) -> Iterator[ActionChange | LogChange]:
    return (change for change in changes if isinstance(change, ActionChange | LogChange))


class Desk:
    """Holds requests until they are done. ``troubles`` are raised first, one for each reading or doing."""

    def __init__(self, *requests: ActionRequest) -> None:
        self.waiting: dict[str, ActionRequest] = {str(at): request for at, request in enumerate(requests)}
        self.done_with: list[str] = []
        self.reading_troubles: list[Exception] = []
        self.doing_troubles: list[Exception] = []
        self.empty = asyncio.Event()

    async def requests(self, cluster: str) -> AsyncIterator[tuple[str, ActionRequest]]:
        for receipt, request in tuple(self.waiting.items()):
            yield receipt, request
            if self.reading_troubles:
                raise self.reading_troubles.pop(0)
        await asyncio.Event().wait()

    async def done(self, cluster: str, receipt: str) -> None:
        if self.doing_troubles:
            raise self.doing_troubles.pop(0)
        self.done_with.append(self.waiting.pop(receipt).id)
        if not self.waiting:
            self.empty.set()


async def soon(_: float) -> None:
    """Waits for nothing."""
    await asyncio.sleep(0)


@asynccontextmanager
async def running(
    api: Api, desk: Desk, journal: Journal, *, lookup: Lookup = known, settings: Settings | None = None
) -> AsyncIterator[None]:
    """A Runner at work."""
    chosen = settings or load(actions="on", cluster=CLUSTER)
    runner = Runner(api, desk, settings=chosen, clock=lambda: NOW, sleep=soon)
    task = asyncio.create_task(runner(journal, lookup))
    try:
        yield
    finally:
        task.cancel()
        ended = await asyncio.gather(task, return_exceptions=True)
    assert isinstance(ended[0], asyncio.CancelledError)


async def carried_out(api: Api, *requests: ActionRequest, **options: Any) -> Journal:
    """What is told until all requests are done."""
    desk, journal = Desk(*requests), Journal()
    async with running(api, desk, journal, **options):
        await asyncio.wait_for(desk.empty.wait(), 30)
    return journal


def states(journal: Journal) -> list[ActionState]:
    """The states of the action, each told once."""
    return [state for state, _ in itertools.groupby(action.state for action in journal.actions)]


def started_at() -> str:
    """The runner's clock, as it is told."""
    return instant.show(NOW)


class Scripted:
    """An API server that answers by a function: bytes, or an error to raise; keeps what was asked."""

    def __init__(self, answer: Callable[[str, str, Any], Any]) -> None:
        self._answer = answer
        self.asked: list[tuple[str, str]] = []

    async def request(
        self, method: str, path: str, *, body: Any = None, content_type: str = "application/json"
    ) -> bytes:
        self.asked.append((method, path))
        answer = self._answer(method, path, body)
        if asyncio.iscoroutine(answer):
            answer = await answer
        if isinstance(answer, Exception):
            raise answer
        return msgspec.json.encode(answer)


Happening = Callable[[str, str], Awaitable[None]]


async def nothing(method: str, path: str) -> None:
    """Happens most of the time."""


class Between:
    """A real API server, and what happens before a request reaches it or after it was carried out."""

    def __init__(self, api: Api, *, before: Happening = nothing, after: Happening = nothing) -> None:
        self._api = api
        self._before = before
        self._after = after

    async def request(
        self, method: str, path: str, *, body: Any = None, content_type: str = "application/json"
    ) -> bytes:
        await self._before(method, path)
        answer = await self._api.request(method, path, body=body, content_type=content_type)
        await self._after(method, path)
        return answer
