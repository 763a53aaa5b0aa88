"""The judge of Deployments: status-rules, section 4, in its order; the first rule that answers decides."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import structs

from graph.config import Rules
from graph.kinds.deployment.rollout import Rollout, rollout_of
from graph.kinds.deployment.view import DeploymentView
from graph.kinds.shared import workload
from graph.kinds.shared.conditions import holds
from graph.kinds.shared.order import decide
from graph.kinds.shared.pods import HELD, overdue, worst
from graph.kinds.shared.text import closed, plural
from graph.kinds.shared.workload import Case, counted, words_of
from graph.model import instant
from graph.model.kind import Child, Memory, Related
from graph.model.status import State, Verdict


def judge(view: DeploymentView, related: Related, memory: Memory, rules: Rules, now: float) -> Verdict:
    """The verdict on a Deployment."""
    rollout = rollout_of(view, related, memory, rules, now)
    found = decide(_ORDER, rollout)
    return found if (at := rollout.case.clock.next) is None else structs.replace(found, recheck_at=at)


def _deleted(rollout: Rollout) -> Verdict | None:
    """D20."""
    return workload.being_deleted(rollout.case, noun="Deployment", row="D20")


def _unobserved(rollout: Rollout) -> Verdict | None:
    """D02, D26."""
    return workload.unobserved(rollout.case, row="D02" if rollout.view.observed_generation else "D26")


def _scaled_to_zero(rollout: Rollout) -> Verdict | None:
    """D13.

    ScaledToZero: no replica is asked for, and none runs.
    """
    told = rollout.case.replicas
    if told.desired or told.current:
        return None
    return rollout.case.told(State.SUSPENDED, "ScaledToZero", "Scaled to zero: nothing runs.", row="D13")


def _paused(rollout: Rollout) -> Verdict | None:
    """D11, D12: paused must not hide an outage.

    Paused: rollouts are paused, none is half way, and nothing is down.
    RolloutPaused: a rollout was paused half way.
    """
    if not rollout.view.spec.paused:
        return None
    case, told = rollout.case, rollout.case.replicas
    pod = worst(case.live)
    if pod is not None and (broken := _paused_and_broken(case, pod)) is not None:
        return broken
    paused = rollout.progressing
    because = (paused.cited(case.ref),) if paused and paused.reason == "DeploymentPaused" else ()
    began = paused.since if because and paused else None
    hint = "kubectl rollout resume brings it on."
    if told.updated < told.desired or told.current > told.updated:
        old = max(told.current - told.updated, 0)
        message = f"The rollout stopped half way: {told.updated} new replicas, {old} old."
        return case.told(State.SUSPENDED, "RolloutPaused", message, row="D12", hint=hint, because=because, began=began)
    message = f"Rollouts are paused; {told.available} of {told.desired} replicas serve."
    return case.told(State.SUSPENDED, "Paused", message, row="D11", hint=hint, because=because, began=began)


def _paused_and_broken(case: Case, pod: Child) -> Verdict | None:
    found = pod.verdict
    if found.state is State.PROGRESSING or (case.available > 0 and found.state is not State.FAILED):
        return None
    down = State.UNKNOWN if found.state is State.UNKNOWN else case.outage(crash=found.reason)
    words = f"Paused, and {counted(case)}: {words_of(pod)}"
    return case.told(down, found.reason, words, row="D12", hint=found.hint, began=found.began, pod=pod)


def _deadline(rollout: Rollout) -> Verdict | None:
    """D07, D08.

    ProgressDeadlineExceeded: the new version did not come up in time; DEGRADED while old replicas still serve.
    """
    stuck, case = rollout.progressing, rollout.case
    if stuck is None or stuck.status != "False" or stuck.reason != "ProgressDeadlineExceeded":
        return None
    pod = worst(rollout.judged)
    failure = holds(rollout.view.status.conditions, "ReplicaFailure")
    why = "no pod reports an error"
    if pod is not None:
        why = words_of(pod).rstrip(".")
    elif failure is not None:
        why = closed(failure.message)
    limit = rollout.view.spec.progress_deadline_seconds
    serving = f"{plural(case.available, 'old replica')} still available" if case.available else "nothing is available"
    return case.told(
        case.outage(),
        "ProgressDeadlineExceeded",
        f"The new version did not come up within {limit} seconds; {serving}. Cause: {why}.",
        row="D07" if case.available else "D08",
        hint="Fix it, or go back by kubectl rollout undo.",
        because=(stuck.cited(case.ref), *((failure.cited(case.ref),) if failure and pod is None else ())),
        began=stuck.since,
        pod=pod,
    )


def _refused(rollout: Rollout) -> Verdict | None:
    """D10, D22."""
    told = rollout.case.replicas
    row = "D22" if rollout.in_flight and told.available >= told.desired else "D10"
    return workload.refused(rollout.case, rollout.view.status.conditions, row=row)


def _blocked_by_old_pod(rollout: Rollout) -> Verdict | None:
    """D17: Recreate waits for ever for a pod that does not go.

    RecreateBlockedByTerminatingPod: no new pod is made (strategy Recreate) because an old one does not terminate.
    """
    case = rollout.case
    if not rollout.recreates or case.replicas.updated:
        return None
    pod = next((pod for pod in case.pods if overdue(pod, case.clock, slack=case.rules.term_slack)), None)
    if pod is None:
        return None
    message = f"New pods are not created because pod {pod.ref.name} does not terminate: {pod.verdict.message}"
    reason, began = "RecreateBlockedByTerminatingPod", pod.verdict.began
    return case.told(State.FAILED, reason, message, row="D17", hint=HELD, because=rollout.cited, began=began, pod=pod)


def _pod_trouble(rollout: Rollout) -> Verdict | None:
    """D09, D15, D16, D18, D27, D29."""
    lost = workload.worst_of(rollout.judged, State.UNKNOWN)
    if lost is not None:
        return workload.pod_unknown(rollout.case, lost, row="D29")
    pod = workload.worst_of(rollout.judged, State.FAILED)
    if pod is None:
        return None
    case, found = rollout.case, pod.verdict
    row, message = _blocked(rollout, pod)
    because = rollout.cited
    return case.told(
        case.outage(), found.reason, message, row=row, hint=found.hint, because=because, began=found.began, pod=pod
    )


def _blocked(rollout: Rollout, pod: Child) -> tuple[str, str]:
    """Row and message for a pod that FAILED."""
    case, reason = rollout.case, pod.verdict.reason
    if reason == "Unschedulable" and all(other.verdict.reason == reason for other in rollout.judged):
        return ("D16" if case.available else "D18"), f"{counted(case)}, and no pod can be placed: {words_of(pod)}"
    if rollout.in_flight:
        return ("D27" if reason.startswith("Init") else "D09"), f"The rollout is blocked: {words_of(pod)}"
    return ("D16" if case.available else "D15"), f"{counted(case)}: {words_of(pod)}"


def _scaling_down(rollout: Rollout) -> Verdict | None:
    """D14."""
    told = rollout.case.replicas
    return workload.scaling_down(rollout.case, one_revision=told.updated >= told.current)


def _old_terminating(rollout: Rollout) -> Verdict | None:
    """D05.

    OldReplicasTerminating: all replicas of the new version were created, old ones are being stopped.
    """
    told = rollout.case.replicas
    if not rollout.in_flight or told.updated < told.desired or told.current <= told.updated:
        return None
    message = f"All new replicas were created, still to stop: {plural(told.current - told.updated, 'old replica')}."
    return _on_the_way(rollout, reason="OldReplicasTerminating", message=message, row="D05")


def _minimum_ready(rollout: Rollout) -> Verdict | None:
    """D06."""
    return workload.waiting_for_minimum(rollout.case, rollout.view.spec.min_ready_seconds, row="D06")


def _recreating(rollout: Rollout) -> Verdict | None:
    """D17: a planned gap.

    Recreating: the old version was stopped, the new one starts: the planned gap of strategy Recreate.
    """
    if not (rollout.in_flight and rollout.recreates) or rollout.case.available:
        return None
    message = "The old version was stopped, the new one starts."
    return _on_the_way(rollout, reason="Recreating", message=message, row="D17")


def _rolling_out(rollout: Rollout) -> Verdict | None:
    """D03, D04, D28.

    RollingOut: a new version is on its way, and its pods show no error.
    """
    told = rollout.case.replicas
    if not rollout.in_flight or min(told.updated, told.available) >= told.desired:
        return None
    revision = rollout.view.revision
    of = f" revision {revision}" if revision is not None else ""
    message = f"Rolling out{of}: {told.updated}/{told.desired} updated, {told.available}/{told.desired} available."
    row = "D04" if told.updated < told.desired else "D03"
    return _on_the_way(rollout, reason="RollingOut", message=message, row=row)


def _on_the_way(rollout: Rollout, *, reason: str, message: str, row: str) -> Verdict:
    pod = worst(rollout.judged)
    return rollout.case.told(State.PROGRESSING, reason, message, row=row, because=rollout.cited, pod=pod)


def _too_few(rollout: Rollout) -> Verdict | None:
    """D30 where a pod says why; else by how long it has been so.

    ReplicasNotReady: too few replicas are available, and not for long.
    MinimumReplicasUnavailable: too few replicas have been available for too long, and no pod says why.
    """
    case, told = rollout.case, rollout.case.replicas
    if told.available >= told.desired:
        return None
    found = workload.pod_degraded(case, rollout.judged, row="D30")
    if found is not None:
        return found
    available, pod = rollout.available, worst(rollout.judged)
    message = f"{counted(case)}."
    since = available.since if available is not None and available.status == "False" else None
    if since is None or case.clock.within(since, case.rules.ready_grace):
        return case.told(
            State.PROGRESSING, "ReplicasNotReady", message, row="D30", because=rollout.cited, began=since, pod=pod
        )
    began, hint = since + case.rules.ready_grace, "See its pods and their events."
    reason = "MinimumReplicasUnavailable"
    return case.told(case.outage(), reason, message, row="D30", hint=hint, because=rollout.cited, began=began, pod=pod)


def _attention(rollout: Rollout) -> Verdict | None:
    """D21."""
    return workload.degraded_at_full_count(rollout.case, rollout.judged, row="D21")


def _available(rollout: Rollout) -> Verdict:
    """D01, D19, D24, D25.

    Available: all replicas are available.
    """
    available, progressing = rollout.available, rollout.progressing
    times = (available and available.last_transition_time, progressing and progressing.last_update_time)
    began = max((at for at in map(instant.parse, times) if at is not None), default=None)
    return rollout.case.told(State.HEALTHY, "Available", workload.all_available(rollout.case), row="D01", began=began)


_ORDER: tuple[Callable[[Rollout], Verdict | None], ...] = (
    _deleted,
    _unobserved,
    _scaled_to_zero,
    _paused,
    _deadline,
    _refused,
    _blocked_by_old_pod,
    _pod_trouble,
    _scaling_down,
    _old_terminating,
    _minimum_ready,
    _recreating,
    _rolling_out,
    _too_few,
    _attention,
    _available,
)
