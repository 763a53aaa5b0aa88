"""The demo tells the truth: the same is done to the same workloads on the real control plane and on the demo cluster,
and both tell the same: objects at rest, the turns of every condition, and the events."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest

from tests.controlplane.kube import Kube, Object
from tests.demo.controllers.scripts import NAME, Run, Step, same


def counts(obj: Object, **wanted: int) -> bool:
    """Whether its status has these numbers; a missing one is 0."""
    return all(obj["status"].get(name, 0) == count for name, count in wanted.items())


def reason(obj: Object, wanted: str, type_: str = "Progressing") -> bool:
    """Whether a condition stands for this reason."""
    conditions = obj["status"].get("conditions", ())
    return any(one["type"] == type_ and one["reason"] == wanted for one in conditions)


def body(image: str = "shop/web:1", **spec: Any) -> Object:
    """Of a workload of any kind."""
    labels = {"app": NAME}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "web", "image": image}]}}
    spec = {"selector": {"matchLabels": labels}, "template": template, **spec}
    return {"apiVersion": "apps/v1", "metadata": {"name": NAME, "labels": labels}, "spec": spec}


def image(tag: str) -> Object:
    return {"spec": {"template": {"spec": {"containers": [{"name": "web", "image": f"shop/web:{tag}"}]}}}}


def played(script: str | None) -> Object:
    """What its containers are to do, whatever their image is."""
    return {"spec": {"template": {"metadata": {"annotations": {"play.statusgraph.io/web": script}}}}}


def deployed(replicas: int) -> Any:
    """All of them, and nothing else."""
    names = ("replicas", "updatedReplicas", "readyReplicas", "availableReplicas")
    return lambda obj: counts(obj, **dict.fromkeys(names, replicas), unavailableReplicas=0)


def rolled(replicas: int) -> Any:
    return lambda obj: deployed(replicas)(obj) and reason(obj, "NewReplicaSetAvailable")


ROLLING = (
    Step("a new image", image("2"), rolled(2)),
    Step("an image that cannot be pulled", image("3-missing"), lambda obj: reason(obj, "ProgressDeadlineExceeded")),
    Step("undone", image("2"), rolled(2)),
)

SCALED = (
    Step("scaled up", {"spec": {"replicas": 5}}, deployed(5)),
    Step("scaled down", {"spec": {"replicas": 2}}, deployed(2)),
    Step("paused", {"spec": {"paused": True}}, lambda obj: reason(obj, "DeploymentPaused")),
    Step("a new image while paused", image("2"), lambda obj: counts(obj, updatedReplicas=0, replicas=2)),
    Step("resumed", {"spec": {"paused": None}}, rolled(2)),
    Step("scaled to nothing", {"spec": {"replicas": 0}}, deployed(0)),
    Step("scaled from nothing", {"spec": {"replicas": 1}}, deployed(1)),
    Step("a note", {"metadata": {"annotations": {"kubernetes.io/change-cause": "because"}}}, deployed(1)),
    Step("no history", {"spec": {"revisionHistoryLimit": 0}}, deployed(1)),
)

IN_THE_MIDDLE = (
    Step("an image that cannot be pulled", image("2-missing"), lambda obj: reason(obj, "ProgressDeadlineExceeded")),
    Step("scaled up", {"spec": {"replicas": 5}}, lambda obj: counts(obj, availableReplicas=4, replicas=7)),
    Step("scaled down", {"spec": {"replicas": 3}}, lambda obj: counts(obj, availableReplicas=2, replicas=4)),
    Step("undone", image("1"), rolled(3)),
)

RECREATED = (
    Step("a new image", image("2"), rolled(3)),
    Step(
        "one that is never ready, and slow to stop",
        played("unready stop=10s"),
        lambda obj: reason(obj, "ProgressDeadlineExceeded"),
    ),
    Step("fixed", played(None), rolled(3)),
)


def in_order(replicas: int) -> Any:
    names = ("replicas", "readyReplicas", "availableReplicas", "currentReplicas", "updatedReplicas")
    return lambda obj: (
        counts(obj, **dict.fromkeys(names, replicas))
        and obj["status"]["currentRevision"] == obj["status"]["updateRevision"]
    )


STATEFUL = (
    Step("a new image", image("2"), in_order(3)),
    Step("scaled up", {"spec": {"replicas": 4}}, in_order(4)),
    Step(
        "with a partition",
        {"spec": {"updateStrategy": {"rollingUpdate": {"partition": 2}}}},
        in_order(4),
    ),
    Step(
        "an image for half of it",
        image("3"),
        lambda obj: counts(obj, currentReplicas=2, updatedReplicas=2, availableReplicas=4),
    ),
    Step("scaled down", {"spec": {"replicas": 1}}, lambda obj: counts(obj, replicas=1, currentReplicas=1)),
    Step("for all", {"spec": {"updateStrategy": {"rollingUpdate": {"partition": 0}}}}, in_order(1)),
    Step("undone", image("2"), in_order(1)),
    Step(
        "one that crashes",
        image("5-crash"),
        lambda obj: counts(obj, replicas=1, updatedReplicas=1, readyReplicas=0, currentReplicas=0),
    ),
)


def everywhere(nodes: int) -> Any:
    names = ("desiredNumberScheduled", "currentNumberScheduled", "numberReady", "numberAvailable")
    return lambda obj: counts(
        obj, **dict.fromkeys(names, nodes), updatedNumberScheduled=nodes, numberUnavailable=0, numberMisscheduled=0
    )


DAEMONS = (
    Step("a new image", image("2"), everywhere(3)),
    Step(
        "with surge",
        {"spec": {"updateStrategy": {"rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}}}},
        everywhere(3),
    ),
    Step("a new image with surge", image("3"), everywhere(3)),
    Step(
        "for no node",
        {"spec": {"template": {"spec": {"nodeSelector": {"none": "such"}}}}},
        lambda obj: counts(obj, desiredNumberScheduled=0, currentNumberScheduled=0, numberMisscheduled=0),
    ),
    Step("for all again", {"spec": {"template": {"spec": {"nodeSelector": None}}}}, everywhere(3)),
    Step(
        "on delete",
        {**image("4"), "spec": {"updateStrategy": {"type": "OnDelete", "rollingUpdate": None}, **image("4")["spec"]}},
        lambda obj: counts(obj, numberAvailable=3, updatedNumberScheduled=0),
    ),
)


@asynccontextmanager
async def runs(kind: str, *sides: tuple[Kube, str]) -> AsyncIterator[list[Run]]:
    """Both sides, watched."""
    found = [Run(kube, namespace, kind) for kube, namespace in sides]
    watches = [asyncio.create_task(run.watch()) for run in found]
    try:
        yield found
    finally:
        for watch in watches:
            watch.cancel()
            with suppress(asyncio.CancelledError):
                await watch


@pytest.mark.timeout(180)
@pytest.mark.parametrize(
    ("kind", "spec", "first", "steps"),
    [
        ("Deployment", {"replicas": 2, "progressDeadlineSeconds": 4}, rolled(2), ROLLING),
        ("Deployment", {"replicas": 3}, rolled(3), SCALED),
        ("Deployment", {"replicas": 3, "progressDeadlineSeconds": 4}, rolled(3), IN_THE_MIDDLE),
        (
            "Deployment",
            {"replicas": 3, "progressDeadlineSeconds": 6, "strategy": {"type": "Recreate"}},
            rolled(3),
            RECREATED,
        ),
        ("StatefulSet", {"replicas": 3, "serviceName": "web"}, in_order(3), STATEFUL),
        ("DaemonSet", {}, everywhere(3), DAEMONS),
    ],
    ids=["rolling", "scaled", "scaled-in-a-rollout", "recreated", "stateful", "daemons"],
)
async def test_both_clusters_tell_the_same(
    kube: Kube,
    namespace: str,
    demo_kube: Kube,
    place: str,
    kind: str,
    spec: Object,
    first: Any,
    steps: tuple[Step, ...],
) -> None:
    differences: list[str] = []
    async with runs(kind, (kube, namespace), (demo_kube, place)) as (real, demo):
        await asyncio.gather(*(run.create(body(**spec), first) for run in (real, demo)))
        differences += _unlike("created", *await same(real, demo, Run.picture))
        for step in steps:
            await asyncio.gather(real.change(step), demo.change(step))
            differences += _unlike(step.name, *await same(real, demo, Run.picture))
        differences += _unlike("conditions", *await same(real, demo, Run.conditions))
        if steps != IN_THE_MIDDLE:  # there the controllers race, and make pods that are not wanted any more
            differences += _unlike("events", *await same(real, demo, Run.events))
    assert not differences, "\n".join(differences)


def _unlike(path: str, theirs: Any, mine: Any) -> list[str]:
    """Where the two are not the same, in words."""
    if isinstance(theirs, dict) and isinstance(mine, dict):
        keys = dict.fromkeys([*theirs, *mine])
        return [line for key in keys for line in _unlike(f"{path}.{key}", theirs.get(key), mine.get(key))]
    if isinstance(theirs, list) and isinstance(mine, list) and len(theirs) == len(mine):
        pairs = enumerate(zip(theirs, mine, strict=True))
        return [line for number, pair in pairs for line in _unlike(f"{path}[{number}]", *pair)]
    return [] if theirs == mine else [f"{path}: Kubernetes says {theirs!r}, the demo {mine!r}"]
