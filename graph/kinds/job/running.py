"""Rules on Jobs that have not ended: rows J01, J02, J06, J10–J13, J17, J19–J22, J25–J27, J31–J33."""

from __future__ import annotations

from graph.kinds.shared.clock import INSTANT
from graph.kinds.shared.edits import last_edit
from graph.kinds.shared.events import cited
from graph.kinds.shared.hints import logs
from graph.kinds.shared.jobs import CONTROLLER, CRASHES, JobCase, hard_failed
from graph.kinds.shared.jobs import refused as refusal
from graph.kinds.shared.pods import REFUSED, created, finished, overdue, worst
from graph.kinds.shared.telling import tell
from graph.kinds.shared.text import clean, closed
from graph.model import instant
from graph.model.kind import Child
from graph.model.status import State, Verdict

_OURS = (None, "", f"kubernetes.io/{CONTROLLER}")


def suspended(case: JobCase) -> Verdict | None:
    """J10, J12.

    JobSuspended: it is suspended, or is being so.
    """
    if not case.view.spec.suspend:
        return None
    told = case.view.holds("Suspended")
    row, message = (
        ("J10", "Job is suspended.") if told else ("J12", "Job is being suspended, its pods are being deleted.")
    )
    because = (told.cited(case.ref),) if told else ()
    began = told.since if told else None
    hint = "Set spec.suspend to false to run it; with a queue such as Kueue the queue does it."
    return tell(case.ref, State.SUSPENDED, "JobSuspended", message, row=row, hint=hint, because=because, began=began)


def paused_by_parallelism(case: JobCase) -> Verdict | None:
    """J25.

    ParallelismZero: it is paused by a parallelism of 0.
    """
    if case.view.spec.parallelism != 0:
        return None
    message = "Paused: parallelism is 0."
    return tell(case.ref, State.SUSPENDED, "ParallelismZero", message, row="J25", hint="Raise spec.parallelism.")


def not_started(case: JobCase) -> Verdict | None:
    """J02, J26, J32: the controller has not begun with it.

    JobNotStarted: the job controller has not begun with it; UNKNOWN when that lasts.
    """
    if case.view.started_at is not None:
        return None
    since = case.created
    if case.view.holds("Suspended"):  # just resumed; nobody knows when is as good as just now
        since = last_edit(case.view.metadata.managed_fields, case.memory)
        waits = since is None or case.clock.within(since, case.rules.job_start)
    else:
        waits = case.clock.within(since, case.rules.job_start)
    if waits or since is None:
        message = "Waiting for the job controller."
        return tell(case.ref, State.PROGRESSING, "JobNotStarted", message, row="J02", began=since)
    return _ignored(case, since)


def refused(case: JobCase) -> Verdict | None:
    """J21: the API server takes no pod of it; without this event nothing would tell.

    FailedCreate: the API server refuses its pods: quota, admission, service account.
    """
    event = refusal(case)
    if event is None:
        return None
    return tell(
        case.ref,
        State.FAILED,
        "FailedCreate",
        f"Pods cannot be created: {closed(event.message)}.",
        row="J21",
        hint=REFUSED,
        because=(cited(event, case.ref),),
    )


def cannot_start(case: JobCase) -> Verdict | None:
    """J19, J20: nothing ends this but a person; DEGRADED while others work or have worked."""
    hard = [pod for pod in case.live if hard_failed(pod)]
    pod = worst(hard)
    if pod is None:
        return None
    found = pod.verdict
    everything = len(hard) == len(case.live) and not case.view.status.succeeded
    endless = "" if case.view.spec.active_deadline_seconds else " Without activeDeadlineSeconds the Job waits for ever."
    return tell(
        case.ref,
        State.FAILED if everything else State.DEGRADED,
        found.reason,
        f"Pod {pod.ref.name} cannot run: {found.message}",
        row="J20" if found.reason == "Unschedulable" else "J19",
        hint=f"{found.hint or ''}{endless}".strip() or None,
        child=pod,
        began=found.began,
    )


def crashing(case: JobCase) -> Verdict | None:
    """J22: containers fail and are restarted in place; these count against backoffLimit too."""
    troubled = [pod for pod in case.live if pod.verdict.state in (State.FAILED, State.DEGRADED)]
    pod = worst(pod for pod in troubled if pod.verdict.reason in CRASHES)
    if pod is None:
        return None
    limit = case.view.spec.backoff_limit
    return tell(
        case.ref,
        State.DEGRADED,
        "PodFailuresRetrying",
        f"Pod {pod.ref.name} fails and is tried again (backoffLimit {limit}): {pod.verdict.message}",
        row="J22",
        hint="Read its log now: when the limit is exceeded, the pod and its log are deleted.",
        child=pod,
        began=pod.verdict.began,
    )


def sidecar_left(case: JobCase) -> Verdict | None:
    """J31: the task is done, a classic sidecar keeps its pod alive."""
    pod = worst(pod for pod in case.live if pod.verdict.reason == "SidecarBlockingCompletion")
    return None if pod is None else _as_its_pod(case, pod, f"Task of pod {pod.ref.name} is done:", row="J31")


