"""What is kept of a pod. Never env, args or commands: they are not named here, so they are never decoded."""

from __future__ import annotations

from msgspec import Struct, field

from graph.kinds.shared.annotations import AnnotatedMeta
from graph.kinds.shared.conditions import Condition
from graph.model.kind import Object


class Limits(Struct, frozen=True, gc=False):
    """``resources.limits``."""

    memory: str | None = None


class Resources(Struct, frozen=True, gc=False):
    """``resources``."""

    limits: Limits = Limits()


class Probe(Struct, frozen=True, gc=False, rename="camel"):
    """A probe: that it is there, and how patient it is."""

    failure_threshold: int = 3


class ContainerSpec(Struct, frozen=True, gc=False, rename="camel"):
    """A container as it was asked for."""

    name: str = ""
    image: str = ""
    restart_policy: str | None = None
    resources: Resources = Resources()
    startup_probe: Probe | None = None

    @property
    def sidecar(self) -> bool:
        """Of an init container: it keeps running beside the regular ones."""
        return self.restart_policy == "Always"


class SchedulingGate(Struct, frozen=True, gc=False):
    """Holds scheduling back."""

    name: str = ""


class ReadinessGate(Struct, frozen=True, gc=False, rename="camel"):
    """A condition that somebody else has to set."""

    condition_type: str = ""


class PodSpec(Struct, frozen=True, gc=False, rename="camel"):
    """``spec``."""

    node_name: str | None = None
    scheduler_name: str = "default-scheduler"
    restart_policy: str = "Always"
    active_deadline_seconds: int | None = None
    containers: tuple[ContainerSpec, ...] = ()
    init_containers: tuple[ContainerSpec, ...] = ()
    ephemeral_containers: tuple[ContainerSpec, ...] = ()
    scheduling_gates: tuple[SchedulingGate, ...] = ()
    readiness_gates: tuple[ReadinessGate, ...] = ()


class Waiting(Struct, frozen=True, gc=False):
    """A container that does not run yet, or not again."""

    reason: str = ""
    message: str = ""


class Running(Struct, frozen=True, gc=False, rename="camel"):
    """A container that runs."""

    started_at: str | None = None


class Terminated(Struct, frozen=True, gc=False, rename="camel"):
    """A container that ended."""

    exit_code: int = 0
    signal: int | None = None
    reason: str = ""
    message: str = ""
    started_at: str | None = None
    finished_at: str | None = None


class StateOf(Struct, frozen=True, gc=False):
    """``state`` or ``lastState`` of a container: one of the three, or none of them."""

    waiting: Waiting | None = None
    running: Running | None = None
    terminated: Terminated | None = None


class ContainerStatus(Struct, frozen=True, gc=False, rename="camel"):
    """A container as the kubelet reports it."""

    name: str = ""
    image: str = ""
    ready: bool = False
    started: bool | None = None
    restart_count: int = 0
    state: StateOf = StateOf()
    last_state: StateOf = StateOf()


class PodStatus(Struct, frozen=True, gc=False, rename="camel"):
    """``status``."""

    phase: str = ""
    reason: str = ""
    message: str = ""
    nominated_node_name: str | None = None
    pod_ip: str | None = field(name="podIP", default=None)
    conditions: tuple[Condition, ...] = ()
    container_statuses: tuple[ContainerStatus, ...] = ()
    init_container_statuses: tuple[ContainerStatus, ...] = ()
    ephemeral_container_statuses: tuple[ContainerStatus, ...] = ()


class PodView(Object, frozen=True, gc=False, rename="camel"):
    """A pod."""

    metadata: AnnotatedMeta
    spec: PodSpec = PodSpec()
    status: PodStatus = PodStatus()
