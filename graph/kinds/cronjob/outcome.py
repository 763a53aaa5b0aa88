"""Rules on how runs end, and the verdicts of a CronJob that does what it should: rows C01–C03, C05–C07, C12, C13, C20,
C22–C24, C28–C30."""

from __future__ import annotations

from graph.kinds.cronjob.case import Case, failed, finished_at, tick_of
from graph.kinds.cronjob.starting import active_causes
from graph.kinds.shared.causes import chain_of
from graph.kinds.shared.events import cited, true_time, with_reason
from graph.kinds.shared.jobs import JobView
from graph.kinds.shared.telling import tell
from graph.model import instant
from graph.model.kind import Child
from graph.model.status import SEVERITY, Cause, State, Verdict

_REPLACED = 3
"""Ticks without a success after which Replace is seen to end every run (C12)."""


def failing_again_and_again(case: Case) -> Verdict | None:
    """C07: more than one accident, or it never worked at all.

    NeverSucceeded: runs have ended, and none with success.
    RepeatedRunFailures: run after run has failed since the last success.
    """
    success = case.view.last_success
    bad = max(len(_failed_ticks(case)), len(_seen_failing(case)))
    if success is None and bad and not any(finished_at(run) and not failed(run) for run in case.runs):
        reason, message = "NeverSucceeded", "No run has ever succeeded."
    elif bad >= case.rules.fail_runs:
        since = "" if success is None else f" since {instant.clock(success)}"
        reason, message = "RepeatedRunFailures", f"No run has succeeded{since}: run after run fails."
    else:
        return None
    run = _last_failed(case)
    because = () if run else case.scheduled(reason, "runs were started and none succeeded", case.view.last_schedule)
    return tell(
        case.ref,
        State.FAILED,
        reason,
        message,
        row="C07",
        hint=run.verdict.hint if run else "Keep failed Jobs (failedJobsHistoryLimit) to see why.",
        because=because or _failure(run),
        began=_third(case) if reason == "RepeatedRunFailures" else _first_end(case),
    )


def last_run_failed(case: Case) -> Verdict | None:
    """C05, C06, C24: of the last scheduled run that ended; while the next one is active it stays so.

    LastRunFailed: the last scheduled run that ended has failed.
    RunDeleted: the last scheduled run was deleted before it ended.
    """
    last = next((run for run in reversed(case.runs) if finished_at(run) is not None), None)
    scheduled = case.view.last_schedule
    if last is not None and (scheduled is None or tick_of(last) >= scheduled):
        return _last_failed_verdict(case, last) if failed(last) else None
    if scheduled is None:
        return None
    if case.active:
        if last is not None and failed(last) and not _succeeded_since(case, last):
            return _last_failed_verdict(case, last)
        return _as_before(case)
    return None if (case.view.last_success or 0.0) >= scheduled else _without_record(case, scheduled)


def piling_up(case: Case) -> Verdict | None:
    """C13.

    ActiveJobsPilingUp: too many runs are active at once (Allow).
    """
    if case.view.spec.concurrency_policy != "Allow" or len(case.active) < case.rules.pile:
        return None
    return tell(
        case.ref,
        State.DEGRADED,
        "ActiveJobsPilingUp",
        f"{len(case.active)} runs are active at once.",
        row="C13",
        hint="Runs take longer than the interval: use concurrencyPolicy Forbid, or look at what they wait for.",
        because=active_causes(case),
    )


def replaced(case: Case) -> Verdict | None:
    """C12.

    ReplacedBeforeCompletion: every run is replaced before it ends (Replace).
    """
    last = case.view.last_schedule
    if not case.replaces or not case.active or last is None:
        return None
    since = max(case.view.last_success or _created(case), case.edited or 0.0)
    ticks = case.ticks(since, last)
    if len(ticks) <= _REPLACED:
        return None
    message = f"Every run since {instant.clock(ticks[0])} was replaced before it ended."
    return tell(
        case.ref,
        State.DEGRADED,
        "ReplacedBeforeCompletion",
        message,
        row="C12",
        hint="The interval is shorter than a run takes.",
        because=(*case.scheduled("ReplacedBeforeCompletion", message, ticks[0]), *active_causes(case)),
        began=ticks[_REPLACED],
    )


