"""Whether a pod fits a node, in the scheduler's own words where it does not. Pure.

The filters of the default scheduler in their order; the first that refuses a node says why.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from graph.demo.controllers.amounts import amount, asked
from graph.demo.objects import Object, labels_of
from graph.demo.selectors import Requirement

UNSCHEDULABLE = "node.kubernetes.io/unschedulable"
RESOURCES = ("cpu", "memory", "ephemeral-storage")


def tolerates(pod: Object, taint: Object) -> bool:
    """Whether one of its tolerations is for this taint."""
    return any(_tolerated(one, taint) for one in pod["spec"].get("tolerations", ()))


def _tolerated(toleration: Object, taint: Object) -> bool:
    if toleration.get("effect") not in (None, "", taint["effect"]):
        return False
    if toleration.get("key") not in (None, "", taint["key"]):
        return False
    return toleration.get("operator") == "Exists" or toleration.get("value", "") == taint.get("value", "")


def tolerated(pod: Object, taint: Object) -> list[Object]:
    """The tolerations of a pod that are for this taint."""
    return [one for one in pod["spec"].get("tolerations", ()) if _tolerated(one, taint)]


def pinned(pod: Object) -> str | None:
    """The one node that a pod's affinity names, as the DaemonSet controller does it."""
    terms = _terms(pod)
    if terms and all(len(term.get("matchFields") or ()) == 1 for term in terms):
        names = {name for term in terms for name in term["matchFields"][0].get("values", ())}
        return names.pop() if len(names) == 1 else None
    return None


def refusals(pod: Object, node: Object, taken: Mapping[str, int]) -> list[str]:
    """Why not; empty when it fits."""
    cordon = {"key": UNSCHEDULABLE, "effect": "NoSchedule"}
    if node["spec"].get("unschedulable") and not tolerates(pod, cordon):
        return ["node(s) were unschedulable"]
    taints = node["spec"].get("taints") or ()
    if any(one["effect"] != "PreferNoSchedule" and not tolerates(pod, one) for one in taints):
        return ["node(s) had untolerated taint(s)"]
    if not wanted(pod, node):
        return ["node(s) didn't match Pod's node affinity/selector"]
    return _lacking(pod, node, taken)


def could_ever(pod: Object, node: Object) -> bool:
    """Whether an empty node would do: where it would not, nothing can be gained by preemption."""
    return not refusals(pod, node, {})


def wanted(pod: Object, node: Object) -> bool:
    """Whether the node is one of those that its selector and affinity ask for."""
    labels = labels_of(node)
    if any(labels.get(key) != value for key, value in (pod["spec"].get("nodeSelector") or {}).items()):
        return False
    terms = _terms(pod)
    return terms is None or any(_term(term, node) for term in terms)


def _terms(pod: Object) -> list[Object] | None:
    """None when it does not say."""
    affinity = (pod["spec"].get("affinity") or {}).get("nodeAffinity") or {}
    required = affinity.get("requiredDuringSchedulingIgnoredDuringExecution")
    return None if required is None else list(required.get("nodeSelectorTerms") or ())


def _term(term: Object, node: Object) -> bool:
    """All of it; an empty one chooses nothing."""
    labels, fields = labels_of(node), {"metadata.name": node["metadata"]["name"]}
    pairs = [(one, labels) for one in term.get("matchExpressions") or ()]
    pairs += [(one, fields) for one in term.get("matchFields") or ()]
    return bool(pairs) and all(_met(one, values) for one, values in pairs)


def _met(wish: Object, values: Mapping[str, str]) -> bool:
    if wish["operator"] in ("Gt", "Lt"):
        here, limit = values.get(wish["key"], ""), wish["values"][0]
        if not here.isdecimal() or not limit.isdecimal():
            return False
        return int(here) > int(limit) if wish["operator"] == "Gt" else int(here) < int(limit)
    return Requirement(wish["key"], wish["operator"], frozenset(wish.get("values") or ())).met(values)


def _lacking(pod: Object, node: Object, taken: Mapping[str, int]) -> list[str]:
    given = node.get("status", {}).get("allocatable", {})
    there = {name: int(amount(value) * 1000) for name, value in given.items()}
    room = Counter({name: value - taken.get(name, 0) for name, value in there.items()})
    wanted = asked(pod)
    names = [*(name for name in RESOURCES if name in wanted), *(name for name in wanted if name not in RESOURCES)]
    lacking = ["Too many pods"] if "pods" in room and room["pods"] < 1000 else []
    return lacking + [f"Insufficient {name}" for name in names if wanted[name] and wanted[name] > room[name]]
