"""Rules on init containers and on containers that are being created: rows P23–P27, P40–P46."""

from __future__ import annotations

from collections.abc import Sequence

from graph.kinds.pod.case import Case, OneContainer
from graph.kinds.pod.containers import CRASH_LOOP, OOM, failed, finished_at, running_cause, trouble
from graph.kinds.shared.causes import cause
from graph.kinds.shared.clock import INSTANT
from graph.kinds.shared.events import Event, cited, container_of, true_time, with_reason
from graph.kinds.shared.hints import kubectl
from graph.kinds.shared.text import closed
from graph.model import instant
from graph.model.status import Evidence, State, Verdict

_PULL = 3600.0  # a pull that takes longer than an hour is no longer believed
_MOUNT = frozenset({"FailedMount", "FailedMapVolume"})
_ATTACH = frozenset({"FailedAttachVolume"})
_SANDBOX = frozenset({"FailedCreatePodSandBox"})
_BEGUN = frozenset({"Pulling", "Pulled", "Created"})
_PULL_ENDS = frozenset({"Pulled", "Failed", "BackOff"})
_INIT_ROWS = {CRASH_LOOP: "P42", OOM: "P45", "ContainerFailed": "P43", "ContainerTerminated": "P42"}


def initializing(case: Case) -> Verdict | None:
    """P40–P46: the first init container that is not done."""
    if not case.pod.spec.init_containers or case.holds("Initialized"):
        return None
    for place, one in enumerate(case.inits(), 1):
        if not _done(one):
            return _init_trouble(one) or _init_running(one, place)
    return None


def _done(one: OneContainer) -> bool:
    ended = one.status.state.terminated
    return one.status.started is True if one.spec.sidecar else ended is not None and not failed(ended)


def _init_trouble(one: OneContainer) -> Verdict | None:
    """P42–P45: §3.3 with the prefix Init.

    Init…: what the rest of the word says, of an init container; the pod's own containers never start.
    """
    found = trouble(one)
    if found is None:
        return None
    return one.case.told(
        found.state,
        f"Init{found.reason}",
        found.message,
        row=_INIT_ROWS.get(found.reason, "P44"),
        hint=found.hint,
        because=found.because,
        began=found.began,
    )


def _init_running(one: OneContainer, place: int) -> Verdict | None:
    """P40, P41, P46.

    Initializing: an init container runs.
    InitContainerStuck: an init container has been running for too long.
    SidecarStarting: a native sidecar starts, and the other containers wait for it.
    """
    running, case = one.status.state.running, one.case
    if running is None:
        return None
    started = instant.parse(running.started_at)
    of = f"{place}/{len(case.pod.spec.init_containers)}"
    if one.spec.sidecar:
        message = f"{one.title} ({of}) is starting; the other containers wait for it."
        return case.told(
            State.PROGRESSING, "SidecarStarting", message, row="P46", because=(running_cause(one),), began=started
        )
    if case.clock.within(started, case.rules.init_stuck):
        message = f"{one.title} ({of}) is running."
        return case.told(
            State.PROGRESSING, "Initializing", message, row="P40", because=(running_cause(one),), began=started
        )
    since, began = "", None
    if started is not None:
        since, began = f" since {instant.clock(started)}", started + case.rules.init_stuck + INSTANT
    message = f"{one.title} ({of}) has been running{since}."
    hint = f"What does it wait for? {one.logs()}"
    because = (running_cause(one),)
    return case.told(State.DEGRADED, "InitContainerStuck", message, row="P41", hint=hint, because=because, began=began)


def creating(case: Case) -> Verdict | None:
    """P23–P27: containers wait to be created."""
    waiting = [one for one in (*case.inits(), *case.regular()) if one.status.state.waiting is not None]
    statuses = case.pod.status.container_statuses
    only_waiting = bool(statuses) and all(status.state.waiting is not None for status in statuses)
    if case.pod.status.phase != "Pending" and not only_waiting:
        return None
    since = pending_since(case)
    return _setup_failed(case, since) or _pulling(case, waiting) or _creation(case, waiting=waiting, since=since)


def pending_since(case: Case) -> float | None:
    """From when a pod that starts is timed: the last of what had to happen before."""
    known = [case.created]
    known += [condition.since for name in ("PodScheduled", "Initialized") if (condition := case.holds(name))]
    for one in (*case.inits(), *case.regular()):  # what ran before in its place, or before its turn
        known += [finished_at(one.status.state.terminated), finished_at(one.status.last_state.terminated)]
    return max((at for at in known if at is not None), default=None)


