"""Jobs: the view that a Job and a Build are made of, and the facts that both judges ask for."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct, field

from graph.config import Rules
from graph.kinds.shared.clock import Clock
from graph.kinds.shared.conditions import Condition, holds
from graph.kinds.shared.containers import Terminated, steps
from graph.kinds.shared.edits import ManagedFields
from graph.kinds.shared.events import Event
from graph.kinds.shared.pods import created, finished, live, pods_below, refusal
from graph.kinds.shared.runs import RunAnnotations, RunMeta
from graph.model import instant
from graph.model.kind import Child, Memory, Object, Related
from graph.model.ref import ObjectRef
from graph.model.status import State

CONTROLLER = "job-controller"
CRASHES = frozenset(
    {
        "CrashLoopBackOff",
        "OOMKilled",
        "ContainerTerminated",
        "ContainerFailed",
        "InitContainerTerminated",
        "InitContainerFailed",
        "InitCrashLoopBackOff",
        "InitOOMKilled",
    }
)
"""Reasons of a pod whose containers ran and failed: these end by the Job's backoffLimit, all others wait for ever."""


class JobAnnotations(RunAnnotations, frozen=True, gc=False):
    """The annotations that are kept."""

    scheduled: str | None = field(name="batch.kubernetes.io/cronjob-scheduled-timestamp", default=None)


class JobMeta(RunMeta, frozen=True, gc=False, rename="camel"):
    """``metadata``."""

    annotations: JobAnnotations = JobAnnotations()
    managed_fields: tuple[ManagedFields, ...] = ()


class JobSpec(Struct, frozen=True, gc=False, rename="camel"):
    """``spec``."""

    suspend: bool = False
    parallelism: int = 1
    completions: int | None = None
    backoff_limit: int = 6
    active_deadline_seconds: int | None = None
    max_failed_indexes: int | None = None
    ttl_seconds_after_finished: int | None = None
    managed_by: str | None = None
    pod_replacement_policy: str | None = None


class JobStatus(Struct, frozen=True, gc=False, rename="camel"):
    """``status``; counters of zero are left out by the API."""

    start_time: str | None = None
    completion_time: str | None = None
    active: int = 0
    succeeded: int = 0
    failed: int = 0
    terminating: int = 0
    completed_indexes: str = ""
    failed_indexes: str = ""
    conditions: tuple[Condition, ...] = ()


class JobView(Object, frozen=True, gc=False, rename="camel"):
    """A Job."""

    metadata: JobMeta
    spec: JobSpec = JobSpec()
    status: JobStatus = JobStatus()

    def holds(self, name: str) -> Condition | None:
        """The condition of that type if it is True."""
        return holds(self.status.conditions, name)

    @property
    def started_at(self) -> float | None:
        """When the job controller began with it."""
        return instant.parse(self.status.start_time)

    @property
    def finished_at(self) -> float | None:
        """When it completed or failed."""
        if failed := self.holds("Failed"):
            return failed.since
        if complete := self.holds("Complete"):
            return instant.parse(self.status.completion_time) or complete.since
        return None

    @property
    def tick(self) -> float | None:
        """The tick of the schedule that it was made for; of an older cluster when it was created."""
        return instant.parse(self.metadata.annotations.scheduled) or instant.parse(self.metadata.creation_timestamp)


class JobCase(Struct, gc=False):
    """A Job to be judged, its pods, and the clock."""

    view: JobView
    ref: ObjectRef
    events: tuple[Event, ...]
    memory: Memory
    rules: Rules
    clock: Clock
    pods: list[Child]
    """All its pods, by name."""
    live: list[Child]
    """Those that are neither finished nor being deleted."""

    @property
    def created(self) -> float | None:
        """When the Job was created."""
        return instant.parse(self.view.metadata.creation_timestamp)

    @property
    def failures(self) -> list[Child]:
        """The pods that ended with an error."""
        return [pod for pod in self.pods if finished(pod) and pod.verdict.state is State.FAILED]

    @property
    def ended_badly(self) -> Child | None:
        """The pod that failed last."""
        return newest(self.failures)

    @property
    def newest(self) -> Child | None:
        """The newest pod."""
        return newest(self.pods)


def case_of(view: JobView, related: Related, memory: Memory, rules: Rules, now: float) -> JobCase:
    """The facts that all rules of Jobs and Builds share."""
    pods = list(pods_below(related.children))
    alive = [pod for pod in pods if live(pod)]
    return JobCase(view, related.ref, related.events, memory, rules, Clock(now), pods, alive)


def newest(pods: Iterable[Child]) -> Child | None:
    """The newest of some objects."""
    return max(pods, key=created, default=None)


def hard_failed(pod: Child) -> bool:
    """Whether it failed for a reason that no retry and no backoffLimit ends."""
    return pod.verdict.state is State.FAILED and pod.verdict.reason not in CRASHES


def refused(case: JobCase) -> Event | None:
    """The event that tells why the job controller cannot create a pod."""
    return None if case.live else refusal(case.events, case.pods, by=CONTROLLER)


def last_exit(pod: Child) -> Terminated | None:
    """How the first failed container of a pod ended; it may run again."""
    for _, status in steps(pod.view):
        if status is not None:
            ended = status.state.terminated or status.last_state.terminated
            if ended is not None and ended.exit_code != 0:
                return ended
    return None
