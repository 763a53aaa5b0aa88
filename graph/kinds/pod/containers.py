"""One container → trouble or none (status-rules, section 3.3): the same for init, regular and sidecar containers."""

from __future__ import annotations

from msgspec import Struct

from graph.kinds.pod.case import OneContainer
from graph.kinds.pod.view import Running, Terminated, Waiting
from graph.kinds.shared.causes import cause
from graph.kinds.shared.hints import kubectl
from graph.kinds.shared.text import clean, closed, plural
from graph.model import instant
from graph.model.status import Cause, Evidence, State

OOM = "OOMKilled"
CRASH_LOOP = "CrashLoopBackOff"
IMAGE = "ImagePullBackOff"
ONE_CRASH = "ContainerTerminated"
_MORE_MEMORY = "Raise limits.memory or reduce usage."
_FOREGROUND = "Keep it in the foreground, or run it as a Job."
_EPOCH = 86400.0  # StartError writes 1970; a container that ended on the first day of the epoch did not


class Trouble(Struct, frozen=True, gc=False):
    """What is wrong with a container."""

    state: State
    reason: str
    row: str
    message: str
    hint: str
    because: tuple[Cause, ...]
    began: float | None = None


_WAITING: dict[str, tuple[str, str, str]] = {
    # reason → row, message, hint
    "ErrImagePull": (
        "P28",
        "Image {image} of {container} cannot be pulled: {message}.",
        "Fix the tag or the registry, or add imagePullSecrets.",
    ),
    "InvalidImageName": (
        "P29",
        '"{image}", the image of {container}, is not a valid image reference.',
        "Lower case, no blanks, one tag.",
    ),
    "CreateContainerConfigError": (
        "P31",
        "{Container} cannot be configured: {message}.",
        "Create the missing Secret, ConfigMap or key.",
    ),
    "CreateContainerError": (
        "P32",
        "The runtime refuses {container}: {message}.",
        "Check mounts, host paths, devices and security settings of the container.",
    ),
    "RunContainerError": (
        "P33",
        "{Container} cannot start: {message}.",
        "Check the command or entrypoint and its permissions.",
    ),
    "ErrImageNeverPull": (
        "P30",
        "Image {image} of {container} is not usable on {node}: {message}.",
        "Check the image, its pull policy, its signature and the registry.",
    ),
}
_WAITING["ImagePullBackOff"] = _WAITING["ErrImagePull"]
for _reason in ("ImageInspectError", "RegistryUnavailable", "SignatureValidationFailed"):
    _WAITING[_reason] = _WAITING["ErrImageNeverPull"]
for _reason in ("PreCreateHookError", "PreStartHookError", "PostStartHookError"):
    _WAITING[_reason] = _WAITING["CreateContainerError"]
_UNLISTED = ("P66", "{Container} cannot start: {reason}: {message}.", "See {describe}.")


def is_error(reason: str) -> bool:
    """Whether a waiting reason tells an error, known or not."""
    return (
        reason.startswith(("Err", "Invalid"))
        or reason.endswith(("Error", "BackOff", "Unavailable"))
        or "Failed" in reason
    )


def trouble(one: OneContainer) -> Trouble | None:
    """What is wrong with one container."""
    state = one.status.state
    if state.running is not None:
        return _flapping(one, state.running) if one.status.restart_count >= one.case.rules.flap_n else None
    if state.terminated is not None:
        return _ended(one, state.terminated)
    if state.waiting is None or not is_error(state.waiting.reason):
        return None
    return _looping(one, state.waiting) if state.waiting.reason == CRASH_LOOP else _refused(one, state.waiting)


def gave_up(one: OneContainer) -> Trouble | None:
    """P08, P09, P51: it ended with an error and nobody restarts it.

    ContainerFailed: a container ended with an error, and nobody restarts it.
    OOMKilled: a container was killed for exceeding its memory limit, for good or again and again.
    """
    ended = one.status.state.terminated
    if ended is None or not failed(ended):
        return None
    began = finished_at(ended)
    if ended.reason == OOM:
        message = f"{one.title} was killed for exceeding its memory limit{_limit(one)}, exit code {ended.exit_code}."
        return Trouble(State.FAILED, OOM, "P09", message, _MORE_MEMORY, (termination(one, ended),), began)
    message = f"{one.title} ended with {outcome(ended)}."
    return Trouble(State.FAILED, "ContainerFailed", "P08", message, one.logs(), (termination(one, ended),), began)


def recent(one: OneContainer) -> bool:
    """Whether the last end of a container is recent enough to call its restarts a loop."""
    case, now = one.case, one.status.state.terminated
    before = finished_at(one.status.last_state.terminated)
    if now is None:
        return case.clock.younger(before, case.rules.flap_win)
    before = before if before is not None else _real(now.started_at)
    at = finished_at(now)
    if at is None:
        return case.clock.younger(before, case.rules.flap_win)
    return before is not None and at - before < case.rules.flap_win


def failed(ended: Terminated) -> bool:
    """Whether a container ended with an error."""
    return ended.exit_code != 0 or bool(ended.signal)


def finished_at(ended: Terminated | None) -> float | None:
    """When a container ended; None where that is null or the epoch."""
    return _real(ended.finished_at) if ended else None


def outcome(ended: Terminated) -> str:
    """``exit code 1``, ``exit code 137 (OOMKilled)``, ``signal 9``."""
    if ended.signal and not ended.exit_code:
        return f"signal {ended.signal}"
    if ended.signal and not ended.reason:
        return f"exit code {ended.exit_code} (signal {ended.signal})"
    plain = ended.reason in ("", "Error", "Completed")
    return f"exit code {ended.exit_code}" if plain else f"exit code {ended.exit_code} ({clean(ended.reason)})"


