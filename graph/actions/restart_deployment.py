"""restartDeployment: a new revision that differs by an annotation alone, as ``kubectl rollout restart`` makes it."""

from __future__ import annotations

from graph.actions.objects import DEPLOYMENTS, STRATEGIC
from graph.actions.procedure import Attempt, Procedure, Step, Told, refused, rule

RESTARTED = "kubectl.kubernetes.io/restartedAt"


async def _read(attempt: Attempt) -> Told:
    found = await attempt.objects.find(DEPLOYMENTS, attempt.name)
    if found is None:
        return refused(f"{attempt.target} is not in the cluster.")
    if found["spec"].get("paused"):
        return refused(f"{attempt.target} is paused: resume it first, else nothing would restart.")
    return Told(f"Read {attempt.target}.")


async def _patch(attempt: Attempt) -> Told:
    at = attempt.request.requested_at  # of the request, not of now: a second attempt must not restart again
    change = {"spec": {"template": {"metadata": {"annotations": {RESTARTED: at}}}}}
    await attempt.objects.patch(DEPLOYMENTS, attempt.name, change, content_type=STRATEGIC)
    return Told(f"Restarted {attempt.target}: its pods are replaced one after another.")


RESTART_DEPLOYMENT = Procedure(
    name="restartDeployment",
    kind="DEPLOYMENT",
    resource=DEPLOYMENTS,
    steps=(Step("read", "read", _read), Step("patch", "restart", _patch)),
    rules=(rule(DEPLOYMENTS, "get", "patch"),),
)
