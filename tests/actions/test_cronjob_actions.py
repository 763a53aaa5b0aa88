"""stop, start and trigger of a Cronjob, on a real API server."""

from __future__ import annotations

import msgspec
import pytest
import structlog

from graph.actions.objects import REVISIONS
from graph.kinds import cronjob as cronjobs
from graph.kube.client import Kube as Api
from graph.kube.paths import path_of
from graph.model.action import ActionState, LogLevel
from tests.actions.recorders import NOW, asked, carried_out, started_at, states
from tests.actions.samples import SECRET, cronjob
from tests.controlplane.kube import Kind, Kube

KEPT = Kind("apps/v1", "controllerrevisions")
REVISION = "report-statusgraph-stopped"
DONE = [ActionState.ACCEPTED, ActionState.RUNNING, ActionState.SUCCEEDED]


def test_the_graph_watches_the_revisions_in_which_actions_keep_manifests() -> None:
    assert cronjobs.KIND.kept == REVISIONS


async def test_a_stopped_cronjob_is_gone_and_its_manifest_is_kept(api: Api, kube: Kube, namespace: str) -> None:
    before = await kube.create(cronjob("report"), namespace=namespace)
    request = asked("stopCronjob", namespace, "report")
    journal = await carried_out(api, request)
    assert states(journal) == DONE
    assert await kube.find("CronJob", "report", namespace=namespace) is None
    kept = await kube.get(KEPT, REVISION, namespace=namespace)
    assert kept["revision"] == 1
    assert kept["metadata"]["labels"]["statusgraph.io/kept"] == "cronjob"
    assert "ownerReferences" not in kept["metadata"]
    assert kept["metadata"]["annotations"] == {
        "statusgraph.io/action": request.id,
        "statusgraph.io/stopped-uid": before["metadata"]["uid"],
        "statusgraph.io/requested-by": "ann",
        "statusgraph.io/reason": "a test",
    }
    assert set(kept["data"]) == {"apiVersion", "kind", "metadata", "spec"}
    assert set(kept["data"]["metadata"]) == {"name", "namespace", "labels", "annotations"}


async def test_what_is_kept_is_found_by_the_watch_and_reads_as_a_cronjob(api: Api, kube: Kube, namespace: str) -> None:
    await kube.create(cronjob("report"), namespace=namespace)
    await carried_out(api, asked("stopCronjob", namespace, "report"))
    raw = await api.request("GET", path_of(REVISIONS, namespace), query={"labelSelector": REVISIONS.selector})
    (found,) = msgspec.json.decode(raw)["items"]
    view = msgspec.json.decode(msgspec.json.encode(found["data"]), type=cronjobs.KIND.view)
    assert (view.metadata.namespace, view.metadata.name) == (namespace, "report")
    assert view.spec.schedule == "0 0 1 1 *"


async def test_a_started_cronjob_is_what_it_was(api: Api, kube: Kube, namespace: str) -> None:
    before = await kube.create(cronjob("report"), namespace=namespace)
    stop, start = asked("stopCronjob", namespace, "report"), asked("startCronjob", namespace, "report")
    journal = await carried_out(api, stop, start)
    assert journal.last.id == start.id
    assert journal.last.state is ActionState.SUCCEEDED
    after = await kube.get("CronJob", "report", namespace=namespace)
    assert after["metadata"]["uid"] != before["metadata"]["uid"]
    assert after["spec"] == before["spec"]
    assert after["metadata"]["labels"] == {"app": "report"}
    assert after["metadata"]["annotations"] == {"note": "kept", "statusgraph.io/started-by-action": start.id}
    assert await kube.find(KEPT, REVISION, namespace=namespace) is None


async def test_a_triggered_run_is_a_manual_job_of_its_cronjob(api: Api, kube: Kube, namespace: str) -> None:
    owner = await kube.create(cronjob("report"), namespace=namespace)
    request = asked("triggerCronjob", namespace, "report")
    journal = await carried_out(api, request)
    assert states(journal) == DONE
    (job,) = await kube.list("Job", namespace=namespace)
    assert job["metadata"]["annotations"] == {
        "cronjob.kubernetes.io/instantiate": "manual",
        "statusgraph.io/action": request.id,
        "team": "billing",
    }
    assert job["metadata"]["labels"] == {"app": "report"}
    assert job["metadata"]["ownerReferences"] == [
        {
            "apiVersion": "batch/v1",
            "kind": "CronJob",
            "name": "report",
            "uid": owner["metadata"]["uid"],
            "controller": True,
        }
    ]
    assert job["spec"]["backoffLimit"] == 2
    assert f"Created Job {job['metadata']['name']} from the template of CronJob {namespace}/report." in journal.messages


