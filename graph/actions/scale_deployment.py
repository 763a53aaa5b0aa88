"""scaleDeployment: sets the number of replicas, through the scale subresource."""

from __future__ import annotations

from graph.actions.objects import DEPLOYMENTS, MERGE
from graph.actions.procedure import Attempt, Procedure, Step, Told, refused, rule
from graph.kinds.shared.text import plural

SCALE = "scale"


async def _read(attempt: Attempt) -> Told:
    if attempt.request.replicas is None:
        return refused(f"No number of replicas was asked for, so {attempt.target} stays as it is.")
    attempt.found = await attempt.objects.find(DEPLOYMENTS, attempt.name, subresource=SCALE)
    if attempt.found is None:
        return refused(f"{attempt.target} is not in the cluster.")
    return Told(f"{attempt.target} has {plural(_replicas(attempt), 'replica')}.")


def _replicas(attempt: Attempt) -> int:
    assert attempt.found is not None, "read found it"
    return int(attempt.found["spec"].get("replicas", 0))  # the API leaves a zero out


async def _scale(attempt: Attempt) -> Told:
    before, wanted = _replicas(attempt), attempt.request.replicas
    change = {"spec": {"replicas": wanted}}
    await attempt.objects.patch(DEPLOYMENTS, attempt.name, change, content_type=MERGE, subresource=SCALE)
    return Told(f"Scaled {attempt.target} from {before} to {wanted}.")


SCALE_DEPLOYMENT = Procedure(
    name="scaleDeployment",
    kind="DEPLOYMENT",
    resource=DEPLOYMENTS,
    steps=(Step("read", "read", _read), Step("scale", "scale", _scale)),
    rules=(rule(DEPLOYMENTS, "get", "patch", subresource=SCALE),),
)
