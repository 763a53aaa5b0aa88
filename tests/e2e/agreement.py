"""Does the graph tell what the API server tells? Both are reduced to the same facts and compared, object by object.

Conditions are no field of the graph; they are compared through what it derives from them: the end of a Job, and that
nothing is HEALTHY against its own Ready, Available or Complete.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from tests.controlplane.kube import Kind, Kube, Object, condition
from tests.e2e.client import query

BUILD_OF = "statusgraph.io/build-of"
REVISIONS = Kind("apps/v1", "controllerrevisions")
PAGE = 50
POLL = 0.2

Facts = dict[str, object]
Name = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Side:
    """A kind: how it is asked for in the graph, its facts on either side, and whether it may be called HEALTHY."""

    field: str
    selection: str
    graph: Callable[[Object], Facts]
    cluster: Callable[[Object], Facts]
    fine: Callable[[Object], bool]


async def disagreements(kube: Kube, port: int, namespaces: Iterable[str], *, within: float = 20.0) -> list[str]:
    """What the two still tell differently after so many seconds; empty as soon as they agree."""
    wanted, deadline = list(namespaces), time.monotonic() + within
    while found := _differences(await _told_by_graph(port, wanted), await _told_by_cluster(kube, wanted)):
        if time.monotonic() > deadline:
            return found
        await asyncio.sleep(POLL)
    return []


def _differences(graph: dict[Name, Facts], cluster: dict[Name, Facts]) -> list[str]:
    found = [f"{_shown(name)} is in the cluster alone" for name in sorted(cluster.keys() - graph.keys())]
    found += [f"{_shown(name)} is in the graph alone" for name in sorted(graph.keys() - cluster.keys())]
    for name in sorted(graph.keys() & cluster.keys()):
        ours, theirs = graph[name], cluster[name]
        found += [
            f"{_shown(name)}: {fact} is {ours[fact]!r} in the graph and {theirs[fact]!r} in the cluster"
            for fact in theirs
            if fact != "fine" and ours[fact] != theirs[fact]
        ]
        if ours["state"] == "HEALTHY" and not theirs["fine"]:
            found.append(f"{_shown(name)} is HEALTHY against its own conditions")
    return found


def _shown(name: Name) -> str:
    kind, namespace, plain = name
    return f"{kind} {namespace}/{plain}"


async def _told_by_graph(port: int, namespaces: list[str]) -> dict[Name, Facts]:
    found: dict[Name, Facts] = {}
    for kind, side in SIDES.items():
        async for node in _nodes(port, side, namespaces):
            facts: Facts = {"state": node["status"]["state"], "uid": node["uid"], **side.graph(node)}
            shown = f"stopped {kind}" if node["deletedAt"] else kind
            found[shown, node["namespace"], node["name"]] = facts
    return found


async def _nodes(port: int, side: Side, namespaces: list[str]) -> AsyncIterator[Object]:
    document = f"""
    query ($filter: ResourceFilter, $first: Int, $after: String) {{
      page: {side.field}(filter: $filter, first: $first, after: $after) {{
        nodes {{ namespace name uid deletedAt status {{ state }} {side.selection} }}
        pageInfo {{ hasNextPage endCursor }}
      }}
    }}
    """
    after = None
    while True:
        variables = {"filter": {"namespaces": namespaces}, "first": PAGE, "after": after}
        page = (await query(port, document, variables))["page"]
        for node in page["nodes"]:
            yield node
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            return


async def _told_by_cluster(kube: Kube, namespaces: list[str]) -> dict[Name, Facts]:
    found: dict[Name, Facts] = {}
    for namespace in namespaces:
        for kind in ("Pod", "ReplicaSet", "Deployment", "StatefulSet", "DaemonSet", "Job", "CronJob"):
            for item in await kube.list(kind, namespace=namespace):
                meta = item["metadata"]
                shown = "Build" if kind == "Job" and BUILD_OF in meta.get("labels", {}) else kind
                side = SIDES[shown]
                found[shown, namespace, meta["name"]] = {
                    "uid": meta["uid"],
                    "fine": side.fine(item),
                    **side.cluster(item),
                }
        for revision in await kube.list(REVISIONS, namespace=namespace, labels="statusgraph.io/kept=cronjob"):
            name = revision["data"]["metadata"]["name"]
            if ("CronJob", namespace, name) not in found:
                found["stopped CronJob", namespace, name] = {"state": "SUSPENDED", "fine": False}
    return found


def _pod_of_graph(node: Object) -> Facts:
    containers = {one["name"]: (one["image"], one["ready"], one["restarts"]) for one in node["containers"]}
    return {"phase": node["phase"], "nodeName": node["nodeName"], "containers": containers}


def _pod_of_cluster(pod: Object) -> Facts:
    spec, status = pod["spec"], pod["status"]
    told = [*status.get("initContainerStatuses", ()), *status.get("containerStatuses", ())]
    states = {one["name"]: (one["ready"], one["restartCount"]) for one in told}
    asked = [*spec.get("initContainers", ()), *spec["containers"]]
    containers = {one["name"]: (one["image"], *states.get(one["name"], (False, 0))) for one in asked}
    return {"phase": status["phase"], "nodeName": spec.get("nodeName"), "containers": containers}


def _replicas(updated: str) -> Callable[[Object], Facts]:
    """Counters of zero are left out by the API."""

    def facts(item: Object) -> Facts:
        spec, status = item["spec"], item.get("status", {})
        names = {"current": "replicas", "updated": updated, "ready": "readyReplicas", "available": "availableReplicas"}
        told = {name: status.get(counter, 0) for name, counter in names.items()}
        return {"replicas": {"desired": spec["replicas"], **told}, "images": _images(item)}

    return facts


def _daemonset_of_cluster(item: Object) -> Facts:
    """A pod on a node that is none of its own is there all the same."""
    status = item.get("status", {})
    names = {
        "desired": "desiredNumberScheduled",
        "current": "currentNumberScheduled",
        "updated": "updatedNumberScheduled",
        "ready": "numberReady",
        "available": "numberAvailable",
    }
    told = {name: status.get(counter, 0) for name, counter in names.items()}
    told["current"] += status.get("numberMisscheduled", 0)
    return {"replicas": told, "images": _images(item)}


def _images(item: Object) -> list[str]:
    return list(dict.fromkeys(one["image"] for one in item["spec"]["template"]["spec"]["containers"]))


def _same_names(*names: str) -> Callable[[Object], Facts]:
    return lambda node: {name: node[name] for name in names}


def _job_of_graph(node: Object) -> Facts:
    counters = {name: node[name] for name in ("active", "succeeded", "failed")}
    return {**counters, "startedAt": _instant(node["startedAt"]), "ended": node["finishedAt"] is not None}


def _job_of_cluster(job: Object) -> Facts:
    counters = {name: job.get("status", {}).get(name, 0) for name in ("active", "succeeded", "failed")}
    return {**counters, **_build_of_cluster(job)}


def _build_of_graph(node: Object) -> Facts:
    return {"startedAt": _instant(node["startedAt"]), "ended": node["finishedAt"] is not None}


def _build_of_cluster(job: Object) -> Facts:
    ended = _holds(job, "Complete") or _holds(job, "Failed")
    return {"startedAt": _instant(job.get("status", {}).get("startTime")), "ended": ended}


def _cronjob_of_graph(node: Object) -> Facts:
    times = {name: _instant(node[name]) for name in ("lastScheduledAt", "lastSucceededAt")}
    return {"schedule": node["schedule"], "suspended": node["suspended"], **times}


def _cronjob_of_cluster(cronjob: Object) -> Facts:
    spec, status = cronjob["spec"], cronjob.get("status", {})
    return {
        "schedule": spec["schedule"],
        "suspended": spec["suspend"],
        "lastScheduledAt": _instant(status.get("lastScheduleTime")),
        "lastSucceededAt": _instant(status.get("lastSuccessfulTime")),
    }


def _instant(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def _holds(item: Object, type_: str) -> bool:
    return condition(item, type_).get("status") == "True"


def _full(item: Object) -> bool:
    return bool(item.get("status", {}).get("availableReplicas", 0) >= item["spec"]["replicas"])


def _everywhere(daemonset: Object) -> bool:
    status = daemonset.get("status", {})
    return bool(status.get("numberAvailable", 0) >= status.get("desiredNumberScheduled", 0))


REPLICAS = "replicas { desired current updated ready available } images"

SIDES = {
    "Pod": Side(
        "pods",
        "phase nodeName containers { name image ready restarts }",
        _pod_of_graph,
        _pod_of_cluster,
        lambda pod: _holds(pod, "Ready") or pod["status"]["phase"] == "Succeeded",
    ),
    "ReplicaSet": Side("replicaSets", REPLICAS, _same_names("replicas", "images"), _replicas("replicas"), _full),
    "Deployment": Side(
        "deployments",
        REPLICAS,
        _same_names("replicas", "images"),
        _replicas("updatedReplicas"),
        lambda deployment: _holds(deployment, "Available"),
    ),
    "StatefulSet": Side(
        "statefulSets", REPLICAS, _same_names("replicas", "images"), _replicas("updatedReplicas"), _full
    ),
    "DaemonSet": Side("daemonSets", REPLICAS, _same_names("replicas", "images"), _daemonset_of_cluster, _everywhere),
    "Job": Side(
        "jobs",
        "startedAt finishedAt active succeeded failed",
        _job_of_graph,
        _job_of_cluster,
        lambda job: _holds(job, "Complete"),
    ),
    "Build": Side(
        "builds",
        "startedAt finishedAt",
        _build_of_graph,
        _build_of_cluster,
        lambda job: _holds(job, "Complete"),
    ),
    "CronJob": Side(
        "cronjobs",
        "schedule suspended lastScheduledAt lastSucceededAt",
        _cronjob_of_graph,
        _cronjob_of_cluster,
        lambda cronjob: not cronjob["spec"]["suspend"],
    ),
}
