"""The roll-up of a service and its lights, by hand-made children: status-rules, section 10."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
import pytest

from graph.config import Rules
from graph.kinds import service
from graph.kinds.deployment.view import DeploymentView
from graph.kinds.pod.view import PodView
from graph.kinds.service.lights import ServiceParts
from graph.kinds.shared.annotations import AnnotatedMeta
from graph.kinds.shared.conditions import Condition
from graph.kinds.shared.runs import RunMeta
from graph.model.kind import Child, Memory, Meta, Object, Related
from graph.model.ref import ObjectRef
from graph.model.status import Cause, Evidence, State, Status, Verdict

HERE = ObjectRef("Service", "shop", "prod")
VIEW = service.make(namespace="prod", name="shop", labels={}, created="2026-03-17T14:00:00Z")


class RunStatus(msgspec.Struct, frozen=True):
    start_time: str | None = None
    conditions: tuple[Condition, ...] = ()


class RunView(Object, frozen=True):
    metadata: RunMeta
    status: RunStatus = RunStatus()


class PlainView(Object, frozen=True):
    metadata: AnnotatedMeta


def verdict(state: State, reason: str, *, row: str = "", began: float | None = 1e9) -> Verdict:
    because = () if state is State.HEALTHY else (Cause(HERE, reason, "why", Evidence.STATUS),)
    return Verdict(state, reason, f"It is {reason}.", row, "Do something.", because, began)


def child(kind: str, name: str, view: Object, told: Verdict, below: Sequence[Child] = ()) -> Child:
    return Child(kind, view, ObjectRef(kind.capitalize(), name, "prod"), told, tuple(below))


def meta(name: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "namespace": "prod", "creationTimestamp": "2026-03-17T14:00:00Z", **more}


def deployment(
    state: State, reason: str, *, available: int = 0, name: str = "web", below: Sequence[Child] = ()
) -> Child:
    status = {"replicas": 2, "availableReplicas": available}
    view = msgspec.convert({"metadata": meta(name), "status": status}, DeploymentView)
    return child("DEPLOYMENT", name, view, verdict(state, reason), below)


def pod(state: State, reason: str, *, name: str = "web-1", phase: str = "Running", **more: Any) -> Child:
    view = msgspec.convert({"metadata": meta(name, **more), "status": {"phase": phase}}, PodView)
    return child("POD", name, view, verdict(state, reason))


def cronjob(
    state: State, reason: str, *, row: str = "C01", name: str = "nightly", below: Sequence[Child] = ()
) -> Child:
    told = verdict(state, reason, row=row)
    return child("CRONJOB", name, msgspec.convert({"metadata": meta(name)}, PlainView), told, below)


def run(
    kind: str,
    state: State,
    reason: str,
    *,
    started: str,
    done: bool = False,
    by_hand: bool = False,
    pods: Sequence[Child] = (),
) -> Child:
    ended = "Failed" if state is State.FAILED else "Complete"
    conditions = (Condition(ended, "True"),) if done else ()
    notes = {"cronjob.kubernetes.io/instantiate": "manual"} if by_hand else {}
    name = f"run-{started}"
    view = RunView(
        msgspec.convert(meta(name, annotations=notes), RunMeta), RunStatus(f"2026-03-17T{started}:00Z", conditions)
    )
    return child(kind, name, view, verdict(state, reason), pods)


def build(state: State, reason: str, *, started: str = "13:00", done: bool = True) -> Child:
    return run("BUILD", state, reason, started=started, done=done)


def job(state: State, reason: str, *, started: str = "13:00", **more: Any) -> Child:
    return run("JOB", state, reason, started=started, **more)


def judged(*children: Child, memory: Memory | None = None) -> Verdict:
    judge = service.KIND.judge
    assert judge is not None
    return judge(VIEW, Related(HERE, children), memory or Memory(), Rules(), 2e9)


def lights(*children: Child) -> ServiceParts:
    return service.project(VIEW, Related(HERE, children), 2e9).parts


def told(status: Status | None) -> str | None:
    return f"{status.state} {status.reason}" if status else None


UP = deployment(State.HEALTHY, "Available", available=2)
BROKEN = build(State.FAILED, "StepFailed")
GOOD = build(State.HEALTHY, "Succeeded")
BUILDING = build(State.PROGRESSING, "Cloning", done=False)


@pytest.mark.parametrize(
    ("row", "children", "state", "reason"),
    [
        ("V01", (UP, BROKEN), State.DEGRADED, "BuildFailed"),
        ("V02", (BROKEN,), State.FAILED, "BuildFailed"),
        ("V04", (deployment(State.PROGRESSING, "RollingOut"), BROKEN), State.PROGRESSING, "RollingOut"),
        ("V04", (UP, BUILDING), State.HEALTHY, "Available"),
        ("V04", (UP, build(State.SUSPENDED, "Cancelled")), State.HEALTHY, "Available"),
        ("V04", (UP, build(State.UNKNOWN, "OutcomeUnknown")), State.HEALTHY, "Available"),
        ("V04", (cronjob(State.HEALTHY, "JobRunning"),), State.HEALTHY, "JobRunning"),
        ("V04", (UP, deployment(State.UNKNOWN, "NodeUnreachable", name="b")), State.UNKNOWN, "NodeUnreachable"),
        ("V04", (UP, deployment(State.SUSPENDED, "ScaledToZero", name="b")), State.HEALTHY, "Available"),
        ("V04", (UP, deployment(State.TERMINATING, "Terminating", name="b")), State.HEALTHY, "Available"),
        ("V04", (pod(State.FAILED, "ContainerFailed", phase="Failed"),), State.FAILED, "ContainerFailed"),
        ("V04", (job(State.FAILED, "BackoffLimitExceeded", done=True),), State.FAILED, "BackoffLimitExceeded"),
        ("V05", (deployment(State.FAILED, "OOMKilled", name="b"), UP), State.DEGRADED, "OOMKilled"),
        ("V05", (cronjob(State.FAILED, "NeverScheduled"), UP), State.DEGRADED, "NeverScheduled"),
        (
            "V04",
            (deployment(State.FAILED, "OOMKilled"), cronjob(State.HEALTHY, "Scheduled")),
            State.FAILED,
            "OOMKilled",
        ),
        ("V06", (cronjob(State.SUSPENDED, "Suspended"),), State.SUSPENDED, "Suspended"),
        (
            "V06",
            (cronjob(State.SUSPENDED, "Suspended"), deployment(State.TERMINATING, "Terminating")),
            State.SUSPENDED,
            "Suspended",
        ),
        ("V07", (deployment(State.TERMINATING, "Terminating"), GOOD), State.TERMINATING, "Terminating"),
        ("V08", (GOOD,), State.UNKNOWN, "NoWorkload"),
        ("V08", (BUILDING,), State.PROGRESSING, "Cloning"),
        ("V08", (), State.UNKNOWN, "NoWorkload"),
    ],
)
def test_the_roll_up(row: str, children: tuple[Child, ...], state: State, reason: str) -> None:
    found = judged(*children)
    assert (found.state, found.reason, found.row) == (state, reason, row)
    assert found.because or state is State.HEALTHY


def test_because_starts_with_the_part_that_decided() -> None:
    found = judged(UP, deployment(State.DEGRADED, "Unschedulable", name="api"))
    assert (found.because[0].object.name, found.because[0].evidence) == ("api", Evidence.CHILD)
    assert found.because[1].reason == "Unschedulable"
    assert judged(UP, BROKEN).because[0].object.kind == "Build"


def test_the_order_of_names_does_not_matter_for_the_latest_build() -> None:
    failed = build(State.FAILED, "StepFailed", started="09:00")
    fixed = build(State.HEALTHY, "Succeeded", started="10:00")
    assert judged(fixed, failed, UP).state is State.HEALTHY
    assert told(lights(fixed, failed, UP).build) == "HEALTHY Succeeded"


def test_a_service_that_we_stopped_stays_and_says_so() -> None:
    record = cronjob(State.SUSPENDED, "Stopped", row="V07")
    found = judged(record, BROKEN, memory=Memory(stopped=True))
    assert (found.state, found.reason) == (State.SUSPENDED, "Stopped")
    assert found.hint == "startCronjob brings it back."
    assert found.because


def test_what_is_left_of_a_deleted_workload_is_terminating_and_nothing_else() -> None:
    owner = {"kind": "ReplicaSet", "name": "web-1", "uid": "u", "controller": True}
    rest = pod(State.TERMINATING, "Terminating", ownerReferences=[owner], deletionTimestamp="2026-03-17T14:00:30Z")
    assert judged(rest).reason == "Terminating"
    assert judged(rest, BROKEN).reason == "Terminating"
    assert judged(rest, UP).state is State.HEALTHY
    evicted = pod(State.FAILED, "Evicted", phase="Failed", ownerReferences=[owner])
    assert judged(evicted, UP).state is State.HEALTHY


def test_manual_runs_and_superseded_revisions_do_not_count() -> None:
    by_hand = job(State.FAILED, "BackoffLimitExceeded", by_hand=True)
    old = child("REPLICA_SET", "web-1", UP.view, verdict(State.HEALTHY, "Superseded"))
    assert judged(by_hand, old).reason == "NoWorkload"
    assert judged(by_hand, old, UP).state is State.HEALTHY


def test_an_object_may_be_kept_out_of_the_roll_up() -> None:
    notes = {"statusgraph.io/affects-rollup": "false"}
    view = msgspec.convert({"metadata": meta("canary", annotations=notes)}, DeploymentView)
    canary = child("DEPLOYMENT", "canary", view, verdict(State.FAILED, "CrashLoopBackOff"))
    assert judged(canary, UP).state is State.HEALTHY
    assert told(lights(canary, UP).deployment) == "HEALTHY Available"


def test_lights_that_do_not_apply_are_dark() -> None:
    assert lights() == ServiceParts(None, None, None, None, None)
    shown = lights(UP)
    assert (shown.build, shown.cronjob, shown.job) == (None, None, None)


def test_the_light_of_pods_is_the_worst_live_pod_of_the_deployment() -> None:
    gone = pod(State.FAILED, "Evicted", name="a", phase="Failed", ownerReferences=[])
    pods = [pod(State.HEALTHY, "Running", name="b"), pod(State.UNKNOWN, "NodeUnreachable", name="c")]
    shown = lights(deployment(State.DEGRADED, "NodeUnreachable", below=[*pods]))
    assert told(shown.pods) == "UNKNOWN NodeUnreachable"
    assert told(shown.deployment) == "DEGRADED NodeUnreachable"
    assert told(lights(deployment(State.HEALTHY, "Available", below=[pods[0]])).pods) == "HEALTHY Running"
    assert told(lights(deployment(State.HEALTHY, "Available", below=[gone, pods[0]])).pods) == "HEALTHY Running"


def test_pods_of_runs_show_while_one_is_active_or_the_last_one_failed() -> None:
    at_work = pod(State.PROGRESSING, "RunningToCompletion")
    crashed = pod(State.FAILED, "ContainerFailed", name="x", phase="Failed")
    done = job(State.HEALTHY, "Completed", done=True, pods=[pod(State.HEALTHY, "Completed", phase="Succeeded")])
    active = job(State.PROGRESSING, "Running", started="14:00", pods=[at_work])
    failed = job(State.FAILED, "BackoffLimitExceeded", started="12:00", done=True, pods=[crashed])
    assert lights(cronjob(State.HEALTHY, "Scheduled", below=[done])).pods is None
    assert (
        told(lights(cronjob(State.HEALTHY, "JobRunning", below=[done, active])).pods)
        == "PROGRESSING RunningToCompletion"
    )
    assert told(lights(cronjob(State.DEGRADED, "LastRunFailed", below=[failed])).pods) == "FAILED ContainerFailed"
    assert lights(cronjob(State.HEALTHY, "Scheduled", below=[failed, done])).pods is None


def test_the_light_of_the_job_is_the_newest_run() -> None:
    done = job(State.HEALTHY, "Completed", started="13:00", done=True)
    active = job(State.PROGRESSING, "Running", started="14:00")
    failed = job(State.FAILED, "BackoffLimitExceeded", started="12:00", done=True)
    assert lights(cronjob(State.HEALTHY, "Scheduled", below=[done])).job is None
    assert told(lights(cronjob(State.HEALTHY, "JobRunning", below=[done, active])).job) == "PROGRESSING Running"
    assert told(lights(cronjob(State.DEGRADED, "LastRunFailed", below=[failed])).job) == "FAILED BackoffLimitExceeded"
    assert told(lights(cronjob(State.HEALTHY, "Scheduled", below=[failed, done])).job) == "HEALTHY Completed"


def test_the_light_of_the_cronjob_tells_the_schedule_alone() -> None:
    assert told(lights(cronjob(State.FAILED, "RepeatedRunFailures", row="C07")).cronjob) == "HEALTHY Scheduled"
    assert told(lights(cronjob(State.DEGRADED, "MissedSchedule", row="C08")).cronjob) == "DEGRADED MissedSchedule"
    assert told(lights(cronjob(State.SUSPENDED, "Suspended", row="C04")).cronjob) == "SUSPENDED Suspended"
    late = cronjob(State.FAILED, "NeverScheduled", row="C16", name="b")
    assert told(lights(cronjob(State.DEGRADED, "LastRunFailed", row="C05"), late).cronjob) == "FAILED NeverScheduled"


def test_a_light_is_as_old_as_the_cluster_says_else_as_its_object() -> None:
    known, unknown = lights(UP).deployment, verdict(State.HEALTHY, "Available", began=None)
    assert known is not None
    assert known.since == "2001-09-09T01:46:40.000Z"
    shown = lights(child("DEPLOYMENT", "web", UP.view, unknown)).deployment
    assert shown is not None
    assert shown.since == "2026-03-17T14:00:00.000Z"


def test_a_service_comes_from_a_repository_when_it_has_builds_or_says_so() -> None:
    def source(*children: Child) -> str:
        return service.project(VIEW, Related(HERE, children), 0.0).source

    labelled = msgspec.convert({"metadata": meta("w", labels={"statusgraph.io/source": "repository"})}, DeploymentView)
    assert source(UP) == "IMAGE"
    assert source(UP, GOOD) == "REPOSITORY"
    assert source(child("DEPLOYMENT", "w", labelled, verdict(State.HEALTHY, "Available"))) == "REPOSITORY"


def test_a_service_is_made_without_a_cluster_object() -> None:
    assert VIEW.metadata == Meta(name="shop", namespace="prod", creation_timestamp="2026-03-17T14:00:00Z")
