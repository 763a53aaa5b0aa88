"""A request is carried out again from its start after a crash, wherever it hit, and nothing happens twice."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from graph.errors import ClusterUnreachable
from graph.kube.client import Kube as Api
from graph.model.action import ActionRequest, ActionState, LogLevel
from tests.actions.recorders import Between, Desk, Journal, asked, carried_out, running
from tests.actions.samples import cronjob, deployment
from tests.controlplane.kube import Kind, Kube

KEPT = Kind("apps/v1", "controllerrevisions")
REVISION = "report-statusgraph-stopped"

CHANGES = [
    ("stopCronjob", 1),
    ("stopCronjob", 2),
    ("startCronjob", 1),
    ("startCronjob", 2),
    ("triggerCronjob", 1),
    ("restartDeployment", 1),
    ("scaleDeployment", 1),
]
"""Each action, and each of the changes that it makes in the cluster."""


class Nth:
    """Counts changes of the cluster; ``reached`` when so many were made."""

    def __init__(self, most: int) -> None:
        self.left = most
        self.reached = asyncio.Event()

    def counts(self, method: str) -> bool:
        """Whether this is the one."""
        self.left -= method != "GET"
        return method != "GET" and self.left == 0


async def prepared(name: str, api: Api, kube: Kube, namespace: str) -> ActionRequest:
    """What the action needs is there."""
    if name.endswith("Deployment"):
        await kube.create(deployment("web"), namespace=namespace)
        return asked(name, namespace, "web", replicas=3)
    await kube.create(cronjob("report"), namespace=namespace)
    if name == "startCronjob":
        await carried_out(api, asked("stopCronjob", namespace, "report"))
    return asked(name, namespace, "report")


async def outcome(kube: Kube, namespace: str) -> dict[str, Any]:
    """What the actions change, as far as it tells once from twice."""
    deployments = await kube.list("Deployment", namespace=namespace)
    return {
        "cronjobs": len(await kube.list("CronJob", namespace=namespace)),
        "kept": len(await kube.list(KEPT, namespace=namespace)),
        "jobs": len(await kube.list("Job", namespace=namespace)),
        "generations": [one["metadata"]["generation"] for one in deployments],
    }


EXPECTED: dict[str, dict[str, Any]] = {
    "stopCronjob": {"cronjobs": 0, "kept": 1, "jobs": 0, "generations": []},
    "startCronjob": {"cronjobs": 1, "kept": 0, "jobs": 0, "generations": []},
    "triggerCronjob": {"cronjobs": 1, "kept": 0, "jobs": 1, "generations": []},
    "restartDeployment": {"cronjobs": 0, "kept": 0, "jobs": 0, "generations": [2]},
    "scaleDeployment": {"cronjobs": 0, "kept": 0, "jobs": 0, "generations": [2]},
}


@pytest.mark.parametrize(("name", "change"), CHANGES)
async def test_the_next_leader_finishes_what_a_crash_cut_off(
    name: str, change: int, api: Api, kube: Kube, namespace: str
) -> None:
    desk = Desk(await prepared(name, api, kube, namespace))
    nth = Nth(change)

    async def crash(method: str, path: str) -> None:
        if nth.counts(method):
            nth.reached.set()
            await asyncio.Event().wait()

    async with running(Between(api, after=crash), desk, Journal()):
        await asyncio.wait_for(nth.reached.wait(), 30)
    assert desk.done_with == []
    journal = Journal()
    async with running(api, desk, journal):
        await asyncio.wait_for(desk.empty.wait(), 30)
    assert (journal.last.state, journal.last.error) == (ActionState.SUCCEEDED, None)
    assert await outcome(kube, namespace) == EXPECTED[name]


@pytest.mark.parametrize(("name", "change"), CHANGES)
async def test_a_change_whose_answer_was_lost_is_not_made_twice(
    name: str, change: int, api: Api, kube: Kube, namespace: str
) -> None:
    request, nth = await prepared(name, api, kube, namespace), Nth(change)

    async def lose(method: str, path: str) -> None:
        if nth.counts(method):
            raise ClusterUnreachable("connection reset")

    journal = await carried_out(Between(api, after=lose), request)
    assert (journal.last.state, journal.last.error) == (ActionState.SUCCEEDED, None)
    assert [entry.error for entry in journal.entries if entry.level is LogLevel.WARNING] == ["connection reset"]
    assert await outcome(kube, namespace) == EXPECTED[name]


@pytest.mark.parametrize("name", EXPECTED)
async def test_a_request_that_was_done_may_come_again(name: str, api: Api, kube: Kube, namespace: str) -> None:
    request = await prepared(name, api, kube, namespace)
    await carried_out(api, request)
    journal = await carried_out(api, request)
    assert (journal.last.state, journal.last.error) == (ActionState.SUCCEEDED, None)
    assert await outcome(kube, namespace) == EXPECTED[name]
