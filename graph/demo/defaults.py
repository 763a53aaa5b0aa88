"""What the API server adds to an object that does not say it, before it is checked and kept; and what it makes of a
new one once it has its name and UID. Pure: objects are copied where they change.

The API applies ``defaulted`` to everything that is written, controllers to the pods and Jobs that they make; the store
applies ``born``.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable

from graph.demo.objects import Object, annotations_of, with_metadata
from graph.demo.podspec import with_pod_defaults, with_template_defaults
from graph.demo.resources import (
    CLAIMS,
    CRONJOBS,
    DAEMON_SETS,
    DEPLOYMENTS,
    DISRUPTION_BUDGETS,
    JOBS,
    NAMESPACES,
    NODES,
    PODS,
    REPLICA_SETS,
    SECRETS,
    SERVICES,
    STATEFUL_SETS,
    Resource,
)

MANY = 2**31 - 1
_COUNTS = ("currentNumberScheduled", "desiredNumberScheduled", "numberMisscheduled", "numberReady")
_BUDGET = ("currentHealthy", "desiredHealthy", "disruptionsAllowed", "expectedPods")
TEMPLATE_GENERATION = "deprecated.daemonset.template.generation"


def defaulted(resource: Resource, obj: Object) -> Object:
    """The object with the API server's defaults; what is set stays."""
    with_defaults = _DEFAULTS.get(resource)
    return with_defaults(obj) if with_defaults else obj


def born(resource: Resource, obj: Object) -> Object:
    """A new object with what is made for it: the selector and labels of a Job, the number of a daemon's template."""
    if resource is DAEMON_SETS:
        return _numbered(obj, 1)
    return _selecting(obj) if resource is JOBS and not obj["spec"].get("manualSelector") else obj


def grown(resource: Resource, old: Object, new: Object) -> Object:
    """A changed object with what counts its changes: a daemon's template has a generation of its own."""
    if resource is not DAEMON_SETS:
        return new
    generation = int(annotations_of(old).get(TEMPLATE_GENERATION, "0"))
    return _numbered(new, generation + (new["spec"]["template"] != old["spec"]["template"]))


def with_spec(obj: Object, spec: Object) -> Object:
    """The object with another spec."""
    return {**obj, "spec": spec}


def _templated(spec: Object) -> Object:
    return {**spec, "template": with_template_defaults(spec["template"])} if "template" in spec else spec


def _namespace(obj: Object) -> Object:
    labels = {**(obj["metadata"].get("labels") or {}), "kubernetes.io/metadata.name": obj["metadata"].get("name", "")}
    named = with_metadata(obj, labels=labels)
    spec = {"finalizers": ["kubernetes"], **obj.get("spec", {})}
    return {**named, "spec": spec, "status": {"phase": "Active", **obj.get("status", {})}}


def _secret(obj: Object) -> Object:
    texts = obj.get("stringData") or {}
    data = {name: base64.b64encode(text.encode()).decode() for name, text in texts.items()}
    kept = {name: value for name, value in obj.items() if name != "stringData"}
    return {"type": "Opaque", **kept, **({"data": {**obj.get("data", {}), **data}} if data else {})}


def _service(obj: Object) -> Object:
    ports = [{"protocol": "TCP", "targetPort": port.get("port"), **port} for port in obj["spec"].get("ports", ())]
    metadata = obj["metadata"]
    place = hashlib.sha256(f"{metadata.get('namespace')}/{metadata.get('name')}".encode()).digest()
    spec: Object = {
        "type": "ClusterIP",
        "clusterIP": f"10.96.{place[0]}.{place[1] % 254 + 1}",
        "sessionAffinity": "None",
        "internalTrafficPolicy": "Cluster",
        "ipFamilies": ["IPv4"],
        "ipFamilyPolicy": "SingleStack",
        **obj["spec"],
    }
    addresses = {"clusterIPs": [spec["clusterIP"]], **spec}
    return {"status": {"loadBalancer": {}}, **obj, "spec": {**addresses, **({"ports": ports} if ports else {})}}


def _claim(obj: Object) -> Object:
    spec = {"volumeMode": "Filesystem", **obj.get("spec", {})}
    return {**obj, "spec": spec, "status": {"phase": "Pending", **obj.get("status", {})}}


def _deployment(obj: Object) -> Object:
    given = obj["spec"].get("strategy", {})
    strategy = {"type": "RollingUpdate", **given}
    if strategy["type"] == "RollingUpdate":
        pace = given.get("rollingUpdate", {})
        strategy["rollingUpdate"] = {"maxSurge": "25%", "maxUnavailable": "25%", **pace}
    usual = {"replicas": 1, "revisionHistoryLimit": 10, "progressDeadlineSeconds": 600}
    return with_spec(obj, {**usual, **_templated(obj["spec"]), "strategy": strategy})


