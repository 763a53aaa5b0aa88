"""The containers of a pod as the judges of its owners read them: through Protocols."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol


class Waiting(Protocol):
    """A container that does not run yet, or not again."""

    @property
    def reason(self) -> str: ...


class Running(Protocol):
    """A container that runs."""

    @property
    def started_at(self) -> str | None: ...


class Terminated(Protocol):
    """A container that ended."""

    @property
    def exit_code(self) -> int: ...
    @property
    def reason(self) -> str: ...
    @property
    def message(self) -> str: ...
    @property
    def started_at(self) -> str | None: ...
    @property
    def finished_at(self) -> str | None: ...


class StateOf(Protocol):
    """One of the three, or none of them."""

    @property
    def waiting(self) -> Waiting | None: ...
    @property
    def running(self) -> Running | None: ...
    @property
    def terminated(self) -> Terminated | None: ...


class ContainerStatus(Protocol):
    """A container as the kubelet reports it."""

    @property
    def name(self) -> str: ...
    @property
    def restart_count(self) -> int: ...
    @property
    def state(self) -> StateOf: ...
    @property
    def last_state(self) -> StateOf: ...


class ContainerSpec(Protocol):
    """A container as it was asked for."""

    @property
    def name(self) -> str: ...
    @property
    def sidecar(self) -> bool: ...


class Spec(Protocol):
    """What is read of a pod's spec."""

    @property
    def init_containers(self) -> tuple[ContainerSpec, ...]: ...
    @property
    def containers(self) -> tuple[ContainerSpec, ...]: ...


class Status(Protocol):
    """What is read of a pod's status."""

    @property
    def init_container_statuses(self) -> tuple[ContainerStatus, ...]: ...
    @property
    def container_statuses(self) -> tuple[ContainerStatus, ...]: ...


class Pod(Protocol):
    """A pod: what was asked for, and what runs in it."""

    @property
    def spec(self) -> Spec: ...
    @property
    def status(self) -> Status: ...


def steps(pod: Pod) -> Iterator[tuple[str, ContainerStatus | None]]:
    """The containers that are to run to their end, in their order, with what is reported of each; sidecars are none."""
    spec, status = pod.spec, pod.status
    inits = (one for one in spec.init_containers if not one.sidecar)
    for asked, told in ((inits, status.init_container_statuses), (spec.containers, status.container_statuses)):
        for one in asked:
            yield one.name, next((found for found in told if found.name == one.name), None)
