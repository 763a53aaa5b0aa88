"""triggerCronjob: starts a run beside the schedule, as ``kubectl create job --from=cronjob/…`` does."""

from __future__ import annotations

import hashlib

from graph.actions import kept
from graph.actions.objects import CRONJOBS, JOBS, REVISIONS, Object, annotations_of, labels_of
from graph.actions.procedure import MARK, Attempt, Procedure, Step, Told, refused, rule
from graph.errors import Conflict


async def _read(attempt: Attempt) -> Told:
    attempt.found = await attempt.objects.find(CRONJOBS, attempt.name)
    if attempt.found is not None:
        return Told(f"Read {attempt.target}.")
    if await kept.find(attempt) is not None:
        return refused(f"{attempt.target} is stopped: start it first.")
    return refused(f"{attempt.target} is not in the cluster.")


async def _create(attempt: Attempt) -> Told:
    assert attempt.found is not None, "read found it"
    body = _job(attempt.found, attempt.request.id)
    name = body["metadata"]["name"]
    try:
        await attempt.objects.create(JOBS, body)
    except Conflict:
        if not attempt.made(await attempt.objects.find(JOBS, name)):
            raise
        return Told(f"An earlier attempt created Job {name} of {attempt.target}.")
    return Told(f"Created Job {name} from the template of {attempt.target}.")


def _job(cronjob: Object, action: str) -> Object:
    template: Object = {"metadata": {}} | cronjob["spec"]["jobTemplate"]
    owner = {
        "apiVersion": CRONJOBS.api_version,
        "kind": CRONJOBS.kind,
        "name": cronjob["metadata"]["name"],
        "uid": cronjob["metadata"]["uid"],
        "controller": True,  # and not blockOwnerDeletion: that needs a right on cronjobs/finalizers
    }
    metadata = {
        "name": _name(cronjob["metadata"]["name"], action),
        "namespace": cronjob["metadata"]["namespace"],
        "labels": labels_of(template),
        "annotations": annotations_of(template) | {"cronjob.kubernetes.io/instantiate": "manual", MARK: action},
        "ownerReferences": [owner],
    }
    return {"apiVersion": JOBS.api_version, "kind": JOBS.kind, "metadata": metadata, "spec": template["spec"]}


def _name(cronjob: str, action: str) -> str:
    """The same for every attempt. At most 52 + 11 characters: a Job's name may have 63."""
    return f"{cronjob}-{hashlib.sha256(action.encode()).hexdigest()[:10]}"


TRIGGER_CRONJOB = Procedure(
    name="triggerCronjob",
    kind="CRONJOB",
    resource=CRONJOBS,
    steps=(Step("read", "read", _read), Step("create", "start a run of", _create)),
    rules=(rule(CRONJOBS, "get"), rule(JOBS, "get", "create"), rule(REVISIONS, "get")),
)
