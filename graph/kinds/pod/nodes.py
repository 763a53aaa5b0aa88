"""Rules on the node of a pod: rows P06, P67, P68. While a node is silent, what its pods say is the last known state."""

from __future__ import annotations

from graph.kinds.pod.case import Case
from graph.kinds.shared.nodes import GONE
from graph.kinds.shared.text import closed
from graph.model import instant
from graph.model.status import Cause, State, Verdict


def unreachable(case: Case, *, flip: bool) -> Verdict | None:
    """P06. ``flip``: without the Node object, the node controller's signature on the pod proves it.

    NodeUnreachable: its node does not answer; what its containers report is the last known state.
    """
    ready = case.condition("Ready")
    cause: Cause | None = None
    if case.node is not None:
        ready = case.node.ready
        if ready is None or ready.status != "Unknown" or not case.pod.spec.node_name:
            return None
        cause = ready.cited(case.node_ref)
    elif not flip or ready is None:
        return None
    since = f" since {instant.clock(ready.since)}" if ready.since is not None else ""
    return case.told(
        State.UNKNOWN,
        "NodeUnreachable",
        f"Node {case.node_name} is unreachable{since}; container states are the last known ones.",
        row="P06",
        hint="Check the node; its pods are evicted after their tolerationSeconds.",
        because=(cause or ready.cited(case.ref),),
        began=ready.since,
    )


def flipped(case: Case) -> bool:
    """The node controller was here: it sets Ready alone to False, without a reason."""
    ready = case.condition("Ready")
    statuses = case.pod.status.container_statuses
    return (
        ready is not None
        and ready.status == "False"
        and not ready.reason
        and case.holds("ContainersReady") is not None
        and bool(statuses)
        and all(status.ready for status in statuses)
        and not case.pod.spec.readiness_gates
    )


def node_unknown(case: Case) -> Verdict | None:
    """P06, by the Node object."""
    return unreachable(case, flip=False) if case.node is not None else None


def node_gone(case: Case) -> Verdict | None:
    """P68: nodes are watched, and this one is not there.

    NodeGone: its node no longer exists; the pod is being collected.
    """
    if case.node is not GONE or not case.pod.spec.node_name:
        return None
    message = f"Node {case.node_name} was removed; the pod is being collected."
    because = case.own("NodeGone", message)
    return case.told(
        State.UNKNOWN, "NodeGone", message, row="P68", hint="Check that a replacement runs.", because=because
    )


def not_ready(case: Case) -> Verdict | None:
    """P67: the node itself says that it is not ready.

    NodeNotReady: its node says of itself that it is not ready; containers may still run.
    """
    ready = case.node.ready if case.node is not None and case.pod.spec.node_name else None
    if ready is None or ready.status != "False":
        return None
    return case.told(
        State.DEGRADED,
        "NodeNotReady",
        f"Node {case.node_name} reports not ready: {closed(ready.message)}.",
        row="P67",
        hint="Containers may still run; check the node.",
        because=(ready.cited(case.node_ref),),
        began=ready.since,
    )


def flipped_ready(case: Case) -> Verdict | None:
    """P06, without the Node object."""
    return unreachable(case, flip=flipped(case)) if case.node is None else None
