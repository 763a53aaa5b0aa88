"""The judge of Builds: status-rules, section 10; the first rule that answers decides.

A finished build never changes its status again: how the Job ended comes first, also while it is being deleted, and what
is forgotten with its pods stays as it was said before. An attempt that failed is no end while the Job tries again.
"""

from __future__ import annotations

from collections.abc import Callable

from msgspec import structs

from graph.config import Rules
from graph.kinds.build.steps import BuildStep, steps_of, word
from graph.kinds.build.view import BuildView
from graph.kinds.shared.causes import cause, chain_of
from graph.kinds.shared.conditions import Condition
from graph.kinds.shared.events import cited
from graph.kinds.shared.hints import logs
from graph.kinds.shared.jobs import JobCase, case_of, hard_failed, newest
from graph.kinds.shared.jobs import refused as refusal
from graph.kinds.shared.order import decide
from graph.kinds.shared.pods import REFUSED, finished
from graph.kinds.shared.telling import tell
from graph.kinds.shared.text import closed
from graph.model import instant
from graph.model.kind import Child, Memory, Related
from graph.model.ref import ObjectRef
from graph.model.status import Cause, Evidence, State, Verdict

_TOO_LONG = "DeadlineExceeded"


def judge(view: BuildView, related: Related, memory: Memory, rules: Rules, now: float) -> Verdict:
    """The verdict on a Build."""
    case = case_of(view, related, memory, rules, now)
    found = decide(_ORDER, case)
    return structs.replace(found, recheck_at=case.clock.next)


def lost(ref: ObjectRef, at: float) -> Verdict:
    """B08: nobody watched when it ended, and its object is gone.

    OutcomeUnknown: it was deleted before its end was seen.
    """
    message = f"Build was deleted before its end was seen, which was noticed at {instant.clock(at)}."
    hint = "Look at the log of whoever started it, or build again."
    return tell(ref, State.UNKNOWN, "OutcomeUnknown", message, row="B08", hint=hint, began=at)


def _succeeded(case: JobCase) -> Verdict | None:
    """B03: the Job says so, or every step does.

    Succeeded: all its steps ended with success.
    """
    view = case.view
    told = view.holds("Complete") or view.holds("SuccessCriteriaMet")
    if told is None and (_decided(case) or not _all_done(case.newest)):
        return None
    began = view.finished_at or (told.since if told else None)
    return tell(case.ref, State.HEALTHY, "Succeeded", "Build succeeded.", row="B03", began=began)


def _timed_out(case: JobCase) -> Verdict | None:
    """B05: the Job's own deadline, or its pod's.

    TimedOut: it ran longer than its deadline, or its pod did.
    """
    condition, pod = _decided(case), case.ended_badly
    late = pod is not None and pod.verdict.reason == _TOO_LONG
    if condition is None or not (late or condition.reason == _TOO_LONG):
        return None
    limit = case.view.spec.active_deadline_seconds
    after = "" if limit is None or late else f" of {limit} seconds"
    return tell(
        case.ref,
        State.FAILED,
        "TimedOut",
        f"Build ran longer than its deadline{after}.",
        row="B05",
        hint="Raise activeDeadlineSeconds of the build, or make it faster.",
        because=(condition.cited(case.ref),),
        child=pod,
        began=condition.since,
    )


def _failed(case: JobCase) -> Verdict | None:
    """B04; B07 where the pod itself was the trouble."""
    condition, pod = _decided(case), case.ended_badly
    last_chance = not case.view.spec.backoff_limit and any(map(_has_failed, case.pods))
    if condition is None and not last_chance:
        return None
    before = case.memory.previous
    if not case.pods and before is not None and before.state is State.FAILED:
        began = instant.parse(before.since)
        return Verdict(before.state, before.reason, before.message, "B04", before.hint, before.because, began)
    if pod is not None and hard_failed(pod):
        return _pod_trouble(case, pod)
    return _step_failed(case, condition)


def _cancelled(case: JobCase) -> Verdict | None:
    """B06: somebody deleted it or took its pods away before it ended. One that never started is still queued.

    Cancelled: somebody deleted or suspended it before it ended.
    """
    deleted = case.view.metadata.deletion_timestamp
    if deleted is None and not (case.view.spec.suspend and case.view.started_at is not None):
        return None
    message = "Build was deleted before it ended." if deleted else "Build was suspended before it ended."
    began = instant.parse(deleted)
    return tell(case.ref, State.SUSPENDED, "Cancelled", message, row="B06", hint="Start it again.", began=began)


def _refused(case: JobCase) -> Verdict | None:
    """B07: there is not even a pod.

    FailedCreate: the API server refuses its pod: quota, admission, service account.
    """
    event = refusal(case)
    if event is None:
        return None
    message = f"The build's pod cannot be created: {closed(event.message)}."
    because = (cited(event, case.ref),)
    return tell(case.ref, State.FAILED, "FailedCreate", message, row="B07", hint=REFUSED, because=because)


