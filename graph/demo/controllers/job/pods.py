"""What a Job's pods say to it: which are to be counted, which failed, which number each has, and when one ended."""

from __future__ import annotations

from collections.abc import Iterable

from graph.demo.controllers.pods import phase, ready
from graph.demo.objects import Object, annotations_of, deleting, read

FINALIZER = "batch.kubernetes.io/job-tracking"
INDEX = "batch.kubernetes.io/job-completion-index"


def tracked(pod: Object) -> bool:
    """Whether it is yet to be counted: the controller's finalizer holds it."""
    return FINALIZER in pod["metadata"].get("finalizers", ())


def conditions(pod: Object) -> list[Object]:
    """Of its status."""
    found: list[Object] = pod.get("status", {}).get("conditions") or []
    return found


def waits_for_end(job: Object) -> bool:
    """Whether a pod is replaced, and counted as failed, only once it has ended."""
    return job["spec"].get("podReplacementPolicy") == "Failed" or "podFailurePolicy" in job["spec"]


def failed(pod: Object, job: Object) -> bool:
    """A deleted pod may never come to its Failed phase, so it counts at once unless the Job says otherwise."""
    if phase(pod) == "Failed":
        return True
    return not waits_for_end(job) and deleting(pod) and phase(pod) != "Succeeded"


def indexed(job: Object) -> bool:
    """Whether each pod has a number of its own."""
    return bool(job["spec"].get("completionMode") == "Indexed")


def index(pod: Object) -> int | None:
    """Its number; None where it has none."""
    text = annotations_of(pod).get(INDEX, "")
    return int(text) if text.isdecimal() else None


def numbered(pod: Object, job: Object) -> bool:
    """Whether its number, if the Job wants one, is one of the Job's."""
    if not indexed(job):
        return True
    number = index(pod)
    return number is not None and number < int(job["spec"]["completions"])


def ended_at(pod: Object) -> float:
    """The last container's end; without one, when it ceased to be ready, or when its deletion began."""
    status = pod.get("status", {})
    ends = [one.get("state", {}).get("terminated", {}).get("finishedAt") for one in status.get("containerStatuses", ())]
    if ends and all(ends):
        return max(map(read, ends))
    for one in conditions(pod):
        if one["type"] == "Ready" and one["status"] == "False":
            return read(one["lastTransitionTime"])
    metadata = pod["metadata"]
    if deleting(pod):
        return read(metadata["deletionTimestamp"]) - float(metadata.get("deletionGracePeriodSeconds", 0))
    return read(metadata["creationTimestamp"])


def first_to_go(pods: Iterable[Object]) -> list[Object]:
    """What is least far comes first: without a node, pending, not ready, the youngest."""

    def how_far(pod: Object) -> tuple[bool, int, bool, float]:
        far = {"Pending": 0, "Unknown": 1, "Running": 2}.get(phase(pod), 0)
        born = read(pod["metadata"]["creationTimestamp"])
        return bool(pod["spec"].get("nodeName")), far, ready(pod), -born

    return sorted(pods, key=how_far)
