"""What is public of a pod: the types Pod, Container and Termination of the schema."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated

from msgspec import Struct, field

from graph.kinds.pod.view import ContainerSpec, ContainerStatus, PodView, Terminated
from graph.kinds.shared.numbers import count
from graph.kinds.shared.owners import controller_ref
from graph.kinds.shared.text import clean
from graph.model import instant
from graph.model.kind import Related, Time, doc
from graph.model.ref import ObjectRef


class ContainerRole(StrEnum):
    """What a container is for in its pod."""

    MAIN = "MAIN"
    """It does the pod's work."""
    INIT = "INIT"
    """It runs to its end before the others start."""
    SIDECAR = "SIDECAR"
    """It starts before the others and runs beside them."""
    EPHEMERAL = "EPHEMERAL"
    """Added to a running pod, to look into it."""


class ContainerState(StrEnum):
    """What a container does; UNKNOWN until a kubelet reported it."""

    WAITING = "WAITING"
    """It does not run yet, or not again."""
    RUNNING = "RUNNING"
    """It runs."""
    TERMINATED = "TERMINATED"
    """It ended."""
    UNKNOWN = "UNKNOWN"
    """No kubelet has reported it."""


class Termination(Struct, frozen=True, gc=False, array_like=True, rename="camel"):
    """How a container ended before its last restart."""

    exit_code: Annotated[int, doc("The exit code.")]
    signal: Annotated[int | None, doc("The signal that ended it, where one did.")]
    reason: Annotated[str | None, doc("The runtime's word, e.g. OOMKilled.")]
    message: Annotated[str | None, doc("The container's last words.")]
    started_at: Annotated[Time | None, doc("When it had started.")]
    finished_at: Annotated[Time | None, doc("When it ended.")]


class Container(Struct, frozen=True, gc=False, array_like=True, rename="camel"):
    """A container of a pod."""

    name: Annotated[str, doc("Its name in the pod.")]
    image: Annotated[str, doc("The image that was asked for.")]
    role: Annotated[ContainerRole, doc("What it is for.")]
    ready: Annotated[bool, doc("Whether it is ready to serve.")]
    restarts: Annotated[int, doc("How often it was restarted.")]
    state: Annotated[ContainerState, doc("What it does.")]
    reason: Annotated[str | None, doc("Why it waits or ended, in the cluster's word.")]
    message: Annotated[str | None, doc("The cluster's own words.")]
    exit_code: Annotated[int | None, doc("The exit code of one that is terminated.")]
    started_at: Annotated[Time | None, doc("When it started.")]
    finished_at: Annotated[Time | None, doc("When it ended.")]
    last_termination: Annotated[Termination | None, doc("How it ended before its last restart.")]


class PodFields(Struct, frozen=True, gc=False, array_like=True, rename="camel"):
    """What is public of a pod."""

    phase: Annotated[str, doc("Kubernetes' own phase, which is not the status; Unknown where there is none.")]
    node_name: Annotated[str | None, doc("The node that it is bound to.")]
    pod_ip: Annotated[str | None, doc("Its address.")] = field(name="podIP")
    owner: Annotated[ObjectRef | None, doc("The object that manages it.")]
    restarts: Annotated[int, doc("Restarts of all its containers.")]
    containers: Annotated[tuple[Container, ...], doc("Init containers in their order, then the others.")]


def project(view: PodView, related: Related, now: float) -> PodFields:
    """The public fields of a pod."""
    containers = tuple(_containers(view))
    return PodFields(
        clean(view.status.phase) or "Unknown",
        view.spec.node_name or None,
        view.status.pod_ip or None,
        controller_ref(view.metadata, related),
        count(sum(container.restarts for container in containers)),
        containers,
    )


def _containers(view: PodView) -> Iterator[Container]:
    spec, status = view.spec, view.status
    for one in spec.init_containers:
        role = ContainerRole.SIDECAR if one.sidecar else ContainerRole.INIT
        yield _container(one, _status_of(one, status.init_container_statuses), role=role)
    for one in spec.containers:
        yield _container(one, _status_of(one, status.container_statuses), role=ContainerRole.MAIN)
    for one in spec.ephemeral_containers:
        yield _container(one, _status_of(one, status.ephemeral_container_statuses), role=ContainerRole.EPHEMERAL)


def _status_of(spec: ContainerSpec, statuses: tuple[ContainerStatus, ...]) -> ContainerStatus | None:
    for status in statuses:
        if status.name == spec.name:
            return status
    return None


def _container(spec: ContainerSpec, status: ContainerStatus | None, *, role: ContainerRole) -> Container:
    name, image = clean(spec.name), clean(spec.image)
    if status is None:
        return Container(name, image, role, False, 0, ContainerState.UNKNOWN, None, None, None, None, None, None)
    now, before = status.state, status.last_state.terminated
    state, reason, message, code, started, finished = ContainerState.WAITING, "", "", None, None, None
    if now.running is not None:
        state, started = ContainerState.RUNNING, now.running.started_at
    elif now.terminated is not None:
        ended = now.terminated
        state, reason, message, code = ContainerState.TERMINATED, ended.reason, ended.message, count(ended.exit_code)
        started, finished = ended.started_at, ended.finished_at
    elif now.waiting is not None:
        reason, message = now.waiting.reason, now.waiting.message
    return Container(
        name,
        image,
        role,
        status.ready,
        count(status.restart_count),
        state,
        clean(reason) or None,
        clean(message) or None,
        code,
        _time(started),
        _time(finished),
        None if before is None else _termination(before),
    )


def _termination(ended: Terminated) -> Termination:
    return Termination(
        count(ended.exit_code),
        None if ended.signal is None else count(ended.signal),
        clean(ended.reason) or None,
        clean(ended.message) or None,
        _time(ended.started_at),
        _time(ended.finished_at),
    )


def _time(text: str | None) -> Time | None:
    shown = instant.normal(text)
    return None if shown is None else Time(shown)
