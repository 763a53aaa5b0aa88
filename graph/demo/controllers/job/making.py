"""A Job's pods are made and removed: as many as are wanted and the back-off allows."""

from __future__ import annotations

from graph.demo.controllers.events import Recorder
from graph.demo.controllers.job import counting, indexes
from graph.demo.controllers.job.backoff import Backoff
from graph.demo.controllers.job.counting import Sync
from graph.demo.controllers.job.pods import FINALIZER, INDEX, first_to_go, indexed, waits_for_end
from graph.demo.controllers.pods import NamespaceGoing, active, create_pod, ready
from graph.demo.objects import Object
from graph.demo.problems import Problem
from graph.demo.resources import PODS
from graph.demo.store import Store

AT_ONCE = 500
"""The most pods that one look makes or removes."""
RETRY = 5.0
"""Seconds before pods that were refused are tried again."""
COMPLETION_INDEX = {"fieldPath": f"metadata.labels['{INDEX}']"}


class Makes:
    """Each change of pods is told as an event of the Job."""

    def __init__(self, store: Store, recorder: Recorder) -> None:
        self._store = store
        self._recorder = recorder

    def bring(self, sync: Sync, backoff: Backoff) -> float | None:
        """Closer to the wanted number; when to look again."""
        spec, running = sync.job["spec"], [pod for pod in sync.pods if active(pod)]
        surplus = self._surplus(sync, running)
        if surplus:
            self.remove(sync, surplus[:AT_ONCE], let_go=True)
            return None
        if spec.get("suspend"):
            return None
        lacking = _wanted(sync) - sync.active - (sync.terminating if waits_for_end(sync.job) else 0)
        if lacking <= 0:
            return None
        if backoff.until() > self._store.clock():
            sync.active = 0  # so says Kubernetes' own, whatever still runs
            return backoff.until()
        added = self._add(sync, min(lacking, AT_ONCE), running)
        return None if added else self._store.clock() + RETRY

    def remove(self, sync: Sync, pods: list[Object], *, let_go: bool) -> None:
        """``let_go``: they are not to be counted."""
        for pod in pods:
            if let_go:
                counting.release(self._store, pod)
            metadata = pod["metadata"]
            self._store.delete(PODS, metadata["namespace"], metadata["name"], uid=metadata["uid"])
            self._recorder.tell(sync.job, "Normal", "SuccessfulDelete", f"Deleted pod: {metadata['name']}")
            sync.active -= 1
            sync.terminating += 1
            sync.ready -= ready(pod)

    def _surplus(self, sync: Sync, running: list[Object]) -> list[Object]:
        if sync.job["spec"].get("suspend"):
            return running
        surplus = indexes.repeated(sync.job, running) if indexed(sync.job) else []
        rest = [pod for pod in running if pod not in surplus]
        more = len(running) - _wanted(sync) - len(surplus)
        return surplus + (first_to_go(rest)[:more] if more > 0 else [])

    def _add(self, sync: Sync, count: int, running: list[Object]) -> bool:
        """The first that is refused ends it: the others would be too."""
        job = sync.job
        numbers: list[int | None] = [None] * count
        if indexed(job):
            numbers = list(indexes.missing(job, running, sync.done | indexes.of(sync.pods), count))
        for number in numbers:
            try:
                pod = self._create(job, number)
            except NamespaceGoing:
                return True
            except Problem as problem:
                self._recorder.tell(job, "Warning", "FailedCreate", f"Error creating: {problem}")
                return False
            self._recorder.tell(job, "Normal", "SuccessfulCreate", f"Created pod: {pod['metadata']['name']}")
            sync.active += 1
        return True

    def _create(self, job: Object, number: int | None) -> Object:
        name, template = job["metadata"]["name"], job["spec"]["template"]
        if number is None:
            return create_pod(self._store, job, template, generate=f"{name}-", finalizers=[FINALIZER])
        return create_pod(
            self._store,
            job,
            _numbered(template, f"{name}-{number}"),
            generate=f"{name}-{number}-",
            labels={INDEX: str(number)},
            annotations={INDEX: str(number)},
            finalizers=[FINALIZER],
        )


def _wanted(sync: Sync) -> int:
    spec = sync.job["spec"]
    most: int = spec["parallelism"]
    if "completions" in spec:
        return max(0, min(int(spec["completions"]) - sync.succeeded, most))
    return sync.active if sync.succeeded else most


def _numbered(template: Object, hostname: str) -> Object:
    """Every container is told its pod's number."""
    variable = {"name": "JOB_COMPLETION_INDEX", "valueFrom": {"fieldRef": COMPLETION_INDEX}}
    spec = {**template["spec"], "hostname": hostname}
    for which in ("initContainers", "containers"):
        if which in spec:
            spec[which] = [{**one, "env": [*one.get("env", ()), variable]} for one in spec[which]]
    return {**template, "spec": spec}
