"""Rules on whether runs are started as the schedule says: rows C04, C08–C11, C14–C17, C21, C26, C27."""

from __future__ import annotations

from graph.kinds.cronjob.case import CONTROLLER, STALE, Case, failed
from graph.kinds.shared import cron
from graph.kinds.shared.causes import cause
from graph.kinds.shared.events import cited, true_time
from graph.kinds.shared.pods import created
from graph.kinds.shared.telling import tell
from graph.kinds.shared.text import clean, closed, plural
from graph.model import instant
from graph.model.ref import ObjectRef
from graph.model.status import Cause, Evidence, State, Verdict

_NOT_STARTING = "Check kube-controller-manager, quota on Jobs and admission webhooks."
_BAD_SCHEDULE = ("InvalidSchedule", "UnparseableSchedule", "UnParseableCronJobSchedule")


def being_deleted(case: Case) -> Verdict | None:
    """C21.

    Terminating: it is being deleted.
    """
    deleted = case.view.metadata.deletion_timestamp
    if deleted is None:
        return None
    began = instant.parse(deleted)
    return tell(case.ref, State.TERMINATING, "Terminating", "CronJob is being deleted.", row="C21", began=began)


def suspended(case: Case) -> Verdict | None:
    """C04, C26: whatever else is wrong, nothing is to run.

    Suspended: it is told to start nothing.
    """
    if not case.view.spec.suspend:
        return None
    row, message = "C04", "Suspended."
    if case.active:
        message = f"Suspended; {plural(len(case.active), 'active run')} will go on to the end."
    elif case.runs and failed(case.runs[-1]):
        row, message = "C26", "Suspended; its last run failed."
    hint = "Set spec.suspend to false to resume it."
    return tell(case.ref, State.SUSPENDED, "Suspended", message, row=row, hint=hint, began=case.edited)


def unknown_zone(case: Case) -> Verdict | None:
    """C14.

    UnknownTimeZone: its time zone is not known, so that it never runs.
    """
    name = case.view.spec.time_zone
    if name is None:
        return None
    event = case.recent(("UnknownTimeZone",), 6 * case.rules.ev_win)
    if event is None and cron.zone(name) is not None:
        return None
    message = f"Time zone {clean(name)} is unknown, so that it never runs."
    because = (cited(event, case.ref),) if event else case.scheduled("UnknownTimeZone", message)
    hint = "Use a name of the IANA time zone database in spec.timeZone."
    return tell(case.ref, State.FAILED, "UnknownTimeZone", message, row="C14", hint=hint, because=because)


def never_fires(case: Case) -> Verdict | None:
    """C27.

    InvalidSchedule: its schedule is not valid, or there is no such date.
    """
    event = case.recent(_BAD_SCHEDULE, 6 * case.rules.ev_win)
    if event is None and case.schedule and case.schedule.first(case.clock.now, base=case.base) is not None:
        return None
    message = f'Schedule "{clean(case.view.spec.schedule)}" can never fire.'
    because = (cited(event, case.ref),) if event else case.scheduled("InvalidSchedule", message)
    hint = "Five fields: minute, hour, day of month, month, day of week; or @hourly, @daily, @every 90m and the like."
    return tell(case.ref, State.FAILED, "InvalidSchedule", message, row="C27", hint=hint, because=because)


def refused(case: Case) -> Verdict | None:
    """C17: at once, without waiting for the tick to be overdue.

    FailedCreate: a run is due, and the API server refuses its Job.
    """
    event = case.recent(("FailedCreate",), 2 * case.rules.ev_win)
    if event is None or case.schedule is None:
        return None
    at, tick = true_time(event), case.schedule.first(case.anchor, base=case.base)
    if tick is None or tick > at or any(created(run) >= at for run in case.runs):
        return None
    return tell(
        case.ref,
        State.FAILED,
        "FailedCreate",
        f"The run of {instant.clock(tick)} cannot be created: {closed(event.message)}.",
        row="C17",
        hint="Check quota on Jobs, admission webhooks and the jobTemplate.",
        because=(cited(event, case.ref),),
        began=tick,
    )


