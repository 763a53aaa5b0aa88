"""Rules on Jobs that ended, or whose end is certain: rows J03–J05, J07–J09, J14–J16, J18, J23, J24."""

from __future__ import annotations

from graph.kinds.shared.conditions import Condition
from graph.kinds.shared.hints import logs
from graph.kinds.shared.jobs import JobCase, last_exit
from graph.kinds.shared.telling import tell
from graph.kinds.shared.text import closed, plural
from graph.model import instant
from graph.model.status import State, Verdict

_ROWS = {
    "BackoffLimitExceeded": "J07",
    "DeadlineExceeded": "J08",
    "FailedIndexes": "J14",
    "MaxFailedIndexesExceeded": "J15",
    "PodFailurePolicy": "J16",
}
_NO_LOG = "Its pods are gone, and their logs with them; with restartPolicy Never failed pods are kept."


def being_deleted(case: JobCase) -> Verdict | None:
    """J24: wins over how it ended.

    Terminating: it is being deleted.
    """
    deleted = case.view.metadata.deletion_timestamp
    if deleted is None:
        return None
    began = instant.parse(deleted)
    return tell(case.ref, State.TERMINATING, "Terminating", "Job is being deleted.", row="J24", began=began)


def failed(case: JobCase) -> Verdict | None:
    """J07, J08, J14–J16."""
    condition = case.view.holds("Failed")
    return None if condition is None else _failure(case, condition, _words(case, condition))


def failing(case: JobCase) -> Verdict | None:
    """J09: the end is certain, its pods are being stopped."""
    condition = case.view.holds("FailureTarget")
    if condition is None:
        return None
    found = _failure(case, condition, f"Job has failed, its pods are being stopped. {_words(case, condition)}")
    return Verdict(found.state, found.reason, found.message, "J09", found.hint, found.because, found.began)


def complete(case: JobCase) -> Verdict | None:
    """J03, J04, J18, J23.

    Completed: it ended with success.
    """
    view = case.view
    condition = view.holds("Complete")
    if condition is None:
        return None
    row, message = _completion(case, condition)
    finished, keep = view.finished_at, view.spec.ttl_seconds_after_finished
    if finished is not None and keep is not None:
        message = f"{message.rstrip('.')}; Kubernetes removes it at {instant.clock(finished + keep)}."
        row = "J23" if case.clock.reached(finished + keep) else row
    return tell(case.ref, State.HEALTHY, "Completed", message, row=row, began=finished)


def succeeding(case: JobCase) -> Verdict | None:
    """J05: the goal is reached, but pods still run.

    SuccessCriteriaMet: its goal is reached, the remaining pods are being stopped.
    """
    condition = case.view.holds("SuccessCriteriaMet")
    if condition is None:
        return None
    return tell(
        case.ref,
        State.PROGRESSING,
        "SuccessCriteriaMet",
        "Goal reached, the remaining pods are being stopped.",
        row="J05",
        because=(condition.cited(case.ref),),
        began=condition.since,
    )


def _completion(case: JobCase, condition: Condition) -> tuple[str, str]:
    status = case.view.status
    if condition.reason == "SuccessPolicy":
        done = f"{status.succeeded}/{case.view.spec.completions or 1}"
        return "J18", f"Success policy met, {done} completions are done."
    started, finished = case.view.started_at, case.view.finished_at
    took = "" if started is None or finished is None else f" in {_duration(finished - started)}"
    if status.failed:
        return "J04", f"Completed{took} after {plural(status.failed, 'failed pod')}."
    return "J03", f"Completed{took}."


def _failure(case: JobCase, condition: Condition, message: str) -> Verdict:
    """BackoffLimitExceeded: more attempts failed than its backoffLimit allows.
    DeadlineExceeded: it ran longer than its activeDeadlineSeconds.
    FailedIndexes: all its indexes have ended, and some of them failed.
    MaxFailedIndexesExceeded: more indexes failed than its maxFailedIndexes allows.
    PodFailurePolicy: a rule of its podFailurePolicy ended it at once.
    JobFailed: it failed, and its condition does not tell why.
    """
    pod = case.ended_badly
    hint = logs(pod.ref) if pod else None if case.pods else _NO_LOG
    return tell(
        case.ref,
        State.FAILED,
        condition.reason or "JobFailed",
        message,
        row=_ROWS.get(condition.reason, "J07"),
        hint=hint,
        because=(condition.cited(case.ref),),
        child=pod,
        began=condition.since,
    )


def _words(case: JobCase, condition: Condition) -> str:
    """What the reason means. ``failed`` counts siblings that were stopped too: it is no number of failures."""
    spec, status = case.view.spec, case.view.status
    if condition.reason == "BackoffLimitExceeded":
        ended = last_exit(case.ended_badly) if case.ended_badly else None
        code = "" if ended is None else f", the last exit code was {ended.exit_code}"
        return f"Gave up: backoffLimit {spec.backoff_limit} reached{code}."
    if condition.reason == "DeadlineExceeded" and spec.active_deadline_seconds is not None:
        return f"Ran longer than activeDeadlineSeconds {spec.active_deadline_seconds}."
    if condition.reason == "FailedIndexes":
        return f"Indexes {status.failed_indexes} failed, {status.completed_indexes or 'none'} are done."
    if condition.reason == "MaxFailedIndexesExceeded" and spec.max_failed_indexes is not None:
        return f"More than the {spec.max_failed_indexes} allowed indexes failed: {status.failed_indexes}."
    return f"Job failed: {closed(condition.message)}."


def _duration(seconds: float) -> str:
    minutes, rest = divmod(max(0, round(seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}h{minutes}m{rest}s" if hours else f"{minutes}m{rest}s" if minutes else f"{rest}s"