def active_failing(case: Case) -> Verdict | None:
    """C20.

    ActiveJobFailing: the active run is in trouble.
    """
    troubled = [run for run in case.active_children() if run.verdict.state in (State.FAILED, State.DEGRADED)]
    run = min(troubled, key=lambda run: SEVERITY[run.verdict.state], default=None)
    if run is None:
        return None
    message = f"The active run of {instant.clock(tick_of(run))} has problems: {run.verdict.message}"
    because, began = chain_of(run), run.verdict.began
    return tell(
        case.ref,
        State.DEGRADED,
        "ActiveJobFailing",
        message,
        row="C20",
        hint=run.verdict.hint,
        because=because,
        began=began,
    )


def active(case: Case) -> Verdict | None:
    """C03.

    JobRunning: a run is active, as it should be.
    """
    if not case.active:
        return None
    tick = case.view.last_schedule
    message = "A run is active." if tick is None else f"The run of {instant.clock(tick)} is active."
    return tell(case.ref, State.HEALTHY, "JobRunning", message, row="C03", began=tick)


def scheduled(case: Case) -> Verdict:
    """C01, C02, C22, C23, C28–C30: idle, and nothing is wrong.

    Scheduled: nothing runs, nothing is due, and the last run ended well.
    WaitingForFirstRun: its first run is not due yet.
    """
    last, upcoming = case.view.last_schedule, case.view.next_run(case.clock.now)
    then = "" if upcoming is None else instant.clock(upcoming)
    if last is None:
        message = f"The first run is due at {then}."
        return tell(case.ref, State.HEALTHY, "WaitingForFirstRun", message, row="C02", began=case.view.created)
    if case.anchor > case.base:
        message = f"Changed or resumed at {instant.clock(case.anchor)}.{case.next_words()}"
        return tell(case.ref, State.HEALTHY, "Scheduled", message, row="C29")
    message = f"The run of {instant.clock(last)} succeeded.{case.next_words()}"
    return tell(case.ref, State.HEALTHY, "Scheduled", message, row="C01", began=case.view.last_success)


def _last_failed_verdict(case: Case, run: Child) -> Verdict:
    end, success = finished_at(run), case.view.last_success
    by_hand = success is not None and end is not None and success > end
    more = " A later run succeeded." if by_hand else " A new one is running." if case.active else case.next_words()
    return tell(
        case.ref,
        State.DEGRADED,
        "LastRunFailed",
        f"The run of {instant.clock(tick_of(run))} failed: {run.verdict.message}{more}",
        row="C24" if by_hand else "C06" if case.active else "C05",
        hint=run.verdict.hint,
        because=_failure(run),
        began=end,
    )


def _as_before(case: Case) -> Verdict | None:
    """C06 where Kubernetes keeps no failed Job: the verdict before the active run stays."""
    before = case.memory.previous
    if before is None or before.reason not in ("LastRunFailed", "RunDeleted"):
        return None
    began = instant.parse(before.since)
    return Verdict(before.state, before.reason, before.message, "C06", before.hint, before.because, began)


def _without_record(case: Case, tick: float) -> Verdict:
    """C05: the run is gone without having succeeded."""
    deleted = _run_deleted(case, tick)
    reason = "RunDeleted" if deleted else "LastRunFailed"
    happened = "was deleted before it ended" if deleted else "ended without success, and its Job is gone"
    message = f"The run of {instant.clock(tick)} {happened}.{case.next_words()}"
    hint = None if deleted else "Keep failed Jobs (failedJobsHistoryLimit) to see why."
    because = case.scheduled(reason, "no run has succeeded since this tick", tick)
    return tell(case.ref, State.DEGRADED, reason, message, row="C05", hint=hint, because=(*_told(case, tick), *because))


