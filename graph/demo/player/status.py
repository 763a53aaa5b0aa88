"""Container states → pod status, as a 1.34 kubelet derives it: phase, conditions, container statuses. Pure.

The order of the conditions, the words of their reasons and what is left out follow the kubelet's `status/generate.go`
and `getPhase`.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Any

from .script import split_image

Object = dict[str, Any]


@dataclass(slots=True)
class Container:
    """What the runtime knows of one container."""

    spec: Object
    init: bool
    state: Object
    last: Object = field(default_factory=dict)
    started: bool = False
    ready: bool = False
    restarts: int = 0
    container_id: str | None = None

    @property
    def name(self) -> str:
        return str(self.spec["name"])

    @property
    def sidecar(self) -> bool:
        return self.init and self.spec.get("restartPolicy") == "Always"

    @property
    def initialized(self) -> bool:
        return self.started if self.sidecar else _exit_code(self.state) == 0


@dataclass(slots=True)
class Facts:
    """What the status says of the pod as a whole."""

    host_ip: str
    start_time: str
    pod_ip: str | None = None
    sandbox: bool = False
    terminal: bool = False
    reason: str | None = None
    message: str | None = None


def new_container(pod: Object, spec: Object, *, init: bool) -> Container:
    reason = "PodInitializing" if pod["spec"].get("initContainers") else "ContainerCreating"
    return Container(spec, init, {"waiting": {"reason": reason}})


def pod_status(pod: Object, containers: list[Container], facts: Facts, *, now: str) -> Object:
    """The part of the pod's status that the kubelet owns."""
    phase = pod_phase(pod, containers, facts)
    generation = pod["metadata"].get("generation")
    init = [container_status(one) for one in containers if one.init]
    main = sorted((container_status(one) for one in containers if not one.init), key=lambda status: status["name"])
    status: Object = {
        "phase": phase,
        "conditions": _conditions(pod, _computed(pod, containers, facts, phase), now=now),
        "hostIP": facts.host_ip,
        "hostIPs": [{"ip": facts.host_ip}],
        "startTime": facts.start_time,
        "containerStatuses": main,
    }
    optional: Object = {
        "observedGeneration": generation,
        "initContainerStatuses": init,
        "podIP": facts.pod_ip,
        "podIPs": [{"ip": facts.pod_ip}] if facts.pod_ip else None,
        "reason": facts.reason,
        "message": facts.message,
    }
    return status | {name: value for name, value in optional.items() if value}


def pod_phase(pod: Object, containers: list[Container], facts: Facts) -> str:
    if facts.reason:
        return "Failed"
    policy = pod["spec"].get("restartPolicy", "Always")
    init = [one for one in containers if one.init and not one.sidecar]
    if policy == "Never" and any(_exit_code(one.state) not in (None, 0) for one in init):
        return "Failed"
    main = [one for one in containers if not one.init]
    begun = any(_begun(one) for one in main)
    pending = [one for one in init if not one.initialized and not _failed_once(one)]
    pending += [one for one in containers if one.sidecar and not one.started and not begun]
    if not facts.terminal and (pending or not all(_begun(one) for one in main)):
        return "Pending"
    if any("running" in one.state for one in [*main, *(one for one in containers if one.sidecar)]):
        return "Running"
    return _phase_without_running(policy, main, terminal=facts.terminal)


def _phase_without_running(policy: str, main: list[Container], *, terminal: bool) -> str:
    codes = [_exit_code(one.state) for one in main]
    if terminal:
        return "Succeeded" if all(code == 0 for code in codes) else "Failed"
    if policy == "Always" or any("waiting" in one.state for one in main):
        return "Running"
    if all(code == 0 for code in codes):
        return "Succeeded"
    return "Failed" if policy == "Never" else "Running"


def _begun(container: Container) -> bool:
    return "waiting" not in container.state or bool(container.last)


def _failed_once(container: Container) -> bool:
    ended = container.state if "terminated" in container.state else container.last
    return "running" not in container.state and _exit_code(ended) not in (None, 0)


def _exit_code(state: Object) -> int | None:
    code: int | None = state.get("terminated", {}).get("exitCode")
    return code


def _computed(pod: Object, containers: list[Container], facts: Facts, phase: str) -> dict[str, Object]:
    sandbox = facts.sandbox and phase not in ("Succeeded", "Failed")
    containers_ready = _containers_ready(containers, phase)
    return {
        "PodReadyToStartContainers": {"status": str(sandbox)},
        "Initialized": _initialized(containers, phase),
        "Ready": _with_gates(pod, containers_ready),
        "ContainersReady": containers_ready,
        "PodScheduled": {"status": "True"},
        **({"DisruptionTarget": _disruption(facts)} if facts.reason else {}),
    }


