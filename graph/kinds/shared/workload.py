"""What the controllers of pods have in common: ReplicaSet, Deployment, StatefulSet and DaemonSet.

The same pod problem is FAILED when nothing is available and DEGRADED when something still serves. Counters lag behind
pods by seconds, so "nothing is available" is never taken from the counters alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Annotated, Any, Protocol, TypeVar

from msgspec import Struct, structs

from graph.config import Rules
from graph.kinds.shared.clock import INSTANT, Clock
from graph.kinds.shared.conditions import Condition, holds
from graph.kinds.shared.edits import EditedMeta
from graph.kinds.shared.numbers import count
from graph.kinds.shared.order import decide
from graph.kinds.shared.pods import ONE_CRASH, REFUSED, live, pods_below, serves, worst
from graph.kinds.shared.telling import tell
from graph.kinds.shared.text import closed
from graph.model import instant
from graph.model.kind import Child, Memory, Meta, Related, doc
from graph.model.ref import ObjectRef
from graph.model.status import Cause, State, Verdict

View = TypeVar("View")
_OBSERVED = 300.0
"""Seconds after which a controller that has not looked at a change is not working (D02)."""


class Replicas(Struct, frozen=True, gc=False, array_like=True, rename="camel"):
    """How many replicas there are."""

    desired: Annotated[int, doc("How many are asked for.")]
    current: Annotated[int, doc("How many exist.")]
    updated: Annotated[int, doc("How many are of the current revision.")]
    ready: Annotated[int, doc("How many are ready.")]
    available: Annotated[int, doc("How many have been ready for long enough to count.")]


def shown(replicas: Replicas) -> Replicas:
    """The counters as they are public."""
    return Replicas(*(count(getattr(replicas, name)) for name in Replicas.__struct_fields__))


class ContainerImage(Struct, frozen=True, gc=False):
    """A container of a pod template: its image is all that is kept."""

    image: str = ""


class TemplateSpec(Struct, frozen=True, gc=False):
    """``template.spec``."""

    containers: tuple[ContainerImage, ...] = ()


class Template(Struct, frozen=True, gc=False):
    """``template``."""

    spec: TemplateSpec = TemplateSpec()

    @property
    def images(self) -> tuple[str, ...]:
        """The images of the regular containers, in their order."""
        return tuple(dict.fromkeys(one.image for one in self.spec.containers if one.image))


class Controller(Protocol):
    """A view of a controller of pods."""

    @property
    def metadata(self) -> Meta: ...
    @property
    def replicas(self) -> Replicas: ...
    @property
    def observed_generation(self) -> int: ...


class Revised(Protocol):
    """A view that is one revision of its owner."""

    @property
    def revision(self) -> int | None: ...


class Case(Struct, gc=False):
    """A controller to be judged, what is below it, and the clock."""

    ref: ObjectRef
    meta: Meta
    replicas: Replicas
    observed: int
    memory: Memory
    rules: Rules
    clock: Clock
    pods: list[Child]
    """All its pods."""
    live: list[Child]
    """Those that are neither finished nor being deleted."""
    available: int
    """As every "0 available" means it: without pods that are not ready, FAILED or UNKNOWN."""
    events: tuple[Any, ...]
    """The Kubernetes events about it, oldest first."""
    words: str
    """What is counted: ``2/3 replicas are available``."""

    def told(
        self,
        state: State,
        reason: str,
        message: str,
        *,
        row: str,
        hint: str | None = None,
        because: tuple[Cause, ...] = (),
        began: float | None = None,
        pod: Child | None = None,
    ) -> Verdict:
        """A verdict that cites its own causes, else its status, then the pod that decided with that pod's chain."""
        return tell(self.ref, state, reason, message, row=row, hint=hint, because=because, child=pod, began=began)

    def outage(self, *, crash: str = "") -> State:
        """FAILED when nothing is available, else DEGRADED; one crash (its reason) alone is no outage yet."""
        return State.DEGRADED if self.available > 0 or crash in ONE_CRASH else State.FAILED


def case_of(
    view: Controller,
    related: Related,
    memory: Memory,
    rules: Rules,
    now: float,
    *,
    counted: Replicas | None = None,
    words: str = "replicas are available",
) -> Case:
    """The facts that all rules of controllers share. ``counted``: its replicas as its rules count them."""
    counted = counted or view.replicas
    pods = list(pods_below(related.children))
    alive = [pod for pod in pods if live(pod)]
    return Case(
        related.ref,
        view.metadata,
        counted,
        view.observed_generation,
        memory,
        rules,
        Clock(now),
        pods,
        alive,
        effective(counted, alive),
        related.events,
        words,
    )


def conclude(rules: Iterable[Callable[[View, Case], Verdict | None]], view: View, case: Case) -> Verdict:
    """The answer of a whole list of rules."""
    return structs.replace(decide(rules, view, case), recheck_at=case.clock.next)


def effective(counted: Replicas, alive: list[Child]) -> int:
    """How many are available whatever the counters say: those lag, and between crashes a pod counts as ready.

    Of as many as there are: pods that nobody counted yet, of a scale-up, take nothing from those that serve.
    """
    return max(min(counted.available, max(counted.current, len(alive)) - sum(not serves(pod) for pod in alive)), 0)


