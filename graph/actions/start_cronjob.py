"""startCronjob: creates a stopped CronJob from its kept manifest, then removes the manifest."""

from __future__ import annotations

from graph.actions import kept
from graph.actions.objects import CRONJOBS, REVISIONS, Object, annotations_of
from graph.actions.procedure import Attempt, Procedure, Step, Told, refused, rule
from graph.errors import Conflict

STARTED = "statusgraph.io/started-by-action"
"""Annotation of the CronJob: which action created it from its manifest."""


async def _read(attempt: Attempt) -> Told:
    attempt.kept = await kept.find(attempt)
    if attempt.kept is not None:
        return Told(f"Found the manifest of {attempt.target} in ControllerRevision {kept.name_of(attempt.name)}.")
    attempt.found = await attempt.objects.find(CRONJOBS, attempt.name)
    if attempt.made(attempt.found, STARTED):
        return Told(f"An earlier attempt started {attempt.target}.")
    if attempt.found is not None:
        return refused(f"{attempt.target} is not stopped: there is nothing to start.")
    return refused(f"{attempt.target} was not stopped by Statusgraph: no manifest of it is kept in the cluster.")


async def _create(attempt: Attempt) -> Told:
    if attempt.kept is None:
        return Told(f"{attempt.target} exists already.")
    try:
        await attempt.objects.create(CRONJOBS, _manifest(attempt.kept, attempt.request.id))
    except Conflict:
        if not attempt.made(await attempt.objects.find(CRONJOBS, attempt.name), STARTED):
            raise
        return Told(f"An earlier attempt created {attempt.target}.")
    return Told(f"Created {attempt.target} from its kept manifest.")


def _manifest(revision: Object, action: str) -> Object:
    manifest: Object = revision["data"]
    metadata = manifest["metadata"] | {"annotations": annotations_of(manifest) | {STARTED: action}}
    return manifest | {"metadata": metadata}


async def _forget(attempt: Attempt) -> Told:
    name = kept.name_of(attempt.name)
    if attempt.kept is not None:
        await attempt.objects.delete(REVISIONS, name, uid=attempt.kept["metadata"]["uid"])
    return Told(f"Removed ControllerRevision {name}: the manifest of {attempt.target} need not be kept any more.")


START_CRONJOB = Procedure(
    name="startCronjob",
    kind="CRONJOB",
    resource=CRONJOBS,
    steps=(
        Step("read", "read the kept manifest of", _read),
        Step("create", "create", _create),
        Step("forget", "remove the kept manifest of", _forget),
    ),
    rules=(rule(CRONJOBS, "get", "create"), rule(REVISIONS, "get", "delete")),
)
