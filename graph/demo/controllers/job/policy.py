"""The rules of a Job's own: which failures of pods end it or do not count, which successes are enough. Pure."""

from __future__ import annotations

from collections.abc import Set as AbstractSet

from graph.demo.controllers.job import indexes
from graph.demo.controllers.job.pods import conditions, failed
from graph.demo.objects import Object

Verdict = tuple[str, str | None]
"""The action, and with FailJob what the Job's condition says."""


def verdict(job: Object, pod: Object) -> Verdict:
    """Of the first rule that fits a failed pod; Count where none does."""
    for number, rule in enumerate(job["spec"].get("podFailurePolicy", {}).get("rules", ())):
        found = _exit(rule, pod, number) or _condition(rule, pod, number)
        if found is not None:
            return rule["action"], found if rule["action"] == "FailJob" else None
    return "Count", None


def counts(job: Object, pod: Object) -> bool:
    """Whether a failed pod is one of the failures that ``backoffLimit`` allows."""
    return verdict(job, pod)[0] != "Ignore"


def fatal(job: Object, pods: list[Object]) -> str | None:
    """Why a failed pod ends the Job at once."""
    messages = (verdict(job, pod)[1] for pod in pods if failed(pod, job))
    return next((message for message in messages if message), None)


def enough(job: Object, succeeded: AbstractSet[int]) -> str | None:
    """Which rule of the success policy holds."""
    for number, rule in enumerate(job["spec"].get("successPolicy", {}).get("rules", ())):
        wanted = indexes.parse(rule["succeededIndexes"]) if "succeededIndexes" in rule else None
        reached = succeeded if wanted is None else succeeded & wanted
        if reached and (reached == wanted or len(reached) >= rule.get("succeededCount", float("inf"))):
            return f"Matched rules at index {number}"
    return None


def _exit(rule: Object, pod: Object, number: int) -> str | None:
    wanted = rule.get("onExitCodes")
    if wanted is None:
        return None
    status = pod.get("status", {})
    for one in [*status.get("containerStatuses", ()), *status.get("initContainerStatuses", ())]:
        code = one.get("state", {}).get("terminated", {}).get("exitCode", 0)
        named = wanted.get("containerName") in (None, one["name"])
        if code and named and (code in wanted["values"]) == (wanted["operator"] == "In"):
            words = f"failed with exit code {code} matching {rule['action']} rule at index {number}"
            return f"Container {one['name']} for pod {_place(pod)} {words}"
    return None


def _condition(rule: Object, pod: Object, number: int) -> str | None:
    patterns = [(one["type"], one.get("status", "True")) for one in rule.get("onPodConditions", ())]
    for one in conditions(pod):
        if (one["type"], one["status"]) in patterns:
            words = f"has condition {one['type']} matching {rule['action']} rule at index {number}"
            return f"Pod {_place(pod)} {words}"
    return None


def _place(pod: Object) -> str:
    return f"{pod['metadata']['namespace']}/{pod['metadata']['name']}"
