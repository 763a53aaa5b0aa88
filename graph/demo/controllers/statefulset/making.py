"""A StatefulSet's pods and claims are made and removed; each is told as an event."""

from __future__ import annotations

from graph.demo.controllers.children import key_of
from graph.demo.controllers.events import Recorder
from graph.demo.controllers.pods import NamespaceGoing, create, create_pod
from graph.demo.controllers.statefulset import identity
from graph.demo.objects import Object, deleting, labels_of, with_metadata
from graph.demo.problems import AlreadyExists, Conflict, Problem
from graph.demo.resources import CLAIMS, PODS
from graph.demo.store import Store


class Making:
    """Every method raises what it was refused, after it told of it."""

    def __init__(self, store: Store, recorder: Recorder) -> None:
        self._store = store
        self._recorder = recorder

    def add(self, stateful_set: Object, pod: Object) -> None:
        """Makes a planned pod, its claims before."""
        name = pod["metadata"]["name"]
        try:
            self.claim(stateful_set, pod)
            create_pod(self._store, stateful_set, pod, name=name)
        except (AlreadyExists, NamespaceGoing):
            raise
        except Problem as problem:
            self._tell(stateful_set, "create", f"Pod {name}", problem)
            raise
        self._tell(stateful_set, "create", f"Pod {name}")

    def claim(self, stateful_set: Object, pod: Object) -> None:
        """Makes the claims of a pod that are missing."""
        name = pod["metadata"]["name"]
        for claim in identity.claims(stateful_set, identity.ordinal(pod)):
            here = self._store.find(CLAIMS, *key_of(claim))
            if here is None:
                create(self._store, CLAIMS, claim)
                self._tell(stateful_set, "create", f"Claim {claim['metadata']['name']} Pod {name}", end="success")
            elif deleting(here):
                raise Conflict(f"pvc {claim['metadata']['name']} is being deleted")

    def remove(self, stateful_set: Object, pod: Object) -> None:
        """Deletes a pod."""
        self._store.delete(PODS, *key_of(pod))
        self._tell(stateful_set, "delete", f"Pod {pod['metadata']['name']}")

    def name(self, stateful_set: Object, pod: Object) -> None:
        """A pod that was taken over is told who it is."""
        name, told = pod["metadata"]["name"], labels_of(pod)
        wanted = {**told, **identity.labels(name, identity.ordinal(pod))}
        if told.get(identity.POD_NAME) != name:
            self._store.update(PODS, with_metadata(pod, labels=wanted))
            self._tell(stateful_set, "update", f"Pod {name}")

    def _tell(
        self, stateful_set: Object, verb: str, what: str, problem: Problem | None = None, *, end: str = "successful"
    ) -> None:
        sentence = f"{verb} {what} in StatefulSet {stateful_set['metadata']['name']}"
        if problem is None:
            self._recorder.tell(stateful_set, "Normal", f"Successful{verb.capitalize()}", f"{sentence} {end}")
        else:
            message = f"{sentence} failed error: {problem}"
            self._recorder.tell(stateful_set, "Warning", f"Failed{verb.capitalize()}", message)