def _run_deleted(case: Case, tick: float) -> bool:
    """Whether somebody deleted the run of that tick: the event is forgotten after an hour, we are not."""
    before = case.memory.previous
    known = before is not None and before.reason == "RunDeleted" and (instant.parse(before.since) or 0.0) >= tick
    return known or bool(_told(case, tick))


def _told(case: Case, tick: float) -> tuple[Cause, ...]:
    events = [event for event in with_reason(case.events, ("MissingJob",)) if true_time(event) >= tick]
    return tuple(cited(event, case.ref) for event in events[-1:])


def _failure(run: Child | None) -> tuple[Cause, ...]:
    """A failed run as the cause, also while it is being deleted."""
    if run is None:
        return ()
    if run.verdict.state is State.FAILED:
        return chain_of(run)
    view: JobView = run.view
    condition = view.holds("Failed")
    return () if condition is None else (condition.cited(run.ref),)


def _last_failed(case: Case) -> Child | None:
    return next((run for run in reversed(case.runs) if failed(run)), None)


def _succeeded_since(case: Case, run: Child) -> bool:
    """Whether a run after that one succeeded, though its Job is gone."""
    success, last = case.view.last_success, case.view.last_schedule
    between = case.ticks(tick_of(run), last or 0.0)
    return success is not None and len(between) > 1 and success > between[0]


def _seen_failing(case: Case) -> list[Child]:
    """The failed runs that still exist and that no success followed."""
    seen: list[Child] = []
    for run in reversed(case.runs):
        if failed(run):
            seen.append(run)
        elif finished_at(run) is not None:
            break
    success = case.view.last_success
    by_hand = success is not None and any(finished_at(run) == success for run in case.by_hand)
    return [run for run in seen if by_hand or success is None or (finished_at(run) or 0.0) > success]


def _failed_ticks(case: Case) -> list[float]:
    """Ticks whose runs have ended without success, as the object tells; Kubernetes keeps one failed Job by default."""
    upper = _last_bad_tick(case)
    if upper is None or (case.replaces and case.active):
        return []  # Replace ends runs: nobody knows whether they would have failed
    ticks = case.ticks(max(case.view.last_success or _created(case), case.edited or 0.0), upper)
    running = {tick_of(run) for run in case.active_children()}
    if len(running) < len(case.active):
        running.add(case.view.last_schedule or 0.0)
    if not case.active and _run_deleted(case, upper):
        running.add(upper)
    return [tick for tick in ticks if tick not in running and not (case.forbids and _inside_a_run(case, tick))]


def _last_bad_tick(case: Case) -> float | None:
    """The last tick whose run ended without success. A failed Job that is kept is the last one; so without one, a run
    that was active until now proves nothing about the ticks before it: nothing may have been started."""
    run, last = _last_failed(case), case.view.last_schedule
    if last is None:
        return None
    if run is not None and tick_of(run) >= last:
        return last
    if not case.active:
        return last if (case.view.last_success or 0.0) < last else None
    if run is not None:
        return tick_of(run)
    spec = case.view.spec
    forgets = spec.failed_jobs_history_limit == 0 or spec.job_template.spec.ttl_seconds_after_finished is not None
    return last if forgets else None


def _inside_a_run(case: Case, tick: float) -> bool:
    """Whether an earlier run still went on at that tick, so that it had no run of its own."""
    return all(tick_of(run) != tick for run in case.runs) and any(
        tick_of(run) < tick <= (finished_at(run) or 0.0) for run in case.runs
    )


def _third(case: Case) -> float | None:
    seen = sorted(end for run in _seen_failing(case) if (end := finished_at(run)) is not None)
    return seen[case.rules.fail_runs - 1] if len(seen) >= case.rules.fail_runs else None


def _first_end(case: Case) -> float | None:
    return min((end for run in case.runs if (end := finished_at(run)) is not None), default=None)


def _created(case: Case) -> float:
    return case.view.created or case.anchor
