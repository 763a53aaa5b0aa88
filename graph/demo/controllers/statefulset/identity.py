"""What makes a pod of a StatefulSet that one and no other: its ordinal, names, revision and claims. Pure."""

from __future__ import annotations

import re

from graph.demo.controllers.revisions import History, template_of
from graph.demo.objects import Object, labels_of

POD_NAME, POD_INDEX = "statefulset.kubernetes.io/pod-name", "apps.kubernetes.io/pod-index"
REVISION = "controller-revision-hash"
_NAME = re.compile(r"(.*)-([0-9]+)")


def ordinal(pod: Object) -> int:
    """The number at the end of its name; -1 where there is none."""
    found = _NAME.fullmatch(pod["metadata"]["name"])
    return int(found[2]) if found else -1


def member(stateful_set: Object, pod: Object) -> bool:
    """Whether its name is one that the StatefulSet would give."""
    found = _NAME.fullmatch(pod["metadata"]["name"])
    return found is not None and found[1] == stateful_set["metadata"]["name"]


def ordinals(stateful_set: Object) -> range:
    """Of the pods that it is to have."""
    start = (stateful_set["spec"].get("ordinals") or {}).get("start", 0)
    return range(start, start + stateful_set["spec"]["replicas"])


def partition(stateful_set: Object) -> int:
    """How many pods, from the first, an update leaves alone."""
    pace = stateful_set["spec"]["updateStrategy"].get("rollingUpdate") or {}
    return int(pace.get("partition") or 0)


def revision_of(pod: Object) -> str:
    """The name of the ControllerRevision that it was made from."""
    return labels_of(pod).get(REVISION, "")


def labels(name: str, number: int) -> dict[str, str]:
    """By which a pod tells who it is."""
    return {POD_NAME: name, POD_INDEX: str(number)}


def planned(stateful_set: Object, number: int, *, history: History, current: Object) -> Object:
    """The pod of an ordinal as it is to be made. It has no status: so it is told from one that is there."""
    rolling = stateful_set["spec"]["updateStrategy"]["type"] == "RollingUpdate"
    kept = rolling and number < ordinals(stateful_set).start + partition(stateful_set)
    revision = current if kept else history.latest
    template, name = template_of(revision), f"{stateful_set['metadata']['name']}-{number}"
    given = template.get("metadata") or {}
    told = {**(given.get("labels") or {}), **labels(name, number), REVISION: revision["metadata"]["name"]}
    service = stateful_set["spec"].get("serviceName")
    spec = {**template["spec"], "hostname": name, **({"subdomain": service} if service else {})}
    if volumes := _volumes(stateful_set, spec.get("volumes") or [], number):
        spec["volumes"] = volumes
    return {"metadata": {**given, "name": name, "labels": told}, "spec": spec}


def claims(stateful_set: Object, number: int) -> list[Object]:
    """The PersistentVolumeClaims of the pod of an ordinal."""
    selected = stateful_set["spec"]["selector"].get("matchLabels") or {}
    found = []
    for claim in stateful_set["spec"].get("volumeClaimTemplates", ()):
        metadata = claim["metadata"]
        told = {
            **metadata,
            "name": f"{metadata['name']}-{stateful_set['metadata']['name']}-{number}",
            "namespace": stateful_set["metadata"]["namespace"],
            "labels": {**(metadata.get("labels") or {}), **selected},
        }
        found.append({**claim, "metadata": told})
    return found


def _volumes(stateful_set: Object, given: list[Object], number: int) -> list[Object]:
    names = [claim["metadata"]["name"] for claim in stateful_set["spec"].get("volumeClaimTemplates", ())]
    claimed = [
        {"name": name, "persistentVolumeClaim": {"claimName": claim["metadata"]["name"]}}
        for name, claim in zip(names, claims(stateful_set, number), strict=True)
    ]
    return claimed + [volume for volume in given if volume["name"] not in names]
