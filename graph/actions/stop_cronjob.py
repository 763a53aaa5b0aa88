"""stopCronjob: keeps the manifest in the cluster, then deletes the CronJob, and with it the runs that are under way.

The UID ties the steps together: what is deleted is what was kept, or nothing.
"""

from __future__ import annotations

from contextlib import suppress

from graph.actions import kept
from graph.actions.objects import CRONJOBS, REVISIONS, Object, annotations_of, labels_of
from graph.actions.procedure import Attempt, Procedure, Step, Told, refused, rule
from graph.errors import ClusterError, ClusterRefused
from graph.kinds.shared.text import clean
from graph.model.action import LogLevel

_MANAGERS = {
    "argocd.argoproj.io/tracking-id": "Argo CD",
    "argocd.argoproj.io/instance": "Argo CD",
    "kustomize.toolkit.fluxcd.io/name": "Flux",
    "helm.toolkit.fluxcd.io/name": "Flux",
}


async def _read(attempt: Attempt) -> Told:
    attempt.found = await attempt.objects.find(CRONJOBS, attempt.name)
    attempt.kept = await kept.find(attempt)
    if attempt.made(attempt.kept):
        return Told(f"An earlier attempt kept the manifest of {attempt.target}.")
    if attempt.found is None:
        known = "is stopped already" if attempt.kept else "is not in the cluster"
        return refused(f"{attempt.target} {known}.")
    if attempt.found["metadata"].get("deletionTimestamp"):
        return refused(f"{attempt.target} is being deleted already, and not by this action.")
    return _found(attempt.target, attempt.found)


def _found(target: str, cronjob: Object) -> Told:
    manager = _manager(cronjob)
    if manager is None:
        return Told(f"Read {target}.")
    return Told(f"Read {target}. It is managed by {manager}, which may bring it back.", LogLevel.WARNING)


def _manager(cronjob: Object) -> str | None:
    owners = cronjob["metadata"].get("ownerReferences")
    if owners:
        return f"{owners[0]['kind']} {owners[0]['name']}"
    marks = labels_of(cronjob) | annotations_of(cronjob)
    found = next((manager for mark, manager in _MANAGERS.items() if mark in marks), None)
    return found or clean(labels_of(cronjob).get("app.kubernetes.io/managed-by")) or None


async def _keep(attempt: Attempt) -> Told:
    name = kept.name_of(attempt.name)
    before = await attempt.objects.find(REVISIONS, name)
    if attempt.made(before):
        attempt.kept = before
        return Told(f"The manifest of {attempt.target} is in ControllerRevision {name}.")
    if before is not None and not kept.keeps(before, attempt.name):
        return refused(f"ControllerRevision {name} exists and was not made by Statusgraph: it is in the way.")
    if before is not None:  # of an earlier stop, after which somebody else brought the CronJob back
        await attempt.objects.delete(REVISIONS, name, uid=before["metadata"]["uid"])
    assert attempt.found is not None, "read found it, or an earlier attempt kept it"
    attempt.kept = kept.revision(attempt.found, attempt.request)
    await attempt.objects.create(REVISIONS, attempt.kept)
    return Told(f"Kept the manifest of {attempt.target} in ControllerRevision {name}.")


async def _delete(attempt: Attempt) -> Told:
    assert attempt.kept is not None, "kept by the step before"
    try:
        deleted = await attempt.objects.delete(CRONJOBS, attempt.name, uid=annotations_of(attempt.kept)[kept.UID])
    except ClusterRefused:
        await _forget(attempt)
        raise
    if not deleted:
        return Told(f"{attempt.target} was gone already.")
    return Told(f"Deleted {attempt.target}; startCronjob brings it back.")


async def _forget(attempt: Attempt) -> None:
    """A CronJob that stays must not look stopped once somebody deletes it for good."""
    with suppress(ClusterError):
        found = await kept.find(attempt)
        if found is not None and attempt.made(found):
            await attempt.objects.delete(REVISIONS, found["metadata"]["name"], uid=found["metadata"]["uid"])


STOP_CRONJOB = Procedure(
    name="stopCronjob",
    kind="CRONJOB",
    resource=CRONJOBS,
    steps=(
        Step("read", "read", _read),
        Step("keep", "keep the manifest of", _keep),
        Step("delete", "delete", _delete),
    ),
    rules=(rule(CRONJOBS, "get", "delete"), rule(REVISIONS, "get", "create", "delete")),
)
