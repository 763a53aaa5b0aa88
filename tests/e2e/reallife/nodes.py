"""What runs on a node that falls silent, or says of itself that it is not ready."""

from __future__ import annotations

import asyncio
from typing import Any

from tests.controlplane.kube import condition
from tests.e2e import manifests
from tests.e2e.reallife.acts import NODE, Act, Stage, Tells, deployment, job

TROUBLED = "node-3"
WELL = "HEALTHY/Available"


async def _trouble(stage: Stage) -> None:
    """Not ready, then silent; the Deployment's pods and one bare pod bear it for two seconds, the others for long."""
    await stage.create(_moored(), job("voyage", "ok", node=TROUBLED), _bare("castaway", 2), _bare("stoic", 300))
    await stage.hears("Deployment", "moored", WELL)
    await stage.hears("Job", "voyage", "PROGRESSING/Running")
    await stage.hears("Pod", "stoic", "HEALTHY/Running")
    await stage.hears("Pod", "castaway", "HEALTHY/Running")
    stage.cluster.player.silence(TROUBLED)
    try:
        await asyncio.gather(
            stage.hears("Pod", "stoic", "UNKNOWN/NodeUnreachable"),
            stage.hears("Pod", "castaway", "UNKNOWN/NodeUnreachable"),
            stage.hears("Job", "voyage", "UNKNOWN/NodeUnreachable"),
            stage.hears("Deployment", "moored", "UNKNOWN/NodeUnreachable", WELL),
        )
    finally:
        await _well_again(stage)
    await stage.hears("Pod", "castaway", "GONE")
    await stage.hears("Pod", "stoic", "HEALTHY/Running")
    await stage.hears("Job", "voyage", "PROGRESSING/Running")
    stage.cluster.player.report(TROUBLED, "container runtime is down")
    try:
        await stage.hears("Pod", "stoic", "DEGRADED/NodeNotReady")
        await stage.hears("Job", "voyage", "DEGRADED/NodeNotReady")
    finally:
        stage.cluster.player.report(TROUBLED, None)
        await _well_again(stage)
    await stage.hears("Pod", "stoic", "HEALTHY/Running")
    await stage.direct(await stage.pod("job-name=voyage", lambda _: True), "exit after=100ms")
    await stage.hears("Job", "voyage", "HEALTHY/Completed")


async def _well_again(stage: Stage) -> None:
    stage.cluster.player.resume(TROUBLED)
    kube = stage.story.kube
    await kube.wait("Node", TROUBLED, lambda node: condition(node, "Ready")["status"] == "True")
    await kube.wait("Node", TROUBLED, lambda node: not node["spec"].get("taints"))


def _moored() -> Any:
    """Prefers the node, and may go elsewhere."""
    made = deployment("moored")
    spec = made["spec"]["template"]["spec"]
    del spec["nodeSelector"]
    terms = [{"matchExpressions": [{"key": NODE, "operator": "In", "values": [TROUBLED]}]}]
    preferred = [{"weight": 100, "preference": terms[0]}]
    spec["affinity"] = {"nodeAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": preferred}}
    spec["tolerations"] = _bears(2)
    return made


def _bare(name: str, seconds: int) -> Any:
    return manifests.pod(name, "ok", nodeSelector={NODE: TROUBLED}, tolerations=_bears(seconds))


def _bears(seconds: int) -> list[dict[str, object]]:
    return [
        {"key": f"node.kubernetes.io/{key}", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": seconds}
        for key in ("unreachable", "not-ready")
    ]


_UP = "PROGRESSING/SpecNotObserved? PROGRESSING/RollingOut? HEALTHY/Available"
_STARTS = "PROGRESSING/Scheduling|PROGRESSING/AwaitingKubelet|PROGRESSING/ContainerCreating|PROGRESSING/PullingImage*"
_RUNS = "PROGRESSING/Running"
_WELL = "HEALTHY/Running"
ACTS = (
    Act(
        _trouble,
        (
            Tells("Deployment", "moored", f"{_UP} UNKNOWN/NodeUnreachable PROGRESSING/RollingOut? {WELL}"),
            Tells("Pod", "castaway", f"{_STARTS} {_WELL} UNKNOWN/NodeUnreachable GONE"),
            Tells(
                "Pod",
                "stoic",
                f"{_STARTS} {_WELL} UNKNOWN/NodeUnreachable {_WELL}? DEGRADED/NodeNotReady {_WELL}",
            ),
            Tells(
                "Job",
                "voyage",
                f"PROGRESSING/JobNotStarted? {_RUNS} UNKNOWN/NodeUnreachable {_RUNS}? DEGRADED/NodeNotReady {_RUNS}?"
                " HEALTHY/Completed",
            ),
        ),
    ),
)
