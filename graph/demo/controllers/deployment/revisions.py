"""Which ReplicaSet has the Deployment's template, and how its annotations tell its place in the history. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from graph.demo.objects import Object, annotations_of

HASH = "pod-template-hash"
REVISION = "deployment.kubernetes.io/revision"
HISTORY = "deployment.kubernetes.io/revision-history"
DESIRED = "deployment.kubernetes.io/desired-replicas"
MAX = "deployment.kubernetes.io/max-replicas"
_OWN = (
    "kubectl.kubernetes.io/last-applied-configuration",
    REVISION,
    HISTORY,
    DESIRED,
    MAX,
    "deprecated.deployment.rollback.to",
)
_LONGEST = 2000
"""Characters of a history."""


def by_age(sets: Iterable[Object]) -> list[Object]:
    """The oldest first."""
    return sorted(sets, key=lambda one: (one["metadata"]["creationTimestamp"], one["metadata"]["name"]))


def current(deployment: Object, sets: Iterable[Object]) -> Object | None:
    """The oldest ReplicaSet that has the Deployment's template."""
    template = _bare(deployment["spec"]["template"])
    return next((one for one in by_age(sets) if _bare(one["spec"]["template"]) == template), None)


def number(obj: Object, annotation: str) -> int | None:
    """Of an annotation; None where it is missing or no number."""
    text = annotations_of(obj).get(annotation, "")
    return int(text) if text.isdecimal() else None


def next_revision(old: Iterable[Object]) -> int:
    """One more than the latest of the old ReplicaSets."""
    return max((number(one, REVISION) or 0 for one in old), default=0) + 1


def told_size(desired: int, most: int) -> dict[str, str]:
    """By which a ReplicaSet knows the size of its Deployment."""
    return {DESIRED: str(desired), MAX: str(most)}


def annotated(deployment: Object, replica_set: Object, revision: int) -> dict[str, str]:
    """The annotations that the newest ReplicaSet should have: the Deployment's, and its place in the history.

    A ReplicaSet that is returned to keeps the revisions that it was before.
    """
    mine = annotations_of(replica_set)
    new = {**mine, **{key: value for key, value in annotations_of(deployment).items() if key not in _OWN}}
    before = mine.get(REVISION, "")
    if before and not before.isdecimal():
        return new
    if int(before or 0) < revision:
        new[REVISION] = str(revision)
        if before:
            new[HISTORY] = _lengthened(mine.get(HISTORY, ""), before)
    return new


def _lengthened(history: str, revision: str) -> str:
    revisions = [*filter(None, history.split(",")), revision]
    while len(",".join(revisions)) > _LONGEST:
        del revisions[0]
    return ",".join(revisions)


def _bare(template: Object) -> Object:
    """Comparable: without the hash, and without what is empty."""
    metadata = template.get("metadata") or {}
    labels = {key: value for key, value in (metadata.get("labels") or {}).items() if key != HASH}
    kept = {name: value for name, value in {**metadata, "labels": labels}.items() if value}
    return {**template, "metadata": kept}
