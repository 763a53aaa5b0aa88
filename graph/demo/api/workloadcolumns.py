"""The columns of workloads."""

from __future__ import annotations

from collections.abc import Callable

from graph.demo.api.cells import AGE, NAME, NONE, Column, condition, field, human, number, pairs, since
from graph.demo.objects import Object, deleting, read
from graph.demo.resources import CRONJOBS, DAEMON_SETS, DEPLOYMENTS, JOBS, REPLICA_SETS, STATEFUL_SETS, Resource


def _ready(obj: Object, _: float) -> str:
    return f"{obj.get('status', {}).get('readyReplicas', 0)}/{obj['spec'].get('replicas', 0)}"


def _template(obj: Object) -> Object:
    spec = obj["spec"].get("jobTemplate", obj)["spec"]
    template: Object = spec["template"]["spec"]
    return template


def _containers(of: str) -> Callable[[Object, float], str]:
    return lambda obj, _: ",".join(str(one.get(of, "")) for one in _template(obj)["containers"])


def _selector(obj: Object, _: float) -> str:
    selector = obj["spec"].get("selector") or {}
    parts = [f"{name}={value}" for name, value in sorted((selector.get("matchLabels") or {}).items())]
    for one in selector.get("matchExpressions") or ():
        words = {"In": "in", "NotIn": "notin"}.get(one["operator"])
        values = f" {words} ({','.join(sorted(one.get('values', ())))})" if words else ""
        parts.append(("!" if one["operator"] == "DoesNotExist" else "") + one["key"] + values)
    return ",".join(parts) or NONE


_WIDE = (Column("Containers", _containers("name"), 1), Column("Images", _containers("image"), 1))
_SELECTOR = Column("Selector", _selector, 1)


def _job_status(job: Object, _: float) -> str:
    if condition(job, "Complete") == "True":
        return "Complete"
    if condition(job, "Failed") == "True":
        return "Failed"
    if deleting(job):
        return "Terminating"
    held = (name for name in ("Suspended", "FailureTarget", "SuccessCriteriaMet") if condition(job, name) == "True")
    return next(held, "Running")


def _completions(job: Object, _: float) -> str:
    spec, succeeded = job["spec"], job.get("status", {}).get("succeeded", 0)
    if "completions" in spec:
        return f"{succeeded}/{spec['completions']}"
    parallelism = spec.get("parallelism", 1)
    return f"{succeeded}/1 of {parallelism}" if parallelism > 1 else f"{succeeded}/1"


def _duration(job: Object, now: float) -> str:
    status = job.get("status", {})
    if "startTime" not in status:
        return ""
    end = read(status["completionTime"]) if "completionTime" in status else now
    return human(end - read(status["startTime"]))


WORKLOAD_COLUMNS: dict[Resource, tuple[Column, ...]] = {
    DEPLOYMENTS: (
        NAME,
        Column("Ready", _ready),
        Column("Up-to-date", field("status.updatedReplicas", 0)),
        Column("Available", field("status.availableReplicas", 0)),
        AGE,
        *_WIDE,
        _SELECTOR,
    ),
    REPLICA_SETS: (
        NAME,
        number("Desired", "spec.replicas"),
        number("Current", "status.replicas"),
        number("Ready", "status.readyReplicas"),
        AGE,
        *_WIDE,
        _SELECTOR,
    ),
    STATEFUL_SETS: (NAME, Column("Ready", _ready), AGE, *_WIDE),
    DAEMON_SETS: (
        NAME,
        number("Desired", "status.desiredNumberScheduled"),
        number("Current", "status.currentNumberScheduled"),
        number("Ready", "status.numberReady"),
        number("Up-to-date", "status.updatedNumberScheduled"),
        number("Available", "status.numberAvailable"),
        Column("Node Selector", lambda obj, _: pairs(_template(obj).get("nodeSelector", {}))),
        AGE,
        *_WIDE,
        _SELECTOR,
    ),
    JOBS: (
        NAME,
        Column("Status", _job_status),
        Column("Completions", _completions),
        Column("Duration", _duration),
        AGE,
        *_WIDE,
        _SELECTOR,
    ),
    CRONJOBS: (
        NAME,
        Column("Schedule", field("spec.schedule")),
        Column("Timezone", field("spec.timeZone", NONE)),
        Column("Suspend", lambda obj, _: str(obj["spec"].get("suspend", False)), type="boolean"),
        Column("Active", lambda obj, _: len(obj.get("status", {}).get("active") or ()), type="integer"),
        Column("Last Schedule", lambda obj, now: since(field("status.lastScheduleTime")(obj, now), now, without=NONE)),
        AGE,
        *_WIDE,
        Column("Selector", lambda obj, now: NONE, 1),
    ),
}
