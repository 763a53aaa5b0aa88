"""What cannot be kept, said in Kubernetes' own words. Called with defaulted objects, on create and on update."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

from graph.demo.controllers.cron import ScheduleError, clock, parse
from graph.demo.objects import Object
from graph.demo.problems import Invalid
from graph.demo.resources import (
    CRONJOBS,
    DAEMON_SETS,
    DEPLOYMENTS,
    JOBS,
    NAMESPACES,
    PODS,
    REPLICA_SETS,
    STATEFUL_SETS,
    Resource,
)
from graph.demo.selectors import matches

_LABEL = re.compile(r"(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?")
_PART = "[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_SUBDOMAIN = re.compile(rf"{_PART}(\.{_PART})*")
_CRONJOB_NAME = 52

_NOT_LABEL = (
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and "
    "end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is "
    f"'{_LABEL.pattern}')"
)
_NOT_NAME = (
    "a lowercase RFC 1123 {0} must consist of lower case alphanumeric characters, '-'{1}, and must start and end with "
    "an alphanumeric character (e.g. {2}, regex used for validation is '{3}')"
)
_NOT_SUBDOMAIN = _NOT_NAME.format("subdomain", " or '.'", "'example.com'", _SUBDOMAIN.pattern)
_NOT_PART = _NOT_NAME.format("label", "", "'my-name',  or '123-abc'", _PART)
_FIXED = "field is immutable"
_POD_FIXED = (
    "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,"
    "`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),"
    "`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)"
)
_SET_FIXED = (
    "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', "
    "'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden"
)
_SET_FREE = (
    *("replicas", "ordinals", "template", "updateStrategy", "revisionHistoryLimit"),
    *("persistentVolumeClaimRetentionPolicy", "minReadySeconds"),
)

_REASONS = {
    "Invalid value": "FieldValueInvalid",
    "Required value": "FieldValueRequired",
    "Unsupported value": "FieldValueNotSupported",
    "Duplicate value": "FieldValueDuplicate",
    "Forbidden": "FieldValueForbidden",
}

Errors = Iterator[str]
"""``path: Kind of error: value: sentence``"""


def check(resource: Resource, obj: Object, *, old: Object | None) -> None:
    """Raises Invalid. ``old``: what is to be replaced, None for a new object."""
    errors = [*_metadata(resource, obj)]
    if more := _CHECKS.get(resource):
        errors += more(obj)
    if old is not None and (fixed := _UPDATES.get(resource)):
        errors += fixed(obj["spec"], old["spec"])
    if errors:
        raise invalid(resource, obj["metadata"].get("name", ""), errors)


def invalid(resource: Resource, name: str, errors: list[str]) -> Invalid:
    """All errors in one sentence, and each as a cause, from which kubectl makes its own."""
    kind = f"{resource.kind}.{resource.group}" if resource.group else resource.kind
    told = errors[0] if len(errors) == 1 else f"[{', '.join(errors)}]"
    place = {"name": name, "group": resource.group, "kind": resource.kind}
    details = {key: value for key, value in place.items() if value}
    return Invalid(f'{kind} "{name}" is invalid: {told}', **details, causes=[_cause(error) for error in errors])


def _cause(error: str) -> Object:
    field, _, message = error.partition(": ")
    return {"reason": _REASONS[message.partition(":")[0]], "message": message, "field": field}


def _metadata(resource: Resource, obj: Object) -> Errors:
    metadata = obj["metadata"]
    name = metadata.get("name", "")
    if resource is NAMESPACES:
        if not re.fullmatch(_PART, name):
            yield _invalid("metadata.name", name, _NOT_PART)
    elif name and not _SUBDOMAIN.fullmatch(name):
        yield _invalid("metadata.name", name, _NOT_SUBDOMAIN)
    if resource is CRONJOBS and len(name) > _CRONJOB_NAME:
        yield _invalid("metadata.name", name, f"must be no more than {_CRONJOB_NAME} characters")
    yield from _labels("metadata.labels", metadata.get("labels") or {})


def _labels(path: str, labels: Object) -> Errors:
    for value in labels.values():
        if len(value) > 63:
            yield _invalid(path, value, "must be no more than 63 bytes")
        elif not _LABEL.fullmatch(value):
            yield _invalid(path, value, _NOT_LABEL)


def _pod(pod: Object) -> Errors:
    yield from _containers(pod["spec"], "spec")


def _containers(spec: Object, path: str) -> Errors:
    if not spec.get("containers"):
        yield f"{path}.containers: Required value"
    names: set[str] = set()
    for kind in ("initContainers", "containers"):
        for at, container in enumerate(spec.get(kind) or ()):
            place, name = f"{path}.{kind}[{at}]", container.get("name")
            if not name:
                yield f"{place}.name: Required value"
            elif name in names:
                yield f"{place}.name: Duplicate value: {json.dumps(name)}"
            elif not re.fullmatch(_PART, name):
                yield _invalid(f"{place}.name", name, _NOT_PART)
            names.add(name)
            if not container.get("image"):
                yield f"{place}.image: Required value"
    yield from _one_of(f"{path}.restartPolicy", spec["restartPolicy"], "Always", "OnFailure", "Never")


def _template(spec: Object, path: str) -> Errors:
    """Of a workload whose pods run for ever."""
    template = spec.get("template") or {}
    yield from _labels(f"{path}.template.metadata.labels", (template.get("metadata") or {}).get("labels") or {})
    pods = template.get("spec") or {"restartPolicy": "Always"}
    yield from _containers(pods, f"{path}.template.spec")
    if pods["restartPolicy"] in ("OnFailure", "Never"):
        yield from _one_of(f"{path}.template.spec.restartPolicy", pods["restartPolicy"], "Always")


def _workload(kind: str) -> Callable[[Object], Errors]:
    def errors(obj: Object) -> Errors:
        spec = obj["spec"]
        for name in ("replicas", "revisionHistoryLimit", "minReadySeconds", "progressDeadlineSeconds"):
            yield from _not_negative(spec, name)
        selector = spec.get("selector")
        labels = ((spec.get("template") or {}).get("metadata") or {}).get("labels") or {}
        if selector is None:
            yield "spec.selector: Required value"
        elif not (selector.get("matchLabels") or selector.get("matchExpressions")):
            yield f"spec.selector: Invalid value: {{}}: empty selector is invalid for {kind}"
        elif not matches(selector, labels):
            yield _invalid("spec.template.metadata.labels", labels, "`selector` does not match template `labels`")
        yield from _template(spec, "spec")

    return errors


def _job(job: Object) -> Errors:
    yield from _job_spec(job["spec"], "spec")


def _job_spec(spec: Object, path: str) -> Errors:
    for name in ("parallelism", "completions", "backoffLimit", "activeDeadlineSeconds", "ttlSecondsAfterFinished"):
        yield from _not_negative(spec, name, path)
    pods = (spec.get("template") or {}).get("spec") or {"restartPolicy": "Always"}
    yield from _containers(pods, f"{path}.template.spec")
    if pods["restartPolicy"] == "Always":
        yield f'{path}.template.spec.restartPolicy: Required value: valid values: "OnFailure", "Never"'


def _cronjob(cronjob: Object) -> Errors:
    spec = cronjob["spec"]
    schedule = spec.get("schedule", "")
    if not schedule:
        yield "spec.schedule: Required value"
    else:
        yield from _schedule(schedule)
    yield from _time_zone(spec.get("timeZone"))
    yield from _one_of("spec.concurrencyPolicy", spec["concurrencyPolicy"], "Allow", "Forbid", "Replace")
    for name in ("startingDeadlineSeconds", "successfulJobsHistoryLimit", "failedJobsHistoryLimit"):
        yield from _not_negative(spec, name)
    yield from _job_spec((spec.get("jobTemplate") or {}).get("spec") or {}, "spec.jobTemplate.spec")


def _pod_fixed(new: Object, old: Object) -> Errors:
    free = ("containers", "initContainers", "activeDeadlineSeconds", "tolerations", "terminationGracePeriodSeconds")

    def rest(spec: Object) -> list[Any]:
        containers = [
            {name: value for name, value in one.items() if name != "image"}
            for kind in ("containers", "initContainers")
            for one in spec.get(kind) or ()
        ]
        others = {name: value for name, value in spec.items() if name not in free}
        return [others, containers]

    if rest(new) != rest(old):
        yield f"spec: Forbidden: {_POD_FIXED}"


def _selector_fixed(new: Object, old: Object) -> Errors:
    if new.get("selector") != old.get("selector"):
        yield _invalid("spec.selector", new.get("selector"), _FIXED)


def _job_fixed(new: Object, old: Object) -> Errors:
    yield from _selector_fixed(new, old)
    if new.get("completions") != old.get("completions") and new.get("completionMode") != "Indexed":
        yield _invalid("spec.completions", new.get("completions"), _FIXED)
    if new.get("template") != old.get("template") and not old.get("suspend"):
        yield _invalid("spec.template", new.get("template"), _FIXED)


def _set_fixed(new: Object, old: Object) -> Errors:
    if any(new.get(name) != old.get(name) for name in {*new, *old} if name not in _SET_FREE):
        yield f"spec: Forbidden: {_SET_FIXED}"


def _schedule(schedule: str) -> Errors:
    if "TZ" in schedule:
        yield _invalid("spec.schedule", schedule, "cannot use TZ or CRON_TZ in schedule, use timeZone field instead")
        return
    try:
        parse(schedule)
    except ScheduleError as error:
        yield _invalid("spec.schedule", schedule, str(error))


def _time_zone(name: str | None) -> Errors:
    try:
        clock(name or "")
    except ScheduleError as error:
        yield _invalid("spec.timeZone", name, str(error))


def _not_negative(spec: Object, name: str, path: str = "spec") -> Errors:
    if spec.get(name, 0) < 0:
        yield _invalid(f"{path}.{name}", spec[name], "must be greater than or equal to 0")


def _one_of(path: str, value: str, *offered: str) -> Errors:
    if value not in offered:
        yield f"{path}: Unsupported value: {json.dumps(value)}: supported values: {', '.join(map(json.dumps, offered))}"


def _invalid(path: str, value: Any, problem: str) -> str:
    return f"{path}: Invalid value: {json.dumps(value, separators=(',', ':'))}: {problem}"


_CHECKS: dict[Resource, Callable[[Object], Errors]] = {
    PODS: _pod,
    DEPLOYMENTS: _workload("deployment"),
    REPLICA_SETS: _workload("replicaset"),
    STATEFUL_SETS: _workload("statefulset"),
    DAEMON_SETS: _workload("daemonset"),
    JOBS: _job,
    CRONJOBS: _cronjob,
}
_UPDATES: dict[Resource, Callable[[Object, Object], Errors]] = {
    PODS: _pod_fixed,
    DEPLOYMENTS: _selector_fixed,
    REPLICA_SETS: _selector_fixed,
    DAEMON_SETS: _selector_fixed,
    STATEFUL_SETS: _set_fixed,
    JOBS: _job_fixed,
}