def being_deleted(case: Case, *, noun: str, row: str) -> Verdict | None:
    """D20, and the same of every other controller.

    Terminating: it is being deleted.
    """
    if case.meta.deletion_timestamp is None:
        return None
    began = instant.parse(case.meta.deletion_timestamp)
    return case.told(State.TERMINATING, "Terminating", f"{noun} is being deleted.", row=row, began=began)


def unobserved(case: Case, *, row: str) -> Verdict | None:
    """D02, D26, R02: the controller has not looked at the last change.

    SpecNotObserved: its controller has not looked at the last change; UNKNOWN when that lasts.
    """
    if case.observed and case.observed >= case.meta.generation:
        return None
    changed = case.memory.edited
    if changed is None and isinstance(case.meta, EditedMeta):
        changed = case.meta.edited
    if changed is None and case.meta.generation <= 1:
        changed = instant.parse(case.meta.creation_timestamp)  # it was never changed since
    if changed is None or case.clock.within(changed, _OBSERVED):
        message = "A change is waiting for the controller."
        return case.told(State.PROGRESSING, "SpecNotObserved", message, row=row, began=changed)
    message = f"A change is waiting for the controller since {instant.clock(changed)}."
    hint = "kube-controller-manager is not working."
    began = changed + _OBSERVED + INSTANT
    return case.told(State.UNKNOWN, "SpecNotObserved", message, row=row, hint=hint, began=began)


def pod_unknown(case: Case, pod: Child, *, row: str) -> Verdict:
    """D29: nobody knows how the pods are."""
    state = State.DEGRADED if case.available > 0 else State.UNKNOWN
    message = f"{counted(case)}, the state of some is not known: {words_of(pod)}"
    return case.told(
        state, pod.verdict.reason, message, row=row, hint=pod.verdict.hint, began=pod.verdict.began, pod=pod
    )


def pod_failed(case: Case, *, row: str) -> Verdict | None:
    """R07, DS03: a pod failed, and that is how it is."""
    pod = worst_of(case.live, State.FAILED)
    if pod is None:
        return None
    found, message = pod.verdict, f"{counted(case)}: {words_of(pod)}"
    return case.told(case.outage(), found.reason, message, row=row, hint=found.hint, began=found.began, pod=pod)


def pod_degraded(case: Case, pods: list[Child], *, row: str) -> Verdict | None:
    """D30: too few are available, and a pod says why."""
    pod = worst_of(pods, State.DEGRADED)
    if pod is None or case.replicas.available >= case.replicas.desired:
        return None
    state, found = case.outage(crash=pod.verdict.reason), pod.verdict
    message = f"{counted(case)}: {words_of(pod)}"
    return case.told(state, found.reason, message, row=row, hint=found.hint, began=found.began, pod=pod)


def degraded_at_full_count(case: Case, pods: list[Child], *, row: str) -> Verdict | None:
    """D21: everything is available, but a pod needs attention."""
    pod = worst_of(pods, State.DEGRADED)
    if pod is None:
        return None
    found, message = pod.verdict, f"{counted(case)}, but not all is well: {words_of(pod)}"
    return case.told(State.DEGRADED, found.reason, message, row=row, hint=found.hint, began=found.began, pod=pod)


def worst_of(pods: list[Child], state: State) -> Child | None:
    """The worst pod if it is of that state."""
    pod = worst(pods)
    return pod if pod is not None and pod.verdict.state is state else None


def counted(case: Case) -> str:
    """``1/3 replicas are available``, by what really is."""
    return f"{min(case.available, case.replicas.available)}/{case.replicas.desired} {case.words}"


def words_of(pod: Child) -> str:
    """A pod's own message, said by its owner."""
    return f"pod {pod.ref.name}: {pod.verdict.message}"


def refused(case: Case, conditions: tuple[Condition, ...], *, row: str) -> Verdict | None:
    """D10, D22, R04: the API server takes no pod of it.

    ReplicaFailure: the API server refuses its pods: quota, admission, service account.
    """
    failure = holds(conditions, "ReplicaFailure")
    if failure is None:
        return None
    return case.told(
        case.outage(),
        "ReplicaFailure",
        f"{counted(case)}; pods cannot be created: {closed(failure.message)}.",
        row=row,
        hint=REFUSED,
        because=(failure.cited(case.ref),),
        began=failure.since,
    )


def waiting_for_minimum(case: Case, seconds: int, *, row: str) -> Verdict | None:
    """D06, R08: ready, but not for long enough to count.

    WaitingForMinReadySeconds: its replicas are ready, but not for long enough to count.
    """
    told = case.replicas
    if seconds <= 0 or not told.ready >= told.desired > told.available:
        return None
    message = f"All {told.ready} replicas are ready; they must stay ready for {seconds} seconds."
    return case.told(State.PROGRESSING, "WaitingForMinReadySeconds", message, row=row)


def scaling_down(case: Case, *, one_revision: bool) -> Verdict | None:
    """D14: more replicas than asked for, all of the current revision.

    ScalingDown: it has more replicas than asked for, and they are being stopped.
    """
    told = case.replicas
    if not told.current > told.desired or not one_revision:
        return None
    message = f"Scaling down from {told.current} to {told.desired}."
    return case.told(State.PROGRESSING, "ScalingDown", message, row="D14")


def all_available(case: Case) -> str:
    """The message of a healthy controller."""
    return "The replica is available." if case.replicas.desired == 1 else f"All {case.replicas.desired} {case.words}."