async def test_the_longest_name_of_a_cronjob_works_for_all_three(api: Api, kube: Kube, namespace: str) -> None:
    name = "n" * 52
    await kube.create(cronjob(name), namespace=namespace)
    names = ("triggerCronjob", "stopCronjob", "startCronjob")
    journal = await carried_out(api, *(asked(action, namespace, name) for action in names))
    assert [action.name for action in journal.actions if action.state is ActionState.SUCCEEDED] == list(names)


async def test_each_step_is_told_with_what_was_done(api: Api, kube: Kube, namespace: str) -> None:
    await kube.create(cronjob("report"), namespace=namespace)
    request = asked("stopCronjob", namespace, "report")
    journal = await carried_out(api, request)
    target = f"CronJob {namespace}/report"
    assert [(entry.step, entry.level, entry.message, entry.error) for entry in journal.entries] == [
        (None, LogLevel.INFO, f"Accepted stopCronjob of {target}, asked for by ann: a test", None),
        ("read", LogLevel.INFO, f"Read {target}.", None),
        ("keep", LogLevel.INFO, f"Kept the manifest of {target} in ControllerRevision {REVISION}.", None),
        ("delete", LogLevel.INFO, f"Deleted {target}; startCronjob brings it back.", None),
    ]
    assert {(entry.service and entry.service.name, entry.action) for entry in journal.entries} == {("shop", request.id)}
    assert len({entry.id for entry in journal.entries}) == 4
    assert [(step.name, step.state, step.at) for step in journal.last.steps] == [
        (name, ActionState.SUCCEEDED, started_at()) for name in ("read", "keep", "delete")
    ]
    assert journal.last.finished_at == started_at(), NOW


@pytest.mark.parametrize(
    ("metadata", "manager"),
    [
        ({"labels": {"app.kubernetes.io/managed-by": "Helm"}}, "Helm"),
        ({"annotations": {"argocd.argoproj.io/tracking-id": "shop:batch/CronJob:x/report"}}, "Argo CD"),
        ({"labels": {"kustomize.toolkit.fluxcd.io/name": "shop"}}, "Flux"),
    ],
)
async def test_stopping_what_a_controller_may_bring_back_is_warned_of(
    metadata: dict[str, object], manager: str, api: Api, kube: Kube, namespace: str
) -> None:
    await kube.create(cronjob("report", **metadata), namespace=namespace)
    journal = await carried_out(api, asked("stopCronjob", namespace, "report"))
    warned = [entry.message for entry in journal.entries if entry.level is LogLevel.WARNING]
    assert warned == [f"Read CronJob {namespace}/report. It is managed by {manager}, which may bring it back."]
    assert journal.last.state is ActionState.SUCCEEDED


async def test_a_cronjob_with_an_owner_keeps_it(api: Api, kube: Kube, namespace: str) -> None:
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "parent"}}
    parent = await kube.create(body, namespace=namespace)
    owner = {"apiVersion": "v1", "kind": "ConfigMap", "name": "parent", "uid": parent["metadata"]["uid"]}
    await kube.create(cronjob("report", ownerReferences=[owner]), namespace=namespace)
    requests = [asked(name, namespace, "report") for name in ("stopCronjob", "startCronjob")]
    journal = await carried_out(api, *requests)
    assert (
        f"Read CronJob {namespace}/report. It is managed by ConfigMap parent, which may bring it back."
        in journal.messages
    )
    after = await kube.get("CronJob", "report", namespace=namespace)
    assert after["metadata"]["ownerReferences"] == [owner]


async def test_a_cronjob_that_was_brought_back_can_be_stopped_again(api: Api, kube: Kube, namespace: str) -> None:
    await kube.create(cronjob("report"), namespace=namespace)
    await carried_out(api, asked("stopCronjob", namespace, "report"))
    again = cronjob("report")
    again["spec"]["schedule"] = "0 0 2 2 *"
    await kube.create(again, namespace=namespace)
    request = asked("stopCronjob", namespace, "report")
    assert (await carried_out(api, request)).last.state is ActionState.SUCCEEDED
    kept = await kube.get(KEPT, REVISION, namespace=namespace)
    assert kept["data"]["spec"]["schedule"] == "0 0 2 2 *"
    assert kept["metadata"]["annotations"]["statusgraph.io/action"] == request.id


async def test_values_of_the_environment_stay_in_the_cluster(api: Api, kube: Kube, namespace: str) -> None:
    await kube.create(cronjob("report"), namespace=namespace)
    names = ("triggerCronjob", "stopCronjob", "startCronjob")
    with structlog.testing.capture_logs() as logs:
        journal = await carried_out(api, *(asked(name, namespace, "report") for name in names))
    assert journal.last.state is ActionState.SUCCEEDED
    assert SECRET not in journal.text
    assert SECRET not in str(logs)
