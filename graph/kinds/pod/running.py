"""Rules on the containers of a pod that runs: rows P28–P38, P47–P63, P66."""

from __future__ import annotations

from graph.kinds.pod.case import SHORTLY, Case, OneContainer
from graph.kinds.pod.containers import (
    OOM,
    Trouble,
    failed,
    finished_at,
    outcome,
    recent,
    running_cause,
    termination,
    trouble,
)
from graph.kinds.shared.clock import INSTANT
from graph.kinds.shared.conditions import Condition
from graph.kinds.shared.events import Event, cited, container_of, true_time, with_reason
from graph.kinds.shared.text import closed, plural
from graph.model import instant
from graph.model.status import Cause, State, Verdict


def container_trouble(case: Case) -> Verdict | None:
    """P28–P38, P66, P51 (an error that nobody retries): the worst regular container, the first among equals."""
    worst: Trouble | None = None
    for one in case.regular():
        found = trouble(one)
        if found is not None and (worst is None or (found.state is State.FAILED and worst.state is not State.FAILED)):
            worst = found
    if worst is None:
        return None
    return case.told(
        worst.state,
        worst.reason,
        worst.message,
        row=worst.row,
        hint=worst.hint,
        because=worst.because,
        began=worst.began,
    )


def blocked_completion(case: Case) -> Verdict | None:
    """P51: the task is done, but a classic sidecar keeps the pod alive.

    SidecarBlockingCompletion: its task is done, but a classic sidecar keeps it alive.
    """
    if case.pod.spec.restart_policy == "Always":
        return None
    other = next((one for one in case.regular() if one.status.state.running is not None), None)
    if other is None:
        return None
    for one in case.regular():
        ended = one.status.state.terminated
        if ended is None or failed(ended):
            continue
        at = finished_at(ended)
        if case.clock.within(at, SHORTLY):
            continue
        when = f" at {instant.clock(at)}" if at is not None else ""
        return case.told(
            State.DEGRADED,
            "SidecarBlockingCompletion",
            f"{one.title} finished{when}, but {other.name} keeps the pod alive.",
            row="P51",
            hint="Make it a native sidecar: an init container with restartPolicy Always.",
            because=(running_cause(other), termination(one, ended)),
            began=at + SHORTLY + INSTANT if at is not None else None,
        )
    return None


def sidecar_trouble(case: Case) -> Verdict | None:
    """P48: §3.3 on native sidecars, after everything started.

    Sidecar…: what the rest of the word says, of a native sidecar; without it the pod is not ready and gets no traffic.
    """
    for one in case.sidecars():
        found = trouble(one)
        if found is not None:
            message = f"{found.message[:-1]}; the pod is not ready without it and gets no traffic."
            return case.told(
                State.DEGRADED,
                f"Sidecar{found.reason}",
                message,
                row="P48",
                hint=found.hint,
                because=found.because,
                began=found.began,
            )
    return None


def readiness_gated(case: Case) -> Verdict | None:
    """P53: the containers are ready, somebody else has not agreed yet.

    ReadinessGatesNotReady: its containers are ready, but a readiness gate is not; DEGRADED when that lasts.
    """
    ready = case.condition("Ready")
    if ready is None or ready.reason != "ReadinessGatesNotReady" or not case.holds("ContainersReady"):
        return None
    gates = [gate.condition_type for gate in case.pod.spec.readiness_gates if not case.holds(gate.condition_type)]
    young = case.clock.younger(ready.since, case.rules.ready_grace)
    began = ready.since if young or ready.since is None else ready.since + case.rules.ready_grace
    return case.told(
        State.PROGRESSING if young else State.DEGRADED,
        "ReadinessGatesNotReady",
        f"Containers are ready, waiting for readiness gate {', '.join(gates) or '?'}.",
        row="P53",
        hint="Check the controller of the gate (e.g. the health of the load balancer's target).",
        because=(ready.cited(case.ref),),
        began=began,
    )


def startup_pending(case: Case) -> Verdict | None:
    """P56: the startup probe has not passed.

    StartupProbePending: a container's startup probe has not passed yet.
    """
    for one in case.regular():
        probe, running = one.spec.startup_probe, one.status.state.running
        if probe is not None and running is not None and one.status.started is False:
            began = instant.parse(running.started_at)
            message = f"{one.title} is starting; its startup probe may fail {probe.failure_threshold} times."
            because = (running_cause(one),)
            return case.told(State.PROGRESSING, "StartupProbePending", message, row="P56", because=because, began=began)
    return None


def not_ready_yet(case: Case) -> Verdict | None:
    """P54: without any evidence of a crash, and not for long.

    ContainersNotReady: a container is not ready, and not for long.
    """
    ready, since = _unready_since(case)
    if not case.clock.younger(since, case.rules.ready_grace):
        return None
    names = ", ".join(one.name for one in case.regular() if not one.status.ready) or "the pod"
    because = (ready.cited(case.ref),) if ready is not None else ()
    message = f"Waiting for readiness of {names}."
    return case.told(State.PROGRESSING, "ContainersNotReady", message, row="P54", because=because, began=since)


