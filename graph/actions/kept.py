"""The manifest of a stopped CronJob: kept beside it in a ControllerRevision, under the cluster's RBAC, never in Redis.

The operator watches these revisions (``Kind.kept``), so a stopped Cronjob stays in the graph. It has no owner: it must
survive what it keeps. Its data cannot be changed, so a later stop replaces it.
"""

from __future__ import annotations

from graph.actions.objects import CRONJOBS, REVISIONS, Object, labels_of
from graph.actions.procedure import MARK, Attempt
from graph.kinds.shared.text import clean
from graph.model.action import ActionRequest

UID = "statusgraph.io/stopped-uid"
"""Annotation: the UID of the CronJob that was stopped."""
_LABEL, _, _VALUE = REVISIONS.selector.partition("=")
_IDENTITY = ("name", "namespace", "labels", "annotations", "ownerReferences", "finalizers")
"""Of the metadata, what an object can be created from again; the rest is the API server's."""


def name_of(cronjob: str) -> str:
    """The revision's name. It always fits: a CronJob's name has at most 52 characters."""
    return f"{cronjob}-statusgraph-stopped"


async def find(attempt: Attempt) -> Object | None:
    """The revision that keeps the target, whoever stopped it."""
    found = await attempt.objects.find(REVISIONS, name_of(attempt.name))
    return found if found is not None and keeps(found, attempt.name) else None


def keeps(revision: Object, cronjob: str) -> bool:
    """Whether the revision is one of ours and holds that CronJob."""
    data = revision.get("data") or {}
    labelled = labels_of(revision).get(_LABEL) == _VALUE
    return labelled and data.get("kind") == CRONJOBS.kind and data.get("metadata", {}).get("name") == cronjob


def revision(cronjob: Object, request: ActionRequest) -> Object:
    """The ControllerRevision that keeps a CronJob."""
    said = {"requested-by": clean(request.requested_by), "reason": clean(request.reason)}
    annotations = {MARK: request.id, UID: cronjob["metadata"]["uid"]}
    annotations |= {f"statusgraph.io/{word}": text for word, text in said.items() if text}
    return {
        "apiVersion": REVISIONS.api_version,
        "kind": REVISIONS.kind,
        "metadata": {
            "name": name_of(cronjob["metadata"]["name"]),
            "namespace": cronjob["metadata"]["namespace"],
            "labels": {_LABEL: _VALUE, "app.kubernetes.io/managed-by": "statusgraph"},
            "annotations": annotations,
        },
        "revision": 1,
        "data": _manifest(cronjob),
    }


def _manifest(cronjob: Object) -> Object:
    metadata = {name: value for name, value in cronjob["metadata"].items() if name in _IDENTITY}
    return {
        "apiVersion": CRONJOBS.api_version,
        "kind": CRONJOBS.kind,
        "metadata": metadata,
        "spec": cronjob["spec"],
    }
