"""The API server's defaults of pods and of pod templates. Used by ``defaults``; pure."""

from __future__ import annotations

from typing import Any

from graph.demo.objects import Object, with_metadata

_PROBES = ("livenessProbe", "readinessProbe", "startupProbe")
_MODE = 420
"""Octal 644, as the files of a mounted Secret have it."""
_UNREACHABLE = [
    {"key": f"node.kubernetes.io/{key}", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300}
    for key in ("not-ready", "unreachable")
]


def with_template_defaults(template: Object) -> Object:
    """Of a pod template."""
    return {**template, "spec": _pod_spec(template.get("spec") or {})}


def with_pod_defaults(pod: Object) -> Object:
    """Of a pod: those of a template, and what only a pod gets, from admission too."""
    given = pod.get("spec") or {}
    account = given.get("serviceAccountName") or "default"
    spec: Object = {
        "enableServiceLinks": True,
        "serviceAccountName": account,
        "serviceAccount": account,
        "priority": 0,
        "preemptionPolicy": "PreemptLowerPriority",
        **_pod_spec(given),
    }
    spec["tolerations"] = _tolerations(given.get("tolerations") or [])
    for kind in ("containers", "initContainers"):
        if kind in spec:
            spec[kind] = [_with_requests(container) for container in spec[kind]]
    status = {"phase": "Pending", "qosClass": quality(spec), **(pod.get("status") or {})}
    return with_metadata({**pod, "spec": spec, "status": status})


def quality(spec: Object) -> str:
    """The quality of service class: Guaranteed, Burstable or BestEffort."""
    containers = [*spec.get("containers", ()), *spec.get("initContainers", ())]
    asked = [_amounts(container) for container in containers]
    if not any(requests or limits for requests, limits in asked):
        return "BestEffort"
    exact = all({"cpu", "memory"} <= limits.keys() and requests == limits for requests, limits in asked)
    return "Guaranteed" if exact else "Burstable"


def _amounts(container: Object) -> tuple[Object, Object]:
    resources = container.get("resources") or {}
    requests, limits = (
        {name: amount for name, amount in (resources.get(part) or {}).items() if name in ("cpu", "memory")}
        for part in ("requests", "limits")
    )
    return requests, limits


def _tolerations(given: list[Object]) -> list[Object]:
    def tolerated(key: str) -> bool:
        return any(
            (one.get("key") == key or not one.get("key")) and one.get("effect", "NoExecute") in ("NoExecute", "")
            for one in given
        )

    return [*given, *(one for one in _UNREACHABLE if not tolerated(str(one["key"])))]


def _with_requests(container: Object) -> Object:
    resources = container.get("resources") or {}
    if not resources.get("limits"):
        return container
    return {
        **container,
        "resources": {**resources, "requests": {**resources["limits"], **(resources.get("requests") or {})}},
    }


def _pod_spec(given: Object) -> Object:
    spec: Object = {
        "restartPolicy": "Always",
        "terminationGracePeriodSeconds": 30,
        "dnsPolicy": "ClusterFirst",
        "schedulerName": "default-scheduler",
        "securityContext": {},
        **given,
    }
    if "serviceAccountName" in given:
        spec["serviceAccount"] = given["serviceAccountName"]
    for kind in ("containers", "initContainers"):
        if kind in spec:
            spec[kind] = [_container(container) for container in spec[kind]]
    if volumes := spec.get("volumes"):
        spec["volumes"] = [_volume(volume) for volume in volumes]
    return spec


def _container(given: Object) -> Object:
    container: Object = {
        "terminationMessagePath": "/dev/termination-log",
        "terminationMessagePolicy": "File",
        "imagePullPolicy": _pull_policy(given.get("image", "")),
        "resources": {},
        **given,
    }
    if ports := given.get("ports"):
        container["ports"] = [{"protocol": "TCP", **port} for port in ports]
    if env := given.get("env"):
        container["env"] = [_variable(one) for one in env]
    container.update({name: _probe(given[name]) for name in _PROBES if given.get(name)})
    return container


def _pull_policy(image: str) -> str:
    path = image.rpartition("/")[2]
    tag = path.partition(":")[2] or "latest"
    return "Always" if tag == "latest" and "@" not in path else "IfNotPresent"


def _variable(given: Object) -> Object:
    source = given.get("valueFrom") or {}
    if "fieldRef" not in source:
        return given
    return {**given, "valueFrom": {**source, "fieldRef": {"apiVersion": "v1", **source["fieldRef"]}}}


def _probe(given: Object) -> Object:
    probe: dict[str, Any] = {
        "timeoutSeconds": 1,
        "periodSeconds": 10,
        "successThreshold": 1,
        "failureThreshold": 3,
        **given,
    }
    if get := given.get("httpGet"):
        probe["httpGet"] = {"path": "/", "scheme": "HTTP", **get}
    return probe


def _volume(given: Object) -> Object:
    if len(given) == 1:
        return {**given, "emptyDir": {}}
    for kind in ("secret", "configMap", "downwardAPI", "projected"):
        if kind in given:
            return {**given, kind: {"defaultMode": _MODE, **given[kind]}}
    return given
