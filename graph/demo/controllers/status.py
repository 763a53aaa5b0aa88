"""Writing one condition of a pod or a node, as Kubernetes' own helpers do. Pure."""

from __future__ import annotations

from typing import Any

from graph.demo.objects import Object, written


def condition_of(obj: Object, type_: str) -> Object | None:
    """None when the object does not say."""
    conditions = obj.get("status", {}).get("conditions") or ()
    return next((one for one in conditions if one["type"] == type_), None)


def with_condition(
    pod: Object, type_: str, *, now: float, status: str = "True", observed: bool = True, **told: Any
) -> Object:
    """The pod's status with a condition; its time moves only when its status does.

    ``observed``: it says which generation of the pod it is about.
    """
    old = condition_of(pod, type_)
    moved = old is None or old["status"] != status
    generation = pod["metadata"].get("generation")
    new: dict[str, Any] = {
        "type": type_,
        **({"observedGeneration": generation} if generation and observed else {}),
        "status": status,
        "lastProbeTime": None,
        "lastTransitionTime": written(now) if moved or old is None else old["lastTransitionTime"],
        **told,
    }
    conditions = pod.get("status", {}).get("conditions") or []
    kept = [new if one["type"] == type_ else one for one in conditions]
    return {**pod.get("status", {}), "conditions": kept if old else [*conditions, new]}
