"""What is done to a workload on two clusters, and how what they tell of it is made comparable."""

from __future__ import annotations

import asyncio
import json
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from tests.controlplane.kube import Kind, Kube, Object

NAME = "web"
REVISION = Kind("apps/v1", "controllerrevisions")
LETTERS = "[bcdfghjklmnpqrstvwxz2456789]"
MADE = re.compile(rf"\b{NAME}-({LETTERS}{{6,10}})(-{LETTERS}{{5}})?\b")
POD = re.compile(rf"\b{NAME}-{LETTERS}{{5}}\b")
HASHES = ("pod-template-hash", "controller-revision-hash", "controller.kubernetes.io/hash")
OWN = frozenset(
    {
        *(
            "namespace",
            "uid",
            "resourceVersion",
            "managedFields",
            "creationTimestamp",
            "serviceAccount",
            "serviceAccountName",
        ),
        *("lastUpdateTime", "lastTransitionTime", "nodeName", "securityContext"),
    }
)
"""What is each cluster's own; the control plane of the tests runs without the admission of ServiceAccounts."""
LEFT_OUT = {"Pod": "status", REVISION: "data"}
"""A pod's status is its kubelet's; the data of a revision repeats the template."""

Rest = Callable[[Object], bool]


@dataclass(frozen=True, slots=True)
class Step:
    """A merge patch of the workload, and what it says once it has come to rest."""

    name: str
    change: Object
    rest: Rest


@dataclass(slots=True)
class Run:
    """One cluster's side: every version of the workload that was seen, and names in the order of their appearance."""

    kube: Kube
    namespace: str
    kind: str
    versions: list[Object] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)

    async def watch(self) -> None:
        """Until cancelled."""
        await self.kube.wait_any(self.kind, self.versions.append, namespace=self.namespace, timeout=300)

    async def create(self, body: Object, rest: Rest) -> None:
        await self.kube.create({**body, "kind": self.kind}, namespace=self.namespace)
        await self.rest(rest)

    async def change(self, step: Step) -> None:
        await self.kube.patch(self.kind, NAME, step.change, namespace=self.namespace)
        await self.rest(step.rest)

    async def rest(self, rest: Rest) -> None:
        def rests(obj: Object) -> bool:
            seen = obj["status"].get("observedGeneration") == obj["metadata"]["generation"]
            return seen and rest(obj)

        await self.kube.wait(self.kind, NAME, rests, namespace=self.namespace)

    async def picture(self) -> Object:
        """The workload and what it made, as they are now."""
        await self._learn()
        found = {}
        for kind in (self.kind, *(("ReplicaSet",) if self.kind == "Deployment" else (REVISION,)), "Pod"):
            objects = await self.kube.list(kind, namespace=self.namespace)
            slim = [{key: value for key, value in one.items() if key != LEFT_OUT.get(kind)} for one in objects]
            found[kind if isinstance(kind, str) else kind.plural] = sorted(
                map(self.plain, slim), key=partial(json.dumps, sort_keys=True)
            )
        return found

    async def events(self) -> Counter[str]:
        """Who was told what, how often; not of the pods, which are the kubelet's and the scheduler's matter.

        How often a StatefulSet's pod was deleted is not counted: while its watch is late, Kubernetes' controller
        deletes one that is going already once more, and tells that, too.
        """
        await self._learn()
        told: Counter[str] = Counter()
        for event in await self.kube.list("Event", namespace=self.namespace):
            if event["involvedObject"]["kind"] in (self.kind, "ReplicaSet"):
                about = f"{event['type']} {event['involvedObject']['kind']} {event['involvedObject']['name']}"
                again = (event["involvedObject"]["kind"], event["reason"]) == ("StatefulSet", "SuccessfulDelete")
                count = 1 if again else event.get("count") or 1
                told[self.plain(f"{about}: {event['reason']} {event['message']}")] += count
        return told

    async def conditions(self) -> dict[str, list[str]]:
        """What each condition was, one after the other.

        But that there is progress: between two steps that follow each other in milliseconds it may stay untold.
        """
        await self._learn()
        turns: dict[str, list[str]] = {}
        for version in self.versions:
            for one in version.get("status", {}).get("conditions", ()):
                turn = self.plain(f"{one['status']} {one['reason']}: {one['message']}")
                if one["reason"] != "ReplicaSetUpdated" and turns.setdefault(one["type"], [""])[-1] != turn:
                    turns[one["type"]].append(turn)
        return turns

    def plain(self, value: Any) -> Any:
        """Without what is each cluster's own, and hashes by their number."""
        if isinstance(value, dict):
            kept = {key: self._hash(key, one) for key, one in value.items() if key not in OWN}
            return {key: one for key, one in kept.items() if one not in (None, {}, [], "")}
        if isinstance(value, list):
            return [self.plain(one) for one in value]
        return POD.sub("POD", MADE.sub(self._name, value)) if isinstance(value, str) else value

    def _hash(self, key: str, value: Any) -> Any:
        return self.names.get(value, self.plain(value)) if key in HASHES else self.plain(value)

    def _name(self, found: re.Match[str]) -> str:
        return f"{NAME}-{self.names.get(found[1], found[1])}" + ("-POD" if found[2] else "")

    async def _learn(self) -> None:
        """Numbers the hashes by the revision that they first stood for."""
        kind = "ReplicaSet" if self.kind == "Deployment" else REVISION
        objects = await self.kube.list(kind, namespace=self.namespace)
        for one in sorted(objects, key=_revision):
            found = MADE.fullmatch(one["metadata"]["name"])
            if found and found[1] not in self.names:
                self.names[found[1]] = f"#{len(self.names) + 1}"


def _revision(obj: Object) -> int:
    annotations = obj["metadata"].get("annotations") or {}
    return int(obj.get("revision") or annotations.get("deployment.kubernetes.io/revision", 0))


async def same(real: Run, demo: Run, what: Callable[[Run], Any], *, within: float = 10.0) -> tuple[Any, Any]:
    """What both tell, once it is the same; or what they tell in the end."""
    end = asyncio.get_running_loop().time() + within
    while True:
        told = await asyncio.gather(what(real), what(demo))
        if told[0] == told[1] or asyncio.get_running_loop().time() > end:
            return told[0], told[1]
        await asyncio.sleep(0.1)  # nothing tells when a cluster is at rest