def _replica_set(obj: Object) -> Object:
    return with_spec({"status": {"replicas": 0}, **obj}, {"replicas": 1, **_templated(obj["spec"])})


def _stateful_set(obj: Object) -> Object:
    given = obj["spec"].get("updateStrategy", {})
    strategy = {"type": "RollingUpdate", **given}
    if strategy["type"] == "RollingUpdate":
        strategy["rollingUpdate"] = {"partition": 0, **given.get("rollingUpdate", {})}
    usual = {"replicas": 1, "revisionHistoryLimit": 10, "podManagementPolicy": "OrderedReady", "serviceName": ""}
    keeping = obj["spec"].get("persistentVolumeClaimRetentionPolicy", {})
    spec = {
        **usual,
        **_templated(obj["spec"]),
        "updateStrategy": strategy,
        "persistentVolumeClaimRetentionPolicy": {"whenDeleted": "Retain", "whenScaled": "Retain", **keeping},
    }
    if claims := spec.get("volumeClaimTemplates"):
        spec["volumeClaimTemplates"] = [
            {"apiVersion": "v1", "kind": "PersistentVolumeClaim", **_claim(claim)} for claim in claims
        ]
    return with_spec({"status": {"replicas": 0, "availableReplicas": 0}, **obj}, spec)


def _daemon_set(obj: Object) -> Object:
    given = obj["spec"].get("updateStrategy", {})
    strategy = {"type": "RollingUpdate", **given}
    if strategy["type"] == "RollingUpdate":
        strategy["rollingUpdate"] = {"maxSurge": 0, "maxUnavailable": 1, **given.get("rollingUpdate", {})}
    spec = {"revisionHistoryLimit": 10, **_templated(obj["spec"]), "updateStrategy": strategy}
    return with_spec({"status": dict.fromkeys(_COUNTS, 0), **obj}, spec)


def _disruption_budget(obj: Object) -> Object:
    return {"status": dict.fromkeys(_BUDGET, 0), **obj}


def _job(obj: Object) -> Object:
    spec = _templated(obj["spec"])
    if "completions" not in spec and "parallelism" not in spec:
        spec = {**spec, "completions": 1}
    usual: Object = {
        "parallelism": 1,
        "backoffLimit": MANY if "backoffLimitPerIndex" in spec else 6,
        "completionMode": "NonIndexed",
        "suspend": False,
        "manualSelector": False,
        "podReplacementPolicy": "Failed" if "podFailurePolicy" in spec else "TerminatingOrFailed",
    }
    return with_spec(obj, {**usual, **spec})


def _cronjob(obj: Object) -> Object:
    spec: Object = {
        "concurrencyPolicy": "Allow",
        "suspend": False,
        "successfulJobsHistoryLimit": 3,
        "failedJobsHistoryLimit": 1,
        **obj["spec"],
    }
    if template := spec.get("jobTemplate"):
        spec["jobTemplate"] = {**template, "spec": _templated(template.get("spec", {}))}
    return with_spec(obj, spec)


def _numbered(daemon_set: Object, generation: int) -> Object:
    told = {**annotations_of(daemon_set), TEMPLATE_GENERATION: str(generation)}
    return with_metadata(daemon_set, annotations=told)


def _selecting(job: Object) -> Object:
    metadata, template = job["metadata"], job["spec"]["template"]
    mine = {"controller-uid": metadata["uid"], "job-name": metadata["name"]}
    labels = {
        **((template.get("metadata") or {}).get("labels") or {}),
        **{f"batch.kubernetes.io/{name}": value for name, value in mine.items()},
        **mine,
    }
    selector = {"matchLabels": {"batch.kubernetes.io/controller-uid": metadata["uid"]}}
    marked = {**template, "metadata": {**(template.get("metadata") or {}), "labels": labels}}
    job = with_spec(job, {**job["spec"], "selector": selector, "template": marked})
    return job if metadata.get("labels") else with_metadata(job, labels=labels)


_DEFAULTS: dict[Resource, Callable[[Object], Object]] = {
    NAMESPACES: _namespace,
    NODES: lambda node: {"spec": {}, **node},
    PODS: with_pod_defaults,
    SECRETS: _secret,
    SERVICES: _service,
    CLAIMS: _claim,
    DEPLOYMENTS: _deployment,
    REPLICA_SETS: _replica_set,
    STATEFUL_SETS: _stateful_set,
    DAEMON_SETS: _daemon_set,
    DISRUPTION_BUDGETS: _disruption_budget,
    JOBS: _job,
    CRONJOBS: _cronjob,
}
