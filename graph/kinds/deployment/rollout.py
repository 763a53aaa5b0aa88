"""A Deployment to be judged: is a rollout in flight, and whose pods count."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct

from graph.config import Rules
from graph.kinds.deployment.view import DeploymentView
from graph.kinds.shared import workload
from graph.kinds.shared.conditions import Condition, find
from graph.kinds.shared.pods import live
from graph.kinds.shared.workload import Case, Revised
from graph.model import instant
from graph.model.kind import Child, Memory, Related
from graph.model.status import Cause

_REPLICA_SET = "REPLICA_SET"
_DONE = "NewReplicaSetAvailable"  # stays for ever: a finished rollout is not timed any more


class Rollout(Struct, gc=False):
    """A Deployment to be judged: what its rules share beside the facts of every controller."""

    view: DeploymentView
    case: Case
    judged: list[Child]
    """The live pods that count: while a young revision comes up, only those of that revision (D28)."""
    in_flight: bool
    progressing: Condition | None
    available: Condition | None

    @property
    def recreates(self) -> bool:
        """Whether old pods go before new ones come."""
        return self.view.spec.strategy.type == "Recreate"

    @property
    def cited(self) -> tuple[Cause, ...]:
        """The condition that speaks of what goes on."""
        condition = self.progressing if self.in_flight else self.available
        return (condition.cited(self.case.ref),) if condition else ()


def rollout_of(view: DeploymentView, related: Related, memory: Memory, rules: Rules, now: float) -> Rollout:
    """The facts that the rules share."""
    case = workload.case_of(view, related, memory, rules, now)
    conditions, told = view.status.conditions, case.replicas
    progressing = find(conditions, "Progressing")
    if progressing is None:  # no deadline is set (D19)
        in_flight = told.updated < told.desired or told.current > told.updated
    else:
        in_flight = progressing.reason != _DONE or (view.spec.strategy.type == "Recreate" and told.updated == 0)
    current = next(filter(_of_revision(view.revision), related.children), None) if in_flight else None
    judged = [pod for pod in current.children if live(pod)] if current and _young(current, case) else case.live
    return Rollout(view, case, judged, in_flight, progressing, find(conditions, "Available"))


def _of_revision(revision: int | None) -> Callable[[Child], bool]:
    def fits(child: Child) -> bool:
        view: Revised = child.view
        return revision is not None and child.kind == _REPLICA_SET and view.revision == revision

    return fits


def _young(current: Child, case: Case) -> bool:
    """Of a revision: it, or (a rollback takes an old ReplicaSet again) its newest pod."""
    births = [instant.parse(one.view.metadata.creation_timestamp) for one in (current, *current.children)]
    return case.clock.younger(max((at for at in births if at is not None), default=None), case.rules.ready_grace)
