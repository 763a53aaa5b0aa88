"""The columns of pods: what has become of the containers, in one word."""

from __future__ import annotations

from typing import Any, NamedTuple

from graph.demo.api.cells import AGE, NAME, NONE, Column, condition, field, since
from graph.demo.objects import Object, deleting, read


class Summary(NamedTuple):
    """Of the containers of a pod."""

    ready: int
    total: int
    word: str
    restarts: int
    last: str | None
    """When the last restart's reason ended."""


def summary(pod: Object) -> Summary:
    """As ``kubectl get pods`` words it."""
    spec, status = pod["spec"], pod.get("status", {})
    sidecars = {one["name"] for one in spec.get("initContainers", ()) if one.get("restartPolicy") == "Always"}
    initial = status.get("initContainerStatuses") or []
    beside = [one for one in initial if one["name"] in sidecars]
    word, running = _initial(status.get("reason") or status.get("phase", ""), pod, initial, sidecars)
    counted, ready = initial, 0
    if not running or condition(pod, "Initialized") == "True":
        main = status.get("containerStatuses") or []
        counted = [*beside, *main]
        ready = sum(1 for one in main if one.get("ready") and "running" in one["state"])
        word = _main(word, main, pod, running=ready)
    ready += sum(1 for one in beside if one.get("started") and one.get("ready"))
    if deleting(pod):
        if status.get("reason") == "NodeLost":
            word = "Unknown"
        elif status.get("phase") not in ("Succeeded", "Failed"):
            word = "Terminating"
    ends = [
        one["lastState"]["terminated"].get("finishedAt") for one in counted if "terminated" in one.get("lastState", {})
    ]
    last = max((end for end in ends if end), key=read, default=None)
    total = len(spec["containers"]) + len(sidecars)
    return Summary(ready, total, word, sum(one.get("restartCount", 0) for one in counted), last)


def _initial(word: str, pod: Object, statuses: list[Object], sidecars: set[str]) -> tuple[str, bool]:
    """The word of the first init container that is not done, and whether there is one."""
    if condition(pod, "PodScheduled") == "False":
        gated = any(one.get("reason") == "SchedulingGated" for one in pod["status"]["conditions"])
        word = "SchedulingGated" if gated else word
    for at, status in enumerate(statuses):
        state = status.get("state", {})
        ended, waits = state.get("terminated"), state.get("waiting", {}).get("reason", "")
        if (ended and ended.get("exitCode") == 0) or (status["name"] in sidecars and status.get("started")):
            continue
        if ended:
            return f"Init:{_end(ended)}", True
        if waits and waits != "PodInitializing":
            return f"Init:{waits}", True
        return f"Init:{at}/{len(pod['spec']['initContainers'])}", True
    return word, False


def _main(word: str, statuses: list[Object], pod: Object, *, running: int) -> str:
    for status in reversed(statuses):
        state = status.get("state", {})
        if state.get("waiting", {}).get("reason"):
            word = state["waiting"]["reason"]
        elif "terminated" in state:
            word = _end(state["terminated"])
    if word == "Completed" and running:
        return "Running" if condition(pod, "Ready") == "True" else "NotReady"
    return word


def _end(ended: Object) -> str:
    if ended.get("reason"):
        return str(ended["reason"])
    return f"Signal:{ended['signal']}" if ended.get("signal") else f"ExitCode:{ended.get('exitCode', 0)}"


def _ready(pod: Object, _: float) -> str:
    found = summary(pod)
    return f"{found.ready}/{found.total}"


def _restarts(pod: Object, now: float) -> str:
    found = summary(pod)
    if not found.restarts or not found.last:
        return str(found.restarts)
    return f"{found.restarts} ({since(found.last, now)} ago)"


def _gates(pod: Object, _: float) -> Any:
    gates = pod["spec"].get("readinessGates") or ()
    met = sum(1 for gate in gates if condition(pod, gate["conditionType"]) == "True")
    return f"{met}/{len(gates)}" if gates else NONE


POD_COLUMNS = (
    NAME,
    Column("Ready", _ready),
    Column("Status", lambda pod, _: summary(pod).word),
    Column("Restarts", _restarts),
    AGE,
    Column("IP", field("status.podIP", NONE), 1),
    Column("Node", field("spec.nodeName", NONE), 1),
    Column("Nominated Node", field("status.nominatedNodeName", NONE), 1),
    Column("Readiness Gates", _gates, 1),
)
