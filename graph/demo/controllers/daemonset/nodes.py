"""Which nodes a DaemonSet is for, which node a daemon's pod is for, and what such a pod is. Pure."""

from __future__ import annotations

from typing import NamedTuple

from graph.demo.controllers.fitting import pinned, tolerates, wanted
from graph.demo.objects import Object, annotations_of, labels_of

GENERATION = "deprecated.daemonset.template.generation"
POD_GENERATION = "pod-template-generation"
HASH = "controller-revision-hash"
_BORNE = (
    ("not-ready", "NoExecute"),
    ("unreachable", "NoExecute"),
    ("disk-pressure", "NoSchedule"),
    ("memory-pressure", "NoSchedule"),
    ("pid-pressure", "NoSchedule"),
    ("unschedulable", "NoSchedule"),
)
"""Taints that daemons bear."""
_OF_HOST = ("network-unavailable", "NoSchedule")
"""And those that use their node's network."""


class Place(NamedTuple):
    """Whether a node should run a daemon's pod, and whether one that runs there may go on."""

    run: bool
    stay: bool


def place(daemon_set: Object, node: Object) -> Place:
    """A taint that came later drives out only what does not bear NoExecute."""
    template = daemon_set["spec"]["template"]["spec"]
    pod = {"spec": with_tolerations(template)}
    if template.get("nodeName") not in (None, "", node["metadata"]["name"]) or not wanted(pod, node):
        return Place(run=False, stay=False)
    effects = {taint["effect"] for taint in node["spec"].get("taints") or () if not tolerates(pod, taint)}
    stay = "NoExecute" not in effects
    return Place(run=stay and "NoSchedule" not in effects, stay=stay)


def node_of(pod: Object) -> str | None:
    """Where it is, or is meant to go."""
    return pod["spec"].get("nodeName") or pinned(pod)


def updated(daemon_set: Object, pod: Object, hash_: str) -> bool:
    """Whether it has the template as it is now."""
    labels, generation = labels_of(pod), annotations_of(daemon_set).get(GENERATION)
    return labels.get(HASH) == hash_ or (generation is not None and labels.get(POD_GENERATION) == generation)


def template_for(daemon_set: Object, node: str, hash_: str) -> Object:
    """The template of the pod for one node: bound to it by affinity, so that the scheduler places it."""
    template = daemon_set["spec"]["template"]
    given, spec = template.get("metadata") or {}, with_tolerations(template["spec"])
    generation = annotations_of(daemon_set).get(GENERATION)
    labels = {**(given.get("labels") or {}), HASH: hash_, **({POD_GENERATION: generation} if generation else {})}
    affinity = spec.get("affinity") or {}
    of_nodes = affinity.get("nodeAffinity") or {}
    here = {"matchFields": [{"key": "metadata.name", "operator": "In", "values": [node]}]}
    required = {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [here]}}
    bound = {**spec, "affinity": {**affinity, "nodeAffinity": {**of_nodes, **required}}}
    return {"metadata": {**given, "labels": labels}, "spec": bound}


def with_tolerations(spec: Object) -> Object:
    """A pod's spec with what daemons bear."""
    borne = [*_BORNE, *([_OF_HOST] if spec.get("hostNetwork") else ())]
    added = [{"key": f"node.kubernetes.io/{key}", "operator": "Exists", "effect": effect} for key, effect in borne]
    given = [one for one in spec.get("tolerations") or () if _bare(one) not in added]
    return {**spec, "tolerations": [*given, *added]}


def _bare(toleration: Object) -> Object:
    return {name: value for name, value in toleration.items() if name != "tolerationSeconds"}
