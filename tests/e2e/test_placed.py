"""StatefulSets, DaemonSets and their nodes on a real control plane: what a client hears, word by word.

The tests share one running system and follow one another. Only ``node-3`` ever has trouble, and each test ends with a
node that is well again.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from tests.controlplane.fixtures import Cluster
from tests.controlplane.kube import Kube, Object, condition
from tests.e2e import manifests
from tests.e2e.agreement import disagreements
from tests.e2e.story import Story, chain, fits, telling

NODE = "node-3"
UP = "PROGRESSING/SpecNotObserved? PROGRESSING/RollingOut HEALTHY/Available"
WELL = "HEALTHY/Available"
SET, DAEMONS = "StatefulSet", "DaemonSet"
PLACED = ((DAEMONS, "agent"), (SET, "lone"))


@pytest.fixture(scope="module")
async def story(kube: Kube, cluster: Cluster, redis_program: str) -> AsyncIterator[Story]:
    """A running system, and what is there from the beginning: on each node an agent, on one a set of a single pod."""
    async with telling(kube, cluster.plane.kubeconfig, redis_program) as one:
        await one.create(manifests.daemonset("agent", "1.0"), manifests.statefulset("lone", "1.0", node=NODE))
        yield one


@asynccontextmanager
async def trouble(story: Story, cluster: Cluster, problem: str | None) -> AsyncIterator[None]:
    """The node says that it has this problem, or (None) nothing more; at the end it is well again."""
    if problem is None:
        cluster.player.silence(NODE)
    else:
        cluster.player.report(NODE, problem)
    try:
        yield
    finally:
        if problem is None:
            cluster.player.resume(NODE)
        else:
            cluster.player.report(NODE, None)
        await story.kube.wait("Node", NODE, lambda node: condition(node, "Ready")["status"] == "True")
        await story.kube.wait("Node", NODE, lambda node: not node["spec"].get("taints"))


def second(transition: Object) -> str:
    """When it happened, as exactly as the cluster tells the times of conditions."""
    return str(transition["at"])[: len("2026-11-22T16:00:00")]


def first(story: Story, pod: str) -> str:
    """When a pod was first seen."""
    return next(second(one) for one in story.heard.transitions if one["object"]["name"] == pod)


async def test_a_stateful_set_comes_up_in_its_order(story: Story) -> None:
    await story.create(manifests.statefulset("db", "1.0", replicas=3, node="node-1"))
    await story.until(SET, "db", WELL)
    await story.until("Service", "db", WELL)
    assert fits(story.heard.of(SET, "db"), UP)
    assert fits(story.heard.of("Service", "db"), UP)
    ready = [second(story.told("Pod", f"db-{ordinal}", "HEALTHY/Running")) for ordinal in range(3)]
    made = [first(story, f"db-{ordinal}") for ordinal in range(3)]
    assert made[0] <= ready[0] <= made[1] <= ready[1] <= made[2], "no pod is made before the one below it is ready"


async def test_a_broken_image_blocks_the_rollout_until_the_pod_is_deleted_by_hand(story: Story) -> None:
    before = len(story.heard.of(SET, "db"))
    await story.kube.patch(SET, "db", manifests.image("missing"), namespace=story.namespace)
    await story.until(SET, "db", "DEGRADED/RolloutBlocked")
    await story.until("Service", "db", "DEGRADED/RolloutBlocked")
    await story.kube.patch(SET, "db", manifests.image("1.1"), namespace=story.namespace)
    observed = await story.kube.wait(
        SET,
        "db",
        lambda it: it["status"]["observedGeneration"] == it["metadata"]["generation"],
        namespace=story.namespace,
    )
    assert observed["status"]["readyReplicas"] == 2
    assert story.heard.of(SET, "db")[-1] == "DEGRADED/RolloutBlocked", "fixing it is not enough, as the hint says"
    await story.kube.delete("Pod", "db-2", namespace=story.namespace)
    await story.until(SET, "db", WELL)
    await story.until("Service", "db", WELL)

    history = "PROGRESSING/RollingOut? DEGRADED/RolloutBlocked PROGRESSING/RollingOut? HEALTHY/Available"
    assert fits(story.heard.of(SET, "db")[before:], history)
    blocked = story.told(SET, "db", "DEGRADED/RolloutBlocked")
    assert blocked["service"] == {"name": "db"}
    assert chain(blocked)[:2] == [
        (SET, None, "RolloutBlocked", "STATUS"),
        ("Pod", None, "ImagePullBackOff", "CHILD"),
    ]
    assert blocked["to"]["message"].startswith("2/3 replicas are ready, and the rollout is blocked: pod db-2: Image")
    assert "delete the broken pod by hand" in blocked["to"]["hint"]


async def test_a_stateful_set_is_scaled_to_zero(story: Story) -> None:
    before = len(story.heard.of(SET, "db"))
    await story.kube.patch(SET, "db", {"spec": {"replicas": 0}}, namespace=story.namespace)
    await story.until(SET, "db", "SUSPENDED/ScaledToZero")
    await story.until("Service", "db", "SUSPENDED/ScaledToZero")
    assert fits(story.heard.of(SET, "db")[before:], "PROGRESSING/ScalingDown? SUSPENDED/ScaledToZero")


async def test_pods_that_are_refused_are_told_by_an_event_alone(story: Story) -> None:
    await story.create(manifests.no_pods())
    await story.create(manifests.statefulset("barred", "1.0"), manifests.daemonset("barred-agent", "1.0"))
    for kind, name in ((SET, "barred"), (DAEMONS, "barred-agent")):
        await story.until(kind, name, "FAILED/FailedCreate")
        refused = story.told(kind, name, "FAILED/FailedCreate")
        assert chain(refused) == [(kind, None, "FailedCreate", "EVENT")]
        assert "quota: no-pods" in refused["to"]["message"]
    await story.kube.delete("ResourceQuota", "no-pods", namespace=story.namespace)
    for kind, name in ((SET, "barred"), (DAEMONS, "barred-agent")):
        await story.until(kind, name, WELL)
        history = "PROGRESSING/SpecNotObserved? PROGRESSING/RollingOut? FAILED/FailedCreate PROGRESSING/RollingOut?"
        assert fits(story.heard.of(kind, name), f"{history} {WELL}")


async def test_a_node_that_falls_silent_is_told_by_what_runs_on_it(story: Story, cluster: Cluster) -> None:
    for one in PLACED:
        await story.until(*one, WELL)
    async with trouble(story, cluster, None):
        await story.until(DAEMONS, "agent", "DEGRADED/NodeUnreachable")
        await story.until(SET, "lone", "UNKNOWN/NodeUnreachable")
        await story.until("Service", "lone", "UNKNOWN/NodeUnreachable")
    for one in (*PLACED, ("Service", "lone")):
        await story.until(*one, WELL)

    again = "PROGRESSING/RollingOut? HEALTHY/Available"
    assert fits(story.heard.of(DAEMONS, "agent"), f"{UP} DEGRADED/NodeUnreachable {again}")
    assert fits(story.heard.of(SET, "lone"), f"{UP} UNKNOWN/NodeUnreachable {again}")
    assert story.heard.of("Pod", "lone-0")[-3:-1] == ["HEALTHY/Running", "UNKNOWN/NodeUnreachable"]
    silent = story.told(SET, "lone", "UNKNOWN/NodeUnreachable")
    assert chain(silent)[1:] == [
        ("Pod", None, "NodeUnreachable", "CHILD"),
        ("Node", None, "NodeStatusUnknown", "CONDITION"),
    ]
    agents = [pod[-3:-1] for pod in story.histories("Pod", "agent-") if "UNKNOWN/NodeUnreachable" in pod]
    assert agents == [["HEALTHY/Running", "UNKNOWN/NodeUnreachable"]], "the pods of other nodes are well"


async def test_a_node_that_is_removed_is_told_before_its_pods_are_collected(story: Story, cluster: Cluster) -> None:
    before = {one: len(story.heard.of(*one)) for one in PLACED}
    async with trouble(story, cluster, None):
        await story.kube.delete("Node", NODE)
        await story.until(DAEMONS, "agent", "DEGRADED/NodeGone")
        await story.until(SET, "lone", "UNKNOWN/NodeGone")
    for one, word in zip(PLACED, ("DEGRADED/NodeGone", "UNKNOWN/NodeGone"), strict=True):
        await story.until(*one, WELL)
        assert fits(story.heard.of(*one)[before[one] :], f"{word} PROGRESSING/RollingOut? {WELL}")


async def test_a_node_that_says_it_is_not_ready_is_told_though_its_pods_are_ready(
    story: Story, cluster: Cluster
) -> None:
    before = {one: len(story.heard.of(*one)) for one in PLACED}
    async with trouble(story, cluster, "container runtime is down"):
        await story.until(DAEMONS, "agent", "DEGRADED/NodeNotReady")
        await story.until(SET, "lone", "DEGRADED/NodeNotReady")
    for one, already in before.items():
        await story.until(*one, WELL)
        assert fits(story.heard.of(*one)[already:], f"DEGRADED/NodeNotReady PROGRESSING/RollingOut? {WELL}")
    told = story.told(SET, "lone", "DEGRADED/NodeNotReady")
    assert chain(told)[-1] == ("Node", None, "KubeletNotReady", "CONDITION")
    assert "container runtime is down" in told["to"]["message"]


async def test_the_graph_agrees_with_the_cluster(story: Story) -> None:
    assert await disagreements(story.kube, story.port, [story.namespace]) == []


async def test_what_is_deleted_leaves(story: Story) -> None:
    names = {SET: ["db", "lone", "barred"], DAEMONS: ["agent", "barred-agent"]}
    for kind, each in names.items():
        for name in each:
            await story.kube.delete(kind, name, namespace=story.namespace)
    for kind, each in names.items():
        for name in each:
            await story.until(kind, name, "GONE")
            await story.until("Service", name, "GONE")
    assert story.heard.resets == []
    assert not any(one["inferred"] for one in story.heard.transitions)
