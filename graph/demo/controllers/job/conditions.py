"""A Job's conditions: which mean its end, and how one is written."""

from __future__ import annotations

from graph.demo.objects import Object, written

FAILURE_TARGET, FAILED = "FailureTarget", "Failed"
SUCCESS_MET, COMPLETE = "SuccessCriteriaMet", "Complete"
TARGETS = {FAILURE_TARGET: FAILED, SUCCESS_MET: COMPLETE}
"""What is said before the last pods are gone → what is said afterwards."""


def made(type_: str, reason: str, message: str, *, now: float, status: str = "True") -> Object:
    """A condition as of now."""
    times = {"lastProbeTime": written(now), "lastTransitionTime": written(now)}
    return {"type": type_, "status": status, **times, "reason": reason, "message": message}


def holds(job: Object, *types: str) -> Object | None:
    """The first condition of these types that is True."""
    conditions = job.get("status", {}).get("conditions") or ()
    return next((one for one in conditions if one["type"] in types and one["status"] == "True"), None)


def finished(job: Object) -> Object | None:
    """Complete or Failed."""
    return holds(job, COMPLETE, FAILED)


def put(status: Object, condition: Object) -> bool:
    """Writes it into a status of the caller's own; whether that changed anything. From nothing to False is no news."""
    conditions = list(status.get("conditions") or ())
    for at, old in enumerate(conditions):
        if old["type"] == condition["type"]:
            if all(old[name] == condition[name] for name in ("status", "reason", "message")):
                return False
            conditions[at] = condition
            break
    else:
        if condition["status"] == "False":
            return False
        conditions.append(condition)
    status["conditions"] = conditions
    return True