def overlap_skipped(case: Case) -> Verdict | None:
    """C11: its last run still goes on, so that ``lastScheduleTime`` stands still for a reason.

    OverlapSkipped: runs are skipped because the last one still goes on (Forbid).
    """
    if not (case.due and case.forbids and case.active):
        return None
    first = case.due[0]
    since = "" if case.view.last_schedule is None else f" of {instant.clock(case.view.last_schedule)}"
    message = f"The run{since} is still active; runs from {instant.clock(first)} on are skipped (Forbid)."
    return tell(
        case.ref,
        State.DEGRADED,
        "OverlapSkipped",
        message,
        row="C11",
        hint="Look at what the active run waits for, give it activeDeadlineSeconds, or lengthen the interval.",
        because=(*case.scheduled("OverlapSkipped", message, first), *active_causes(case)),
        began=first + case.rules.tick_grace,
    )


def never_scheduled(case: Case) -> Verdict | None:
    """C16.

    NeverScheduled: a run is due, and none was ever started.
    """
    if not case.due or case.view.last_schedule is not None:
        return None
    message = f"Never started, although due since {instant.clock(case.due[0])}."
    return _not_starting(case, "NeverScheduled", message, row="C16", missed=1)


def stale(case: Case) -> Verdict | None:
    """C10.

    ScheduleStale: nothing was started although several runs were due.
    """
    if len(case.due) < STALE:
        return None
    message = f"Nothing was started since {instant.clock(case.base)}, although runs were due from {_first(case)} on."
    return _not_starting(case, "ScheduleStale", message, row="C10", missed=STALE)


def missed(case: Case) -> Verdict | None:
    """C08: the object tells it only until a later tick runs.

    MissedSchedule: a run that was due was not started.
    """
    if not case.due:
        return None
    first = case.due[0]
    message = f"The run of {instant.clock(first)} was not started.{case.next_words()}"
    return tell(
        case.ref,
        State.DEGRADED,
        "MissedSchedule",
        message,
        row="C08",
        hint=_NOT_STARTING,
        because=case.scheduled("MissedSchedule", f"due at {instant.clock(first)}", first),
        began=first + case.rules.tick_grace,
    )


def zone_in_schedule(case: Case) -> Verdict | None:
    """C15: it works, until somebody edits it.

    UnsupportedSchedule: its schedule carries a time zone (TZ=): it works until somebody edits it.
    """
    event = case.recent(("UnsupportedSchedule",), 6 * case.rules.ev_win)
    if event is None and "TZ=" not in case.view.spec.schedule:
        return None
    message = "The schedule carries a time zone (TZ=), which the API server takes from no new CronJob."
    because = (cited(event, case.ref),) if event else case.scheduled("UnsupportedSchedule", message)
    hint = "Move the zone to spec.timeZone."
    return tell(case.ref, State.DEGRADED, "UnsupportedSchedule", message, row="C15", hint=hint, because=because)


def too_many_missed(case: Case) -> Verdict | None:
    """C09.

    TooManyMissedTimes: more than 100 runs were missed, and only the latest was started.
    """
    event = case.recent(("TooManyMissedTimes",), case.rules.ev_win)
    if event is None:
        return None
    return tell(
        case.ref,
        State.DEGRADED,
        "TooManyMissedTimes",
        "More than 100 runs were missed: the controller was down or a clock is wrong; only the latest was started.",
        row="C09",
        hint="Set startingDeadlineSeconds.",
        because=(cited(event, case.ref),),
        began=true_time(event),
    )


def active_causes(case: Case) -> tuple[Cause, ...]:
    """The active runs as causes, known to this graph or not."""
    known = {child.ref.uid: child.ref for child in case.active_children()}
    message = "The run is active."
    return tuple(
        cause(
            known.get(run.uid) or ObjectRef("Job", run.name, case.ref.namespace, run.uid or None, "batch/v1"),
            reason="JobRunning",
            message=message,
            evidence=Evidence.CHILD,
        )
        for run in case.active
    )


def _not_starting(case: Case, reason: str, message: str, *, row: str, missed: int) -> Verdict:
    because = case.scheduled(reason, f"due at {_first(case)}, not started by {CONTROLLER}", case.due[0])
    began = case.due[missed - 1] + case.rules.tick_grace
    return tell(case.ref, State.FAILED, reason, message, row=row, hint=_NOT_STARTING, because=because, began=began)


def _first(case: Case) -> str:
    return instant.clock(case.due[0])
