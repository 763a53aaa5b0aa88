"""restart and scale of a Deployment, on a real API server."""

from __future__ import annotations

from graph.kube.client import Kube as Api
from graph.model.action import ActionState
from tests.actions.recorders import asked, carried_out
from tests.actions.samples import deployment
from tests.controlplane.kube import Kube


async def test_a_restart_replaces_the_pods(api: Api, kube: Kube, namespace: str) -> None:
    before = await kube.create(deployment("web"), namespace=namespace)
    request = asked("restartDeployment", namespace, "web")
    journal = await carried_out(api, request)
    assert journal.last.state is ActionState.SUCCEEDED
    after = await kube.get("Deployment", "web", namespace=namespace)
    annotations = after["spec"]["template"]["metadata"]["annotations"]
    assert annotations == {"kubectl.kubernetes.io/restartedAt": request.requested_at}
    assert after["spec"]["template"]["spec"] == before["spec"]["template"]["spec"]


async def test_a_paused_deployment_is_not_restarted(api: Api, kube: Kube, namespace: str) -> None:
    before = await kube.create(deployment("web", paused=True), namespace=namespace)
    journal = await carried_out(api, asked("restartDeployment", namespace, "web"))
    assert journal.last.state is ActionState.FAILED
    assert journal.last.error == f"Deployment {namespace}/web is paused: resume it first, else nothing would restart."
    after = await kube.get("Deployment", "web", namespace=namespace)
    assert after["spec"]["template"] == before["spec"]["template"]


async def test_scaling_tells_from_and_to(api: Api, kube: Kube, namespace: str) -> None:
    await kube.create(deployment("web", replicas=0), namespace=namespace)
    journal = await carried_out(api, asked("scaleDeployment", namespace, "web", replicas=3))
    assert journal.last.state is ActionState.SUCCEEDED
    assert journal.messages[1:] == [
        f"Deployment {namespace}/web has 0 replicas.",
        f"Scaled Deployment {namespace}/web from 0 to 3.",
    ]
    assert (await kube.get("Deployment", "web", namespace=namespace))["spec"]["replicas"] == 3


async def test_scaling_to_less_than_nothing_is_refused_in_the_servers_words(
    api: Api, kube: Kube, namespace: str
) -> None:
    await kube.create(deployment("web"), namespace=namespace)
    journal = await carried_out(api, asked("scaleDeployment", namespace, "web", replicas=-1))
    (entry,) = journal.errors
    assert entry.message == f"Could not scale Deployment {namespace}/web."
    assert "must be greater than or equal to 0" in str(entry.error)
    assert (journal.last.state, journal.last.error) == (ActionState.FAILED, entry.error)


async def test_scaling_without_a_number_changes_nothing(api: Api, kube: Kube, namespace: str) -> None:
    await kube.create(deployment("web", replicas=2), namespace=namespace)
    journal = await carried_out(api, asked("scaleDeployment", namespace, "web"))
    assert journal.last.state is ActionState.FAILED
    assert (await kube.get("Deployment", "web", namespace=namespace))["spec"]["replicas"] == 2