def _cannot_run(case: JobCase) -> Verdict | None:
    """B07; UNKNOWN where the node of the pod is silent."""
    pod = next((pod for pod in case.live if hard_failed(pod)), None)
    if pod is not None:
        return _pod_trouble(case, pod)
    lost = case.newest
    if lost is None or lost.verdict.state is not State.UNKNOWN:
        return None
    found = lost.verdict
    message = f"The state of the build is not known: {found.message}"
    return tell(
        case.ref, State.UNKNOWN, found.reason, message, row="B02", hint=found.hint, child=lost, began=found.began
    )


def _running(case: JobCase) -> Verdict | None:
    """B02: the first step that is not done names the status.

    …: a step runs or is next; the word is the step's name, such as Cloning or Push.
    """
    pod = newest(case.live)
    steps = steps_of(pod) if pod else ()
    waiting = [step for step in steps if step.state is not State.HEALTHY]
    if pod is None or not waiting or not any(step.started_at or step.finished_at for step in steps):
        return None
    current = next((step for step in waiting if step.started_at and not step.finished_at), waiting[0])
    done = f"{len(steps) - len(waiting)} of {len(steps)} steps are done"
    return tell(
        case.ref,
        State.PROGRESSING,
        word(current.name),
        f"Step {current.name} {_doing(current)}; {done}.",
        row="B02",
        because=(_cited(pod, current),),
        child=pod,
        began=instant.parse(current.started_at),
    )


def _queued(case: JobCase) -> Verdict:
    """B01: accepted, nothing runs yet, or not again yet.

    Queued: it is accepted, and nothing of it runs yet, or not again yet.
    """
    pod = case.newest
    message = "Build is queued." if pod is None else "Build waits for its pod to start."
    if case.failures:
        step = _first_failed(case.ended_badly)
        what = "" if step is None else f": step {step.name} ended with exit code {step.exit_code}"
        message = f"An attempt failed{what}; the build is tried again (backoffLimit {case.view.spec.backoff_limit})."
    return tell(case.ref, State.PROGRESSING, "Queued", message, row="B01", child=pod, began=case.created)


def _decided(case: JobCase) -> Condition | None:
    """The condition that says that it has failed, or that this is certain."""
    return case.view.holds("Failed") or case.view.holds("FailureTarget")


def _step_failed(case: JobCase, condition: Condition | None) -> Verdict:
    """StepFailed: a step ended with an error."""
    pod = case.ended_badly or next(filter(_has_failed, case.pods), None)
    step = _first_failed(pod)
    own = () if condition is None else (condition.cited(case.ref),)
    if pod is None or step is None:
        message = "A step failed; its pod and its log are gone."
        began = condition.since if condition else None
        return tell(case.ref, State.FAILED, "StepFailed", message, row="B04", because=own, child=pod, began=began)
    why = f" ({step.reason})" if step.reason and step.reason != "Error" else ""
    return tell(
        case.ref,
        State.FAILED,
        "StepFailed",
        f"Step {step.name} failed with exit code {step.exit_code}{why}.",
        row="B04",
        hint=logs(pod.ref, step.name),
        because=(*own, _cited(pod, step)),
        child=pod,
        began=instant.parse(step.finished_at),
    )


def _pod_trouble(case: JobCase, pod: Child) -> Verdict:
    found = pod.verdict
    return tell(
        case.ref,
        State.FAILED,
        found.reason,
        f"The build's pod cannot run: {found.message}",
        row="B07",
        hint=found.hint,
        because=chain_of(pod),
        began=found.began,
    )


def _first_failed(pod: Child | None) -> BuildStep | None:
    return next((step for step in steps_of(pod) if step.state is State.FAILED), None) if pod else None


def _has_failed(pod: Child) -> bool:
    """Whether a step of it ended with an error and is not run again."""
    return pod.verdict.state is State.FAILED and (finished(pod) or pod.verdict.reason == "ContainerFailed")


def _all_done(pod: Child | None) -> bool:
    steps = steps_of(pod) if pod and pod.verdict.state is not State.FAILED else ()
    return bool(steps) and all(step.state is State.HEALTHY for step in steps)


def _doing(step: BuildStep) -> str:
    """After the name of a step."""
    if step.exit_code is not None:
        return f"ended with exit code {step.exit_code}"
    return "is running" if step.started_at else f"waits ({step.reason or 'not reported yet'})"


def _cited(pod: Child, step: BuildStep) -> Cause:
    return cause(
        pod.ref,
        reason=step.reason or word(step.name),
        message=f"step {step.name} {_doing(step)}",
        evidence=Evidence.STEP,
        at=step.finished_at or step.started_at,
        container=step.name,
    )


_ORDER: tuple[Callable[[JobCase], Verdict | None], ...] = (
    _succeeded,
    _timed_out,
    _failed,
    _cancelled,
    _refused,
    _cannot_run,
    _running,
    _queued,
)