def not_ready(case: Case) -> Verdict:
    """P49, P55: without any evidence of a crash, and for too long.

    ReadinessProbeFailing: a container runs, but has not been ready for too long.
    SidecarNotReady: a native sidecar runs, but has not been ready for too long.
    """
    ready, since = _unready_since(case)
    sidecar = next((one for one in case.sidecars() if one.status.state.running and not one.status.ready), None)
    one = sidecar or next((one for one in case.regular() if not one.status.ready), None)
    event = _probe_event(case, one, liveness=False)
    because = (ready.cited(case.ref),) if ready is not None else ()
    because = (*because, cited(event, case.ref)) if event else because
    when = f" since {instant.clock(since)}" if since is not None else ""
    said = f": {closed(event.message)}" if event else ""
    row, reason, hint = "P55", "ReadinessProbeFailing", "Check the readiness probe's path and port, and dependencies."
    if sidecar is not None:
        row, reason, hint = "P49", "SidecarNotReady", f"The pod gets no traffic. {sidecar.logs()}"
    began = since + case.rules.ready_grace if since is not None else None
    message = f"{one.title if one else 'Pod'} has not been ready{when}{said}."
    return case.told(State.DEGRADED, reason, message, row=row, hint=hint, because=because, began=began)


def _unready_since(case: Case) -> tuple[Condition | None, float | None]:
    ready = case.condition("Ready")
    return ready, ready.since if ready is not None and ready.since is not None else case.created


def restarted_lately(case: Case) -> Verdict | None:
    """P57, P58: ready now, but crashed too often or for memory a short time ago."""
    for one in (*case.regular(), *case.sidecars()):
        ended = one.status.last_state.terminated
        if ended is None or not one.status.restart_count:
            continue
        killed = ended.reason == OOM
        if (killed or one.status.restart_count >= case.rules.flap_n) and recent(one):
            return _unsettled(one, killed=killed)
    return None


def _unsettled(one: OneContainer, *, killed: bool) -> Verdict:
    """RecentOOMKilled: it is ready, but a container was killed for memory a short time ago.
    LivenessProbeFailing: it is ready, but its liveness probe has restarted a container again and again.
    FrequentRestarts: it is ready, but a container restarts again and again.
    """
    case, ended = one.case, one.status.last_state.terminated
    assert ended is not None  # asked by the caller
    began = finished_at(ended)
    last = f", last at {instant.clock(began)}" if began is not None else ""
    times = f"{plural(one.status.restart_count, 'restart')}{last}"
    because: tuple[Cause, ...] = (termination(one, ended),)
    if killed:
        message = f"Pod is ready, but {one.name} was killed for memory: {times}."
        hint = "Raise limits.memory or reduce usage."
        return case.told(State.DEGRADED, "RecentOOMKilled", message, row="P58", hint=hint, because=because, began=began)
    event = _probe_event(case, one, liveness=True)
    if event is not None:
        message = f"{one.title} is restarted by its liveness probe: {times}."
        because = (cited(event, case.ref), *because)
        hint = "Loosen or fix the probe."
        return case.told(
            State.DEGRADED, "LivenessProbeFailing", message, row="P57", hint=hint, because=because, began=began
        )
    message = f"Pod is ready, but {one.name} restarts again and again: {outcome(ended)}, {times}."
    hint = one.logs(previous=True)
    return case.told(State.DEGRADED, "FrequentRestarts", message, row="P58", hint=hint, because=because, began=began)


def resize_refused(case: Case) -> Verdict | None:
    """P62.

    ResizeInfeasible: the resize that was asked for does not fit on its node.
    """
    pending = case.holds("PodResizePending")
    if pending is None or pending.reason != "Infeasible":
        return None
    return case.told(
        State.DEGRADED,
        "ResizeInfeasible",
        f"The requested resize does not fit on node {case.node_name}; the pod runs with its old resources.",
        row="P62",
        hint="Ask for less, or let the pod be placed on a larger node.",
        because=(pending.cited(case.ref),),
        began=pending.since,
    )


def runs(case: Case) -> Verdict:
    """P47, P52, P59–P61, P63: running and ready.

    Running: it runs and is ready; restarts that are long past do not matter.
    RunningToCompletion: its task runs.
    """
    ready = case.condition("Ready")
    began = ready.since if ready is not None else None
    if case.pod.spec.restart_policy != "Always":
        since = f" since {instant.clock(began)}" if began is not None else ""
        message = f"Task is running{since}."
        return case.told(State.PROGRESSING, "RunningToCompletion", message, row="P63", began=began)
    statuses = case.pod.status.container_statuses
    total, up, restarts = len(statuses), 0, 0
    for status in statuses:
        up += status.ready
        restarts += status.restart_count
    if case.pod.spec.init_containers:
        for one in case.sidecars():
            total, up, restarts = total + 1, up + one.status.ready, restarts + one.status.restart_count
    row, past = ("P59", f"; {plural(restarts, 'restart')} in the past") if restarts else ("P60", "")
    message = f"Running, {up}/{total} containers ready{past}."
    return case.told(State.HEALTHY, "Running", message, row=row, began=began)


def _probe_event(case: Case, one: OneContainer | None, *, liveness: bool) -> Event | None:
    """The newest event of a failed probe, where it is new enough. Only the text tells which probe it was."""
    if one is None:
        return None
    for event in reversed(with_reason(case.events, {"Unhealthy"})):
        if container_of(event) in (one.status.name, None) and event.message.startswith("Liveness") is liveness:
            return event if case.clock.younger(true_time(event), case.rules.ev_win) else None
    return None
