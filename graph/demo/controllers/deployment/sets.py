"""A Deployment's ReplicaSets are made, scaled and removed, and told as its events."""

from __future__ import annotations

from dataclasses import dataclass

from graph.demo.controllers.deployment import conditions, revisions
from graph.demo.controllers.deployment.conditions import CREATED, FOUND, PROGRESSING, REFUSED
from graph.demo.controllers.deployment.revisions import HASH, REVISION
from graph.demo.controllers.deployment.sizes import room, surge, wanted
from graph.demo.controllers.events import Recorder
from graph.demo.controllers.hashes import hashed
from graph.demo.controllers.pods import NamespaceGoing, create, owned_by
from graph.demo.objects import Object, annotations_of, deleting, with_metadata
from graph.demo.problems import AlreadyExists, Problem
from graph.demo.resources import DEPLOYMENTS, REPLICA_SETS
from graph.demo.store import Store

_FOREVER = 2**31 - 1


class CreateRefused(Exception):
    """The new ReplicaSet cannot be made now; the Deployment says why."""


@dataclass(slots=True)
class Sync:
    """One look at a Deployment: it, the ReplicaSet of its template, and the others, as last written.

    A look writes one status, the first that differs: Kubernetes' controller holds an old version from then on, so that
    what it writes next is a conflict, and the rest comes with the next look. ``shift``: by how many pods the
    ReplicaSets were scaled since the look began; the status tells of them as they were.
    """

    store: Store
    recorder: Recorder
    deployment: Object
    new: Object | None
    old: list[Object]
    now: float
    written: bool = False
    shift: int = 0

    @property
    def all(self) -> list[Object]:
        """Of its ReplicaSets."""
        return [*self.old, *([self.new] if self.new else ())]

    def write(self, status: Object, annotations: dict[str, str] | None = None) -> None:
        """The Deployment's status; its annotations go with it."""
        if self.written:
            return
        told = {**annotations_of(self.deployment), **(annotations or {})}
        changed = with_metadata({**self.deployment, "status": status}, annotations=told or None)
        before = self.deployment["metadata"]["resourceVersion"]
        self.deployment = self.store.update(DEPLOYMENTS, changed, status=True)
        self.written = self.deployment["metadata"]["resourceVersion"] != before

    def follow(self) -> None:
        """The new ReplicaSet and the Deployment agree on annotations and the revision."""
        if self.new is None:
            return
        told = revisions.annotated(self.deployment, self.new, revisions.next_revision(self.old))
        spec = {**self.new["spec"], **_min_ready(self.deployment)}
        if "minReadySeconds" not in self.deployment["spec"]:
            spec.pop("minReadySeconds", None)
        self.new = self.store.update(REPLICA_SETS, {**with_metadata(self.new, annotations=told), "spec": spec})
        status = self.deployment.get("status", {})
        if conditions.deadline(self.deployment) is not None and conditions.found(status, PROGRESSING) is None:
            message = f'Found new replica set "{self.new["metadata"]["name"]}"'
            status = conditions.put(status, conditions.made(PROGRESSING, "True", FOUND, message, now=self.now))
        self.write(status, {REVISION: told[REVISION]} if REVISION in told else None)

    def make(self) -> None:
        """The ReplicaSet of the template. Raises CreateRefused."""
        wish = self._wish()
        name, size = wish["metadata"]["name"], wanted(wish)
        try:
            self.new = create(self.store, REPLICA_SETS, wish)
        except AlreadyExists as problem:
            self._collide()
            raise CreateRefused from problem
        except NamespaceGoing as problem:
            raise CreateRefused from problem
        except Problem as problem:
            self._complain(f'Failed to create new replica set "{name}": {problem}')
            raise CreateRefused from problem
        if size:
            self._tell(f"Scaled up replica set {name} from 0 to {size}")
        status = self.deployment.get("status", {})
        if conditions.deadline(self.deployment) is not None:
            message = f'Created new replica set "{name}"'
            status = conditions.put(status, conditions.made(PROGRESSING, "True", CREATED, message, now=self.now))
        self.write(status, {REVISION: annotations_of(self.new)[REVISION]})

    def scale(self, one: Object, size: int, *, always: bool = False) -> bool:
        """Whether it had another size. ``always``: it is told the Deployment's size even if its own stays."""
        before = wanted(one)
        if before == size and not always:
            return False
        most = wanted(self.deployment) + surge(self.deployment)
        annotations = {**annotations_of(one), **revisions.told_size(wanted(self.deployment), most)}
        changed = {**with_metadata(one, annotations=annotations), "spec": {**one["spec"], "replicas": size}}
        self._replace(self.store.update(REPLICA_SETS, changed))
        self.shift += size - before
        if before != size:
            way = "up" if before < size else "down"
            self._tell(f"Scaled {way} replica set {one['metadata']['name']} from {before} to {size}")
        return before != size

    def clean_up(self) -> None:
        """Old ReplicaSets beyond the history's limit go, if nothing is left of them."""
        limit = self.deployment["spec"].get("revisionHistoryLimit")
        alive = [one for one in self.old if not deleting(one)]
        if limit in (None, _FOREVER) or len(alive) <= limit:
            return
        alive = sorted(revisions.by_age(alive), key=lambda one: revisions.number(one, REVISION) or 0)
        for one in alive[: len(alive) - limit]:
            status = one.get("status", {})
            unseen = one["metadata"]["generation"] > status.get("observedGeneration", 0)
            if not status.get("replicas", 0) and not wanted(one) and not unseen:
                self.store.delete(REPLICA_SETS, one["metadata"]["namespace"], one["metadata"]["name"])

    def _wish(self) -> Object:
        deployment, spec = self.deployment, self.deployment["spec"]
        hash_ = hashed(spec["template"], deployment.get("status", {}).get("collisionCount"))
        given, selector = spec["template"].get("metadata") or {}, spec["selector"]
        labels = {**(given.get("labels") or {}), HASH: hash_}
        wish: Object = {
            "apiVersion": REPLICA_SETS.api_version,
            "kind": REPLICA_SETS.kind,
            "metadata": {
                "name": f"{deployment['metadata']['name'][: 253 - 1 - len(hash_)]}-{hash_}",
                "namespace": deployment["metadata"]["namespace"],
                "ownerReferences": [owned_by(deployment)],
                "labels": labels,
            },
            "spec": {
                "replicas": room(deployment, self.old, 0),
                **_min_ready(deployment),
                "selector": {**selector, "matchLabels": {**(selector.get("matchLabels") or {}), HASH: hash_}},
                "template": {**spec["template"], "metadata": {**given, "labels": labels}},
            },
            "status": {"replicas": 0},
        }
        told = revisions.annotated(deployment, wish, revisions.next_revision(self.old))
        size = revisions.told_size(wanted(deployment), wanted(deployment) + surge(deployment))
        return with_metadata(wish, annotations={**told, **size})

    def _collide(self) -> None:
        """The name is taken by another template: the next hash will be another."""
        status = self.deployment.get("status", {})
        self.write({**status, "collisionCount": status.get("collisionCount", 0) + 1})

    def _complain(self, message: str) -> None:
        if conditions.deadline(self.deployment) is not None:
            condition = conditions.made(PROGRESSING, "False", REFUSED, message, now=self.now)
            self.write(conditions.put(self.deployment.get("status", {}), condition))
        self.recorder.tell(self.deployment, "Warning", REFUSED, message)

    def _replace(self, one: Object) -> None:
        uid = one["metadata"]["uid"]
        if self.new and self.new["metadata"]["uid"] == uid:
            self.new = one
        self.old = [one if other["metadata"]["uid"] == uid else other for other in self.old]

    def _tell(self, message: str) -> None:
        self.recorder.tell(self.deployment, "Normal", "ScalingReplicaSet", message)


def _min_ready(deployment: Object) -> Object:
    seconds = deployment["spec"].get("minReadySeconds")
    return {} if seconds is None else {"minReadySeconds": seconds}
