"""Pods as the judges of their owners read them: through a Protocol, and by their verdicts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Protocol

from graph.kinds.shared.clock import Clock
from graph.kinds.shared.conditions import Condition, holds
from graph.kinds.shared.events import Event, true_time, with_reason, written_by
from graph.model import instant
from graph.model.kind import Child, Meta
from graph.model.status import State

POD = "POD"
ONE_CRASH = frozenset({"ContainerTerminated", "InitContainerTerminated"})
"""Reasons of a pod that crashed once and is being restarted: no outage yet."""
REFUSED = "Check quota, PodSecurity, admission webhooks and the service account."
"""The hint where the API server takes no pod."""
HELD = "Remove its node, or force the deletion after making sure that the node is dead."
"""The hint where a pod is overdue that others wait for."""
_RANK = {State.FAILED: 0, State.UNKNOWN: 1, State.DEGRADED: 2, State.PROGRESSING: 3}


class PodStatus(Protocol):
    """What is read of a pod's status."""

    @property
    def phase(self) -> str: ...
    @property
    def conditions(self) -> tuple[Condition, ...]: ...


class PodView(Protocol):
    """A pod."""

    @property
    def metadata(self) -> Meta: ...
    @property
    def status(self) -> PodStatus: ...


def pods_below(children: Iterable[Child]) -> Iterator[Child]:
    """All pods among the children and what they own, in their order."""
    for child in children:
        if child.kind == POD:
            yield child
        else:
            yield from pods_below(child.children)


def finished(pod: Child) -> bool:
    """Whether it ended, one way or the other."""
    view: PodView = pod.view
    return view.status.phase in ("Succeeded", "Failed")


def live(pod: Child) -> bool:
    """Whether a controller counts it: neither finished nor being deleted."""
    return pod.view.metadata.deletion_timestamp is None and not finished(pod)


def is_ready(pod: Child) -> bool:
    """Its condition Ready."""
    view: PodView = pod.view
    return holds(view.status.conditions, "Ready") is not None


def serves(pod: Child) -> bool:
    """Ready, and nothing says that this means nothing."""
    return is_ready(pod) and pod.verdict.state not in (State.FAILED, State.UNKNOWN)


def overdue(pod: Child, clock: Clock, slack: float) -> bool:
    """Whether it should have been gone by now; its deletionTimestamp contains the grace period already."""
    deleted = instant.parse(pod.view.metadata.deletion_timestamp)
    return deleted is not None and clock.passed(deleted + slack)


def worst(pods: Iterable[Child]) -> Child | None:
    """FAILED > UNKNOWN > DEGRADED > PROGRESSING, among equals the first by name; None where all are well."""
    troubled = [pod for pod in pods if pod.verdict.state in _RANK]
    return min(troubled, key=lambda pod: (_RANK[pod.verdict.state], pod.ref.name), default=None)


def created(child: Child) -> float:
    """When an object was created."""
    return instant.parse(child.view.metadata.creation_timestamp) or 0.0


def refusal(events: Iterable[Event], pods: Iterable[Child], *, by: str) -> Event | None:
    """The event that tells why a controller cannot create a pod, unless a pod came later; however old it is."""
    told = [event for event in events if written_by(event) == by]
    failures = with_reason(told, ("FailedCreate",))
    made = [true_time(event) for event in with_reason(told, ("SuccessfulCreate",))]
    latest = max([*made, *map(created, pods)], default=0.0)
    return failures[-1] if failures and true_time(failures[-1]) >= latest else None
