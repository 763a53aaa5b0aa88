"""Builds what a judge answers with: object references, causes, chains of causes, and verdicts.

The chain of a status leads from the nearest cause to the root: the object's own causes first, then, for a parent, a
CHILD entry for the child that decided, followed by that child's own chain. Texts of the cluster are made inert here.
"""

from __future__ import annotations

from graph.kinds.shared.text import clean
from graph.model import instant
from graph.model.kind import Child
from graph.model.ref import ObjectRef
from graph.model.status import Cause, Evidence, State, Verdict


def cause(
    ref: ObjectRef,
    *,
    reason: str | None,
    message: str | None,
    evidence: Evidence,
    at: str | float | None = None,
    container: str | None = None,
) -> Cause:
    """One link. ``at``: the cluster's own text, or seconds. ``container``: it is about that one of the pod ``ref``."""
    if container is not None:
        ref = of_container(ref, container)
    shown = instant.show(at) if isinstance(at, float) else instant.normal(at)
    said = clean(message)
    return Cause(ref, clean(reason) or said or evidence.value, said, evidence, shown)


def of_container(ref: ObjectRef, container: str) -> ObjectRef:
    """The same pod, and which container of it is meant."""
    return ObjectRef(ref.kind, ref.name, ref.namespace, ref.uid, ref.api_version, container, ref.key)


def node_ref(name: str, uid: str | None = None) -> ObjectRef:
    """A node: named in causes though it is no object of the graph."""
    return ObjectRef("Node", name, uid=uid, api_version="v1")


def chain_of(child: Child) -> tuple[Cause, ...]:
    """A parent's chain below itself: the child that decided, then the child's own chain."""
    verdict = child.verdict
    return (
        Cause(
            child.ref,
            verdict.reason,
            verdict.message,
            Evidence.CHILD,
            None if verdict.began is None else instant.show(verdict.began),
        ),
        *verdict.because,
    )


def verdict(
    state: State,
    reason: str,
    message: str,
    *,
    row: str,
    hint: str | None = None,
    because: tuple[Cause, ...] = (),
    began: float | None = None,
    recheck_at: float | None = None,
) -> Verdict:
    """A verdict whose texts are inert."""
    return Verdict(state, clean(reason), clean(message), row, clean(hint) or None, because, began, recheck_at)