def _disruption(facts: Facts) -> Object:
    return {"status": "True", "reason": "TerminationByKubelet", "message": facts.message}


def _initialized(containers: list[Container], phase: str) -> Object:
    if phase == "Succeeded":
        return {"status": "True", "reason": "PodCompleted"}
    incomplete = [one.name for one in containers if one.init and not one.initialized]
    if not incomplete or any(not one.init and "waiting" not in one.state for one in containers):
        return {"status": "True"}
    message = f"containers with incomplete status: {_go_list(incomplete)}"
    return {"status": "False", "reason": "ContainersNotInitialized", "message": message}


def _containers_ready(containers: list[Container], phase: str) -> Object:
    if phase in ("Succeeded", "Failed"):
        return {"status": "False", "reason": "PodCompleted" if phase == "Succeeded" else "PodFailed"}
    unready = [one.name for one in containers if (one.sidecar or not one.init) and not one.ready]
    if not unready:
        return {"status": "True"}
    message = f"containers with unready status: {_go_list(unready)}"
    return {"status": "False", "reason": "ContainersNotReady", "message": message}


def _with_gates(pod: Object, containers_ready: Object) -> Object:
    if containers_ready["status"] != "True":
        return containers_ready
    given = {one["type"]: one["status"] for one in pod.get("status", {}).get("conditions", ())}
    gates = [gate["conditionType"] for gate in pod["spec"].get("readinessGates", ())]
    problems = [_gate_problem(gate, given.get(gate)) for gate in gates if given.get(gate) != "True"]
    if not problems:
        return containers_ready
    return {"status": "False", "reason": "ReadinessGatesNotReady", "message": ", ".join(problems)}


def _gate_problem(gate: str, status: str | None) -> str:
    if status is None:
        return f'corresponding condition of pod readiness gate "{gate}" does not exist.'
    return f'the status of pod readiness gate "{gate}" is not "True", but {status}'


def _go_list(names: list[str]) -> str:
    return f"[{' '.join(names)}]"


def _conditions(pod: Object, computed: dict[str, Object], *, now: str) -> list[Object]:
    """The kubelet's own in their order, then those of others as they are; a time moves only with the status."""
    old = {one["type"]: one for one in pod.get("status", {}).get("conditions", ())}
    own = [_condition(name, computed[name], old.get(name), pod, now=now) for name in computed]
    return own + [condition for name, condition in old.items() if name not in computed]


def _condition(name: str, computed: Object, old: Object | None, pod: Object, *, now: str) -> Object:
    same = old is not None and old["status"] == computed["status"]
    generation = pod["metadata"].get("generation")
    return {
        "type": name,
        **({"observedGeneration": generation} if generation else {}),
        "status": computed["status"],
        "lastProbeTime": None,
        "lastTransitionTime": old["lastTransitionTime"] if old is not None and same else now,
        **{key: computed[key] for key in ("reason", "message") if key in computed},
    }


def container_status(container: Container) -> Object:
    status: Object = {
        "name": container.name,
        "state": container.state,
        "lastState": container.last,
        "ready": container.ready,
        "restartCount": container.restarts,
        "image": container.spec["image"],
        "imageID": "",
        "started": container.started,
    }
    if mounts := container.spec.get("volumeMounts"):
        status["volumeMounts"] = [_mount(mount) for mount in mounts]
    if container.container_id:
        status |= _runtime(container)
    return status


def _runtime(container: Container) -> Object:
    """What is known once the runtime has made the container."""
    resources = container.spec.get("resources") or {}
    image = container.spec["image"]
    digest = hashlib.sha256(image.encode()).hexdigest()
    known: Object = {
        "imageID": f"{split_image(image)[0]}@sha256:{digest}",
        "containerID": container.container_id,
        "resources": resources,
        "user": {"linux": {"uid": 0, "gid": 0, "supplementalGroups": [0]}},
    }
    if requests := resources.get("requests"):
        known["allocatedResources"] = requests
    return known


def _mount(mount: Object) -> Object:
    status = {"name": mount["name"], "mountPath": mount["mountPath"]}
    return status | ({"readOnly": True, "recursiveReadOnly": "Disabled"} if mount.get("readOnly") else {})
