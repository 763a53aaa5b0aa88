"""What is below a Service, sorted into what the roll-up and the lights ask for."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from graph.kinds.shared.annotations import counts
from graph.kinds.shared.pods import POD, live, pods_below
from graph.kinds.shared.runs import BUILD, JOB, active, manual, started
from graph.kinds.shared.workload import Controller, effective
from graph.model.kind import Child
from graph.model.status import State

SERVING = ("DEPLOYMENT", "STATEFUL_SET", "DAEMON_SET", "REPLICA_SET")
"""Kinds that run permanently, in the order in which they are preferred; a bare ReplicaSet is one."""
_ASIDE = frozenset({State.SUSPENDED, State.TERMINATING})
_RANK = {
    state: rank
    for rank, state in enumerate((State.FAILED, State.DEGRADED, State.UNKNOWN, State.PROGRESSING, State.HEALTHY))
}


class Tree(Struct, gc=False):
    """The objects of a service, each list in the order of names."""

    build: Child | None
    """The latest, by its start."""
    workloads: list[Child]
    """What counts in the roll-up."""
    leaving: list[Child]
    """What is left of workloads that were deleted, and is going too."""
    jobs: list[Child]
    """All runs, of Cronjobs too."""

    def of(self, kinds: Iterable[str]) -> list[Child]:
        """The workloads of some kinds."""
        return [one for one in self.workloads if one.kind in kinds]

    @property
    def newest_job(self) -> Child | None:
        """The newest run."""
        return max(self.jobs, key=lambda job: started(job.view), default=None)


def tree_of(children: Iterable[Child]) -> Tree:
    """Sorts the topmost objects of a service."""
    builds, workloads, leaving, jobs = [], [], [], []
    for child in children:
        if child.kind == BUILD:
            builds.append(child)
            continue
        jobs += [job for job in (child, *child.children) if job.kind == JOB]
        if _leftover(child):
            leaving += [child] if child.verdict.state is State.TERMINATING else []
        elif counts(child.view) and child.verdict.reason != "Superseded" and not _by_hand(child):
            workloads.append(child)
    latest = max(builds, key=lambda build: started(build.view), default=None)
    return Tree(latest, workloads, leaving, jobs)


def worst_workload(workloads: Iterable[Child]) -> Child | None:
    """FAILED > DEGRADED > UNKNOWN > PROGRESSING > HEALTHY; SUSPENDED and TERMINATING only when nothing else is left."""
    all_of_them = list(workloads)
    rest = [one for one in all_of_them if one.verdict.state not in _ASIDE]
    return min(rest or all_of_them, key=_place, default=None)


def serves(child: Child) -> bool:
    """Whether it has an available replica; a Cronjob does not serve."""
    if child.kind not in SERVING:
        return False
    view: Controller = child.view
    return effective(view.replicas, [pod for pod in pods_below(child.children) if live(pod)]) > 0


def shown_pods(tree: Tree) -> list[Child]:
    """The pods of what runs permanently, and of runs that are active or were the last and ended in error."""
    pods = [pod for pod in pods_below(tree.of(SERVING)) if live(pod)] + tree.of((POD,))
    newest = tree.newest_job
    for job in tree.jobs:
        if active(job.view) or (job is newest and job.verdict.state is State.FAILED):
            pods += pods_below(job.children)
    return pods


def _place(child: Child) -> tuple[int, int, str]:
    kind = SERVING.index(child.kind) if child.kind in SERVING else len(SERVING)
    state = child.verdict.state
    return _RANK.get(state, len(_RANK) + (state is State.TERMINATING)), kind, child.ref.name


def _leftover(child: Child) -> bool:
    """A pod of a controller that no longer counts it."""
    return (
        child.kind == POD
        and not live(child)
        and any(owner.controller for owner in child.view.metadata.owner_references)
    )


def _by_hand(child: Child) -> bool:
    return child.kind == JOB and manual(child.view)