def _setup_failed(case: Case, since: float | None) -> Verdict | None:
    """P24–P26: a Warning, however old, that no later step overtook."""
    failures = _standing(case.events)
    if not failures:
        return None
    if case.clock.within(since, case.rules.create_event):
        return None
    event = failures[-1]
    attach = [failure for failure in failures if failure.reason in _ATTACH]
    if event.reason in _MOUNT and attach:
        event = attach[-1]  # the mount waits for it
    row, reason, message, hint = _setup_words(event)
    if row == "P26" and case.holds("PodReadyToStartContainers"):
        return None
    began = since + case.rules.create_event + INSTANT if since is not None else None
    because = (cited(event, case.ref),)
    return case.told(State.FAILED, reason, message, row=row, hint=hint, because=because, began=began)


def _standing(events: Sequence[Event]) -> list[Event]:
    """The failures to set the pod up that nothing overtook, oldest first."""
    begun = max((true_time(event) for event in with_reason(events, _BEGUN)), default=-1.0)
    attached = max((true_time(event) for event in with_reason(events, {"SuccessfulAttachVolume"})), default=-1.0)
    return [
        event
        for event in with_reason(events, _MOUNT | _ATTACH | _SANDBOX)
        if true_time(event) >= begun and not (event.reason in _ATTACH and attached > true_time(event))
    ]


def _setup_words(event: Event) -> tuple[str, str, str, str]:
    """Row, reason, message and hint of a failure to set the pod up.

    FailedMount: a volume cannot be mounted.
    FailedAttachVolume: a volume cannot be attached to its node.
    FailedCreatePodSandBox: the sandbox or the network of the pod cannot be made.
    """
    said = closed(event.message)
    if event.reason in _ATTACH:
        hint = "A ReadWriteOnce volume: stop the old pod (strategy Recreate), or wait for the detach."
        return "P25", "FailedAttachVolume", f"A volume cannot be attached: {said}.", hint
    if event.reason in _MOUNT:
        hint = "Create the missing ConfigMap, Secret or PersistentVolumeClaim, or fix the CSI driver."
        return "P24", "FailedMount", f"A volume cannot be mounted: {said}.", hint
    message = f"The network or sandbox of the pod cannot be created: {said}."
    return "P26", "FailedCreatePodSandBox", message, "A problem of the node or of its network plugin."


def _pulling(case: Case, waiting: list[OneContainer]) -> Verdict | None:
    """P23: a pull that has not ended.

    PullingImage: an image is being pulled.
    """
    for one in waiting:
        about = [event for event in case.events if container_of(event) == one.status.name]
        pulls = with_reason(about, {"Pulling"})
        if not pulls:
            continue
        began = true_time(pulls[-1])
        ended = any(true_time(event) >= began for event in with_reason(about, _PULL_ENDS))
        if not ended and case.clock.younger(began, _PULL):
            message = f"Image {one.image} of {one.name} is being pulled."
            because = (cited(pulls[-1], case.ref),)
            return case.told(State.PROGRESSING, "PullingImage", message, row="P23", because=because, began=began)
    return None


def _creation(case: Case, *, waiting: list[OneContainer], since: float | None) -> Verdict:
    """P23, P27.

    ContainerCreating: its containers are being created.
    ContainerCreatingStuck: its containers have been in creation for too long, and nothing tells why.
    """
    names = ", ".join(one.name for one in waiting) or "containers"
    because = tuple(
        cause(
            case.ref,
            reason=one.status.state.waiting.reason or "ContainerCreating",
            message=one.status.state.waiting.message or f"{one.name} is waiting",
            evidence=Evidence.CONTAINER_STATE,
            container=one.status.name,
        )
        for one in waiting[:1]
        if one.status.state.waiting
    )
    if case.clock.younger(since, case.rules.create_stuck):
        message = f"Waiting for the creation of {names}."
        return case.told(State.PROGRESSING, "ContainerCreating", message, row="P23", because=because, began=since)
    shown = f" since {instant.clock(since)}" if since is not None else ""
    message = f"The creation of {names} is under way{shown} without a reported error."
    hint = (
        f"See {kubectl(case.ref, f'describe pod {case.ref.name}')} and the log of the kubelet on node {case.node_name}."
    )
    began = since + case.rules.create_stuck if since is not None else None
    return case.told(
        State.DEGRADED, "ContainerCreatingStuck", message, row="P27", hint=hint, because=because, began=began
    )
