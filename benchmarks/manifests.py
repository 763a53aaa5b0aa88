"""An invented cluster as the API server would tell it: 1,000 services, 8,000 pods, every twentieth service in trouble.

800 services run a Deployment of 9 pods (7,200), 200 a CronJob with 3 finished runs (600), and every fourth of the
Deployments was built by a Job (200).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from benchmarks.objects import CREATED, NAMESPACE, Object, condition, managed, meta, pod, pod_spec

NOW = "2026-11-22T12:00:00Z"
"""The instant at which the cluster is judged."""
DEPLOYMENTS = 800
CRONJOBS = 200
REPLICAS = 9
TICKS = tuple(f"2026-11-{day}T03:00:00Z" for day in (20, 21, 22))
"""Of the schedules: when their runs began."""
BUILT = 4
"""Every so many-th Deployment has a build."""
TROUBLED = 20
"""Every so many-th service is in trouble."""


def cluster() -> Iterator[Object]:
    """All objects, owners first."""
    for number in range(DEPLOYMENTS):
        yield from _deployed(number)
        if number % BUILT == 0:
            yield from _built(f"web-{number:04}")
    for number in range(CRONJOBS):
        yield from _scheduled(number)


def families(count: int, *, replicas: int) -> Iterator[Object]:
    """So many Deployments, each with its ReplicaSet and its pods, and nothing else."""
    for number in range(count):
        yield from (one for one in _deployed(number, replicas) if one["kind"] != "Event")


def scheduled(count: int, ticks: Sequence[str]) -> Iterator[Object]:
    """So many CronJobs, each with its runs: one of each tick."""
    for number in range(count):
        yield from _scheduled(number, ticks)


def _deployed(number: int, replicas: int = REPLICAS) -> Iterator[Object]:
    name, healthy = f"web-{number:04}", number % TROUBLED != 0
    labels = {"app.kubernetes.io/name": name, "team": f"team-{number % 17}"}
    deployment = _deployment(name, labels, healthy=healthy, replicas=replicas)
    replicaset = _replicaset(f"{name}-5d4f8", deployment, labels, healthy=healthy)
    yield deployment
    yield replicaset
    yield event(deployment, "ScalingReplicaSet", f"Scaled up replica set {name}-5d4f8 from 0 to {replicas}", "Normal")
    for replica in range(replicas):
        one = pod(f"{name}-5d4f8-{replica:05}", healthy=healthy, owner=replicaset, labels=labels)
        yield one
        if not healthy:
            yield event(one, "BackOff", "Back-off restarting failed container app in pod app", "Warning")


def _built(name: str) -> Iterator[Object]:
    build = _job(f"build-{name}-41", CREATED, labels={"statusgraph.io/build-of": name})
    told = {"commit": "0f3c9d1", "branch": "main", "build-number": "41"}
    build["metadata"]["annotations"] = {f"statusgraph.io/{word}": value for word, value in told.items()}
    yield build
    yield _completed(f"build-{name}-41-x2x4v", build)


def _scheduled(number: int, ticks: Sequence[str] = TICKS) -> Iterator[Object]:
    name, healthy = f"nightly-{number:04}", number % TROUBLED != 0
    cronjob = {
        "kind": "CronJob",
        "apiVersion": "batch/v1",
        "metadata": {**meta("CronJob", name, None), "labels": {"app.kubernetes.io/name": name}},
        "spec": {"schedule": "0 3 * * *", "concurrencyPolicy": "Forbid", "failedJobsHistoryLimit": 1},
        "status": {"lastScheduleTime": ticks[-1], "lastSuccessfulTime": ticks[-1] if healthy else ticks[-2]},
    }
    yield cronjob
    for run, tick in enumerate(ticks):
        failed = not healthy and tick == ticks[-1]
        job = _job(f"{name}-{29_000_000 + run}", tick, owner=cronjob, failed=failed)
        job["metadata"]["annotations"] = {"batch.kubernetes.io/cronjob-scheduled-timestamp": tick}
        yield job
        yield _completed(f"{name}-{29_000_000 + run}-b7d9k", job, failed=failed)


def _deployment(name: str, labels: dict[str, str], *, healthy: bool, replicas: int) -> Object:
    ready = {"readyReplicas": replicas, "availableReplicas": replicas} if healthy else {"unavailableReplicas": replicas}
    reason = "MinimumReplicasAvailable" if healthy else "MinimumReplicasUnavailable"
    return {
        "kind": "Deployment",
        "apiVersion": "apps/v1",
        "metadata": {
            **meta("Deployment", name, None),
            "generation": 1,
            "labels": labels,
            "annotations": {"deployment.kubernetes.io/revision": "1"},
            "managedFields": managed("Deployment"),
        },
        "spec": {"replicas": replicas, "progressDeadlineSeconds": 600, "template": _template(labels)},
        "status": {
            "observedGeneration": 1,
            "replicas": replicas,
            "updatedReplicas": replicas,
            **ready,
            "conditions": [
                {**condition("Available", CREATED, holds=healthy), "reason": reason},
                {**condition("Progressing", CREATED), "reason": "NewReplicaSetAvailable"},
            ],
        },
    }


def _replicaset(name: str, deployment: Object, labels: dict[str, str], *, healthy: bool) -> Object:
    replicas = deployment["spec"]["replicas"]
    ready = {"readyReplicas": replicas, "availableReplicas": replicas} if healthy else {}
    return {
        "kind": "ReplicaSet",
        "apiVersion": "apps/v1",
        "metadata": {
            **meta("ReplicaSet", name, deployment),
            "generation": 1,
            "labels": labels,
            "annotations": {"deployment.kubernetes.io/revision": "1"},
        },
        "spec": {"replicas": replicas, "template": _template(labels)},
        "status": {"observedGeneration": 1, "replicas": replicas, "fullyLabeledReplicas": replicas, **ready},
    }


def _job(
    name: str, started: str, *, owner: Object | None = None, labels: dict[str, str] | None = None, failed: bool = False
) -> Object:
    ended = f"{started[:14]}04:00Z"
    outcome: Object = {"succeeded": 1, "completionTime": ended, "conditions": [condition("Complete", ended)]}
    if failed:
        outcome = {"failed": 1, "conditions": [{**condition("Failed", ended), "reason": "BackoffLimitExceeded"}]}
    return {
        "kind": "Job",
        "apiVersion": "batch/v1",
        "metadata": {**meta("Job", name, owner), "creationTimestamp": started, "labels": labels or {}},
        "spec": {"parallelism": 1, "completions": 1, "backoffLimit": 0, "template": _template({})},
        "status": {"startTime": started, **outcome},
    }


def _completed(name: str, job: Object, *, failed: bool = False) -> Object:
    """The pod of a Job that has ended."""
    one = pod(name, owner=job)
    started = job["status"]["startTime"]
    ended = f"{started[:14]}04:00Z"
    code, reason = (1, "Error") if failed else (0, "Completed")
    one["metadata"]["creationTimestamp"] = started
    one["spec"]["restartPolicy"] = "Never"
    one["status"]["phase"] = "Failed" if failed else "Succeeded"
    one["status"]["conditions"] = [{**condition("Ready", ended, holds=False), "reason": "PodCompleted"}]
    (container,) = one["status"]["containerStatuses"]
    container["ready"] = container["started"] = False
    container["state"] = {"terminated": {"exitCode": code, "reason": reason, "startedAt": started, "finishedAt": ended}}
    return one


def event(about: Object, reason: str, message: str, type_: str) -> Object:
    """An event that was told twelve times."""
    told = about["metadata"]
    return {
        "kind": "Event",
        "apiVersion": "v1",
        "metadata": meta("Event", f"{told['name']}.{reason.lower()}", None),
        "involvedObject": {
            "kind": about["kind"],
            "namespace": NAMESPACE,
            "name": told["name"],
            "uid": told["uid"],
            "apiVersion": about["apiVersion"],
        },
        "reason": reason,
        "message": message,
        "type": type_,
        "count": 12,
        "firstTimestamp": "2026-11-22T11:20:00Z",
        "lastTimestamp": "2026-11-22T11:59:00Z",
        "source": {"component": "kubelet"},
    }


def _template(labels: dict[str, str]) -> Object:
    return {"metadata": {"labels": labels}, "spec": pod_spec()}