def termination(one: OneContainer, ended: Terminated) -> Cause:
    """The end of a container as a cause, with its own last words."""
    return cause(
        one.case.ref,
        reason=ended.reason or "Error",
        message=f"{outcome(ended)}: {ended.message}" if ended.message else outcome(ended),
        evidence=Evidence.TERMINATION,
        at=finished_at(ended),
        container=one.status.name,
    )


def running_cause(one: OneContainer) -> Cause:
    """A container that runs, as a cause."""
    running = one.status.state.running
    return cause(
        one.case.ref,
        reason="Running",
        message=f"{one.name} is running",
        evidence=Evidence.CONTAINER_STATE,
        at=running.started_at if running else None,
        container=one.status.name,
    )


def _real(text: str | None) -> float | None:
    at = instant.parse(text)
    return at if at is not None and at > _EPOCH else None


def _limit(one: OneContainer) -> str:
    limit = one.spec.resources.limits.memory
    return f" ({clean(limit)})" if limit else ""


def _refused(one: OneContainer, waiting: Waiting) -> Trouble:
    """P28–P33, P66: the kubelet or the runtime says why it does not start.

    ImagePullBackOff: an image cannot be pulled; ErrImagePull, with which the word alternates, is told as this.
    InvalidImageName: an image's name is no valid reference.
    CreateContainerConfigError: a Secret, a ConfigMap or a key that a container needs is not there.
    CreateContainerError: the runtime refuses to create a container.
    RunContainerError: the runtime cannot start a container.
    …: a container cannot start; the word is the kubelet's or the runtime's own: of the image (ErrImageNeverPull,
      ImageInspectError, RegistryUnavailable, SignatureValidationFailed), of a hook (PreCreateHookError,
      PreStartHookError, PostStartHookError), or any other that tells an error.
    """
    row, message, hint = _WAITING.get(waiting.reason, _UNLISTED)
    words = {
        "image": one.image,
        "container": one.name,
        "Container": one.title,
        "node": one.case.node_name,
        "describe": kubectl(one.case.ref, f"describe pod {one.case.ref.name}"),
        "reason": waiting.reason,
        "message": closed(waiting.message, otherwise=waiting.reason),
    }
    reason = IMAGE if row == "P28" else waiting.reason  # the two words alternate: no flicker
    ready = one.case.condition("ContainersReady")
    began = ready.since if ready and ready.status == "False" else None
    because = _waiting_causes(one, waiting)
    return Trouble(State.FAILED, reason, row, message.format(**words), hint.format(**words), because, began)


def _waiting_causes(one: OneContainer, waiting: Waiting) -> tuple[Cause, ...]:
    here = cause(
        one.case.ref,
        reason=waiting.reason,
        message=waiting.message or f"container {one.status.name} is waiting: {waiting.reason}",
        evidence=Evidence.CONTAINER_STATE,
        container=one.status.name,
    )
    ended = one.status.last_state.terminated
    return (here,) if ended is None else (here, termination(one, ended))


def _looping(one: OneContainer, waiting: Waiting) -> Trouble:
    """P34–P36: the kubelet waits longer and longer between restarts."""
    return _loop(one, one.status.last_state.terminated, row="P34", because=_waiting_causes(one, waiting))


def _flapping(one: OneContainer, running: Running) -> Trouble | None:
    """P38: it runs at the moment, but a restart is no recovery."""
    ended = one.status.last_state.terminated
    if ended is None or not recent(one):
        return None
    clock, rules = one.case.clock, one.case.rules
    if one.status.ready and not clock.younger(instant.parse(running.started_at), rules.stable_min):
        return None
    return _loop(one, ended, row="P38", because=(termination(one, ended),))


def _ended(one: OneContainer, ended: Terminated) -> Trouble | None:
    """P36–P38: it is terminated now, for good or until the kubelet restarts it.

    ContainerTerminated: a container just crashed, and the kubelet restarts it.
    """
    if not failed(ended) and one.restart_policy != "Always":
        return None
    if failed(ended) and one.restart_policy == "Never":
        return gave_up(one)
    because = (termination(one, ended),)
    if one.status.restart_count >= one.case.rules.flap_n and recent(one):
        return _loop(one, ended, row="P38", because=because)
    if not failed(ended):
        return None
    message = f"{one.title} just crashed ({outcome(ended)}); the kubelet restarts it."
    return Trouble(State.DEGRADED, ONE_CRASH, "P37", message, one.logs(), because, finished_at(ended))


def _loop(one: OneContainer, ended: Terminated | None, *, row: str, because: tuple[Cause, ...]) -> Trouble:
    """A crash loop, told by the end that counts: the word stays the same while it waits, runs and ends.

    CrashLoopBackOff: a container ends again and again soon after its start, whatever it does now.
    """
    began = finished_at(ended)
    times = plural(one.status.restart_count, "restart")
    times = f"{times}, last at {instant.clock(began)}" if began is not None else times
    if ended is not None and ended.reason == OOM:
        message = f"{one.title} keeps running out of memory{_limit(one)}: exit code {ended.exit_code}, {times}."
        return Trouble(State.FAILED, OOM, "P35", message, _MORE_MEMORY, because, began)
    if ended is not None and not failed(ended):
        message = f"{one.title} exits with 0 and is restarted again and again: {times}."
        return Trouble(State.FAILED, CRASH_LOOP, "P36", message, _FOREGROUND, because, began)
    message = f"{one.title} keeps crashing: {outcome(ended) if ended else 'its last end is not known'}, {times}."
    previous = one.status.state.terminated is None
    return Trouble(State.FAILED, CRASH_LOOP, row, message, one.logs(previous=previous), because, began)
