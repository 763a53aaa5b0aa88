"""Actions that cannot be done, on a real API server: they end FAILED, say why, and leave things as they were."""

from __future__ import annotations

from typing import Any

import pytest

from graph.kube.client import Kube as Api
from graph.kube.client import connect
from graph.model.action import ActionState
from tests.actions.recorders import Between, asked, carried_out
from tests.actions.samples import cronjob
from tests.controlplane.kube import Kind, Kube
from tests.controlplane.plane import ControlPlane

KEPT = Kind("apps/v1", "controllerrevisions")
REVISION = "report-statusgraph-stopped"
NAMES = ("stopCronjob", "startCronjob", "triggerCronjob", "restartDeployment", "scaleDeployment")


@pytest.mark.parametrize("name", NAMES)
async def test_an_object_that_is_not_there_fails_and_is_named(name: str, api: Api, namespace: str) -> None:
    journal = await carried_out(api, asked(name, namespace, "nobody", replicas=1))
    assert journal.last.state is ActionState.FAILED
    assert f"{namespace}/nobody" in str(journal.last.error)
    assert [step.state for step in journal.last.steps] == [ActionState.FAILED]
    assert journal.last.finished_at is not None


@pytest.mark.parametrize("name", NAMES)
async def test_what_rbac_forbids_fails_in_the_servers_own_words(
    name: str, kube: Kube, namespace: str, control_plane: ControlPlane
) -> None:
    account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "weak"}}
    await kube.create(account, namespace=namespace)
    token = await kube.token("weak", namespace=namespace)
    weak = await connect(str(control_plane.write_kubeconfig(f"weak-{namespace}", token=token)), None)
    journal = await carried_out(weak, asked(name, namespace, "report", replicas=1))
    await weak.close()
    (entry,) = journal.errors
    assert f'User "system:serviceaccount:{namespace}:weak" cannot get resource' in str(entry.error)
    assert entry.step == "read"
    assert (journal.last.state, journal.last.error) == (ActionState.FAILED, entry.error)


async def test_a_cronjob_that_was_never_stopped_cannot_be_started(api: Api, kube: Kube, namespace: str) -> None:
    before = await kube.create(cronjob("report"), namespace=namespace)
    journal = await carried_out(api, asked("startCronjob", namespace, "report"))
    assert journal.last.error == f"CronJob {namespace}/report is not stopped: there is nothing to start."
    after = await kube.get("CronJob", "report", namespace=namespace)
    assert after["metadata"]["uid"] == before["metadata"]["uid"]


async def test_a_stopped_cronjob_can_be_neither_stopped_nor_triggered(api: Api, kube: Kube, namespace: str) -> None:
    await kube.create(cronjob("report"), namespace=namespace)
    await carried_out(api, asked("stopCronjob", namespace, "report"))
    stopped = await carried_out(api, asked("stopCronjob", namespace, "report"))
    triggered = await carried_out(api, asked("triggerCronjob", namespace, "report"))
    assert stopped.last.error == f"CronJob {namespace}/report is stopped already."
    assert triggered.last.error == f"CronJob {namespace}/report is stopped: start it first."


async def test_starting_does_not_touch_another_cronjob_of_the_name(api: Api, kube: Kube, namespace: str) -> None:
    await kube.create(cronjob("report"), namespace=namespace)
    await carried_out(api, asked("stopCronjob", namespace, "report"))
    other = await kube.create(cronjob("report"), namespace=namespace)
    journal = await carried_out(api, asked("startCronjob", namespace, "report"))
    assert journal.last.state is ActionState.FAILED
    assert journal.errors[0].error == 'cronjobs.batch "report" already exists'
    after = await kube.get("CronJob", "report", namespace=namespace)
    assert after["metadata"]["uid"] == other["metadata"]["uid"]
    assert await kube.find(KEPT, REVISION, namespace=namespace) is not None


async def test_what_changed_hands_since_it_was_read_is_not_deleted(api: Api, kube: Kube, namespace: str) -> None:
    """And as it was not stopped, no manifest stays that would make it look so."""
    await kube.create(cronjob("report"), namespace=namespace)
    other: dict[str, Any] = {}

    async def recreated(method: str, path: str) -> None:
        if method == "DELETE" and path.endswith("/cronjobs/report"):
            await kube.delete("CronJob", "report", namespace=namespace)
            other.update(await kube.create(cronjob("report"), namespace=namespace))

    journal = await carried_out(Between(api, before=recreated), asked("stopCronjob", namespace, "report"))
    assert journal.last.state is ActionState.FAILED
    assert "the UID in the precondition" in str(journal.errors[0].error)
    after = await kube.get("CronJob", "report", namespace=namespace)
    assert after["metadata"]["uid"] == other["metadata"]["uid"]
    assert await kube.find(KEPT, REVISION, namespace=namespace) is None


async def test_a_foreign_revision_of_the_name_is_left_alone(api: Api, kube: Kube, namespace: str) -> None:
    body = {"apiVersion": "apps/v1", "metadata": {"name": REVISION}, "revision": 7, "data": {"mine": True}}
    await kube.api.request("POST", KEPT.path(namespace), body={**body, "kind": "ControllerRevision"})
    await kube.create(cronjob("report"), namespace=namespace)
    journal = await carried_out(api, asked("stopCronjob", namespace, "report"))
    assert journal.last.state is ActionState.FAILED
    assert f"ControllerRevision {REVISION} exists and was not made by Statusgraph" in str(journal.last.error)
    assert (await kube.get(KEPT, REVISION, namespace=namespace))["data"] == {"mine": True}
    assert await kube.find("CronJob", "report", namespace=namespace) is not None


async def test_a_cronjob_that_somebody_deletes_already_is_not_stopped(api: Api, kube: Kube, namespace: str) -> None:
    await kube.create(cronjob("report", finalizers=["example.com/hold"]), namespace=namespace)
    await kube.delete("CronJob", "report", namespace=namespace)
    journal = await carried_out(api, asked("stopCronjob", namespace, "report"))
    assert "is being deleted already" in str(journal.last.error)
    await kube.patch("CronJob", "report", {"metadata": {"finalizers": None}}, namespace=namespace)