def indexes_failed(case: JobCase) -> Verdict | None:
    """J13.

    IndexesFailed: indexes have failed for good while others go on; it will end as failed.
    """
    indexes = clean(case.view.status.failed_indexes)
    if not indexes:
        return None
    message = f"Indexes {indexes} have failed; the Job will end as failed when the others are done."
    pod = case.ended_badly
    return tell(case.ref, State.DEGRADED, "IndexesFailed", message, row="J13", child=pod, began=_ended(pod))


def retrying(case: JobCase) -> Verdict | None:
    """J06: also between two attempts, when no pod is there.

    PodFailuresRetrying: pods fail and are tried again, in place or by new ones.
    """
    if not case.view.status.failed:
        return None
    limit = case.view.spec.backoff_limit
    pod = case.ended_badly
    return tell(
        case.ref,
        State.DEGRADED,
        "PodFailuresRetrying",
        f"Pods failed, the Job tries again (backoffLimit {limit}).",
        row="J06",
        hint=logs(pod.ref) if pod else None,
        child=pod,
        began=min(filter(None, (pod.verdict.began for pod in case.failures)), default=None),
    )


def waiting_for_terminating(case: JobCase) -> Verdict | None:
    """J33: no replacement is created before the old pod is gone.

    StuckTerminatingPods: a pod that does not terminate holds back its replacement.
    """
    if case.view.spec.pod_replacement_policy != "Failed" or case.live:
        return None
    leaving = [pod for pod in case.pods if not finished(pod)]
    pod = next((pod for pod in leaving if overdue(pod, case.clock, case.rules.term_slack)), None)
    if pod is None:
        return None
    message = f"Waits for pod {pod.ref.name}, which does not terminate; no replacement is created before it is gone."
    hint = pod.verdict.hint
    return tell(
        case.ref,
        State.DEGRADED,
        "StuckTerminatingPods",
        message,
        row="J33",
        hint=hint,
        child=pod,
        began=pod.verdict.began,
    )


def pod_degraded(case: JobCase) -> Verdict | None:
    """Whatever else makes a pod DEGRADED."""
    pod = worst(pod for pod in case.live if pod.verdict.state is State.DEGRADED)
    return None if pod is None else _as_its_pod(case, pod, f"Pod {pod.ref.name}:", row="J01")


def no_pods(case: JobCase) -> Verdict | None:
    """J01: a controller that works would have made a pod by now. A file cannot tell for how long there is none.

    NoPods: it has had no pod for too long, and nothing says why; never told of a file.
    """
    status, since = case.view.status, case.memory.unchanged
    if status.active or status.succeeded or status.failed or status.terminating or case.live or since is None:
        return None
    if case.clock.within(since, case.rules.job_start):
        return None
    message = f"The Job has had no pod since {instant.clock(since)} and nothing says why."
    hint = "Look at the events of the Job; kube-controller-manager may not be working."
    began = since + case.rules.job_start + INSTANT
    return tell(case.ref, State.DEGRADED, "NoPods", message, row="J01", hint=hint, began=began)


def lost(case: JobCase) -> Verdict | None:
    """J01: nobody knows how its pods are.

    NodeUnreachable: nobody knows how its pods are.
    """
    if not case.live or any(pod.verdict.state is not State.UNKNOWN for pod in case.live):
        return None
    pod = case.live[0]
    message = f"The state of its pods is not known: {pod.verdict.message}"
    hint, began = pod.verdict.hint, pod.verdict.began
    return tell(case.ref, State.UNKNOWN, "NodeUnreachable", message, row="J01", hint=hint, child=pod, began=began)


def runs(case: JobCase) -> Verdict:
    """J01, J11, J17, J27: nothing is wrong with it.

    Running: it runs, and nothing is wrong with it.
    """
    view, started = case.view, case.view.started_at
    done, wanted = view.status.succeeded, view.spec.completions
    told = f"{done}/{wanted} done" if wanted is not None else f"{done} done, {view.status.active} at work"
    since = "" if started is None else f" since {instant.clock(started)}"
    row = "J27" if wanted is None and done else "J17" if case.ended_badly else "J01"
    pod = worst(pod for pod in case.live if pod.verdict.state is State.PROGRESSING)
    message = f"Running{since} ({told})."
    return tell(case.ref, State.PROGRESSING, "Running", message, row=row, child=pod, began=started)


def _ignored(case: JobCase, since: float) -> Verdict:
    """ManagedExternally: the controller that is named in spec.managedBy has not reported for too long."""
    other = case.view.spec.managed_by
    began = since + case.rules.job_start + INSTANT
    if other in _OURS:
        message = f"The job controller has not reacted since {instant.clock(since)}."
        hint = "kube-controller-manager is not working."
        return tell(case.ref, State.UNKNOWN, "JobNotStarted", message, row="J32", hint=hint, began=began)
    message = f"Managed by {clean(other)}, which has not reported since {instant.clock(since)}."
    hint = "Look at the controller that is named in spec.managedBy."
    return tell(case.ref, State.UNKNOWN, "ManagedExternally", message, row="J26", hint=hint, began=began)


def _as_its_pod(case: JobCase, pod: Child, intro: str, *, row: str) -> Verdict:
    found = pod.verdict
    message = f"{intro} {found.message}"
    return tell(case.ref, State.DEGRADED, found.reason, message, row=row, hint=found.hint, child=pod, began=found.began)


def _ended(pod: Child | None) -> float | None:
    return None if pod is None else pod.verdict.began or created(pod)
