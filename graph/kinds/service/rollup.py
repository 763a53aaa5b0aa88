"""The judge of Services: status-rules, section 10, rows V01–V08."""

from __future__ import annotations

from collections.abc import Callable

from graph.config import Rules
from graph.kinds.service.tree import Tree, serves, tree_of, worst_workload
from graph.kinds.shared.causes import chain_of
from graph.kinds.shared.order import decide
from graph.kinds.shared.telling import tell
from graph.kinds.shared.text import plural
from graph.model.kind import Child, Memory, Object, Related
from graph.model.ref import ObjectRef
from graph.model.status import State, Verdict

_ROWS = {State.SUSPENDED: "V06", State.TERMINATING: "V07"}
Rule = Callable[[ObjectRef, Tree], Verdict | None]


def judge(view: Object, related: Related, memory: Memory, rules: Rules, now: float) -> Verdict:
    """The worst workload, with what its builds and its leftovers change of that. Time changes it only through them."""
    if memory.stopped:
        return _stopped(related)
    tree = tree_of(related.children)
    return decide(_ORDER, related.ref, tree)


def _stopped(related: Related) -> Verdict:
    """V07: by an action of ours; it stays.

    Stopped: it was stopped by an action of Statusgraph, which brings it back, too.
    """
    message = "Stopped on request; its manifest is kept in the cluster."
    because = tuple(link for child in related.children for link in chain_of(child))
    hint = "startCronjob brings it back."
    return tell(related.ref, State.SUSPENDED, "Stopped", message, row="V07", hint=hint, because=because)


def _build_failed(ref: ObjectRef, tree: Tree) -> Verdict | None:
    """V01, V02: a failed build matters while nothing runs, or nothing else is wrong.

    BuildFailed: the latest build failed; DEGRADED while the last good one serves, else FAILED.
    """
    build, worst = tree.build, worst_workload(tree.workloads)
    if build is None or build.verdict.state is not State.FAILED or (worst is None and tree.leaving):
        return None
    if worst is not None and worst.verdict.state is not State.HEALTHY:
        return None  # V03
    state, row = (State.FAILED, "V02") if worst is None else (State.DEGRADED, "V01")
    serving = "nothing was ever deployed" if worst is None else "the last good one keeps serving"
    message = f"The latest build failed, {serving}: {build.verdict.message}"
    began, because = build.verdict.began, chain_of(build)
    return tell(ref, state, "BuildFailed", message, row=row, hint=build.verdict.hint, because=because, began=began)


def _runtime(ref: ObjectRef, tree: Tree) -> Verdict | None:
    """V03–V07: the worst workload; what still serves beside one that failed makes that DEGRADED.

    …: the reason of its worst workload.
    """
    worst = worst_workload(tree.workloads)
    if worst is None:
        return None
    found = worst.verdict
    state, row, others = found.state, _ROWS.get(found.state, "V04"), ""
    if state is State.FAILED:
        serving = next((one for one in tree.workloads if one is not worst and serves(one)), None)
        if serving is not None:
            state, row, others = State.DEGRADED, "V05", f" {_name(serving)} still serves."
    because = () if state is State.HEALTHY else chain_of(worst)
    message = f"{_name(worst)}: {found.message}{others}"
    return tell(ref, state, found.reason, message, row=row, hint=found.hint, because=because, began=found.began)


def _leaving(ref: ObjectRef, tree: Tree) -> Verdict | None:
    """V07: the last workload was deleted.

    Terminating: its last workload was deleted, and parts of it are still going.
    """
    if not tree.leaving:
        return None
    message = f"The last workload was deleted; {plural(len(tree.leaving), 'part')} of it are still going."
    because = tuple(link for child in tree.leaving[:1] for link in chain_of(child))
    return tell(ref, State.TERMINATING, "Terminating", message, row="V07", because=because)


def _only_builds(ref: ObjectRef, tree: Tree) -> Verdict | None:
    """V08, while one runs.

    …: nothing is deployed yet; the reason of the build that runs.
    """
    build = tree.build
    if build is None or build.verdict.state is not State.PROGRESSING:
        return None
    message = f"Nothing is deployed yet; a build runs: {build.verdict.message}"
    began, because = build.verdict.began, chain_of(build)
    return tell(ref, State.PROGRESSING, build.verdict.reason, message, row="V08", because=because, began=began)


def _no_workload(ref: ObjectRef, tree: Tree) -> Verdict:
    """V08.

    NoWorkload: nothing of it was deployed.
    """
    message = "There is no workload: nothing was deployed."
    hint = "Deploy the last good build."
    return tell(ref, State.UNKNOWN, "NoWorkload", message, row="V08", hint=hint, child=tree.build)


def _name(child: Child) -> str:
    return f"{child.ref.kind} {child.ref.name}"


_ORDER: tuple[Rule, ...] = (
    _build_failed,
    _runtime,
    _leaving,
    _only_builds,
    _no_workload,
)
