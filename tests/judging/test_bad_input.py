"""What is wrong with one field costs the evidence of that field alone: the rest still decides."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from graph.model.status import State, Verdict
from tests.judging.cases import Case, cases
from tests.judging.manifests import deployment, pod, replicaset
from tests.judging.world import World

LONG_AGO, FAR_AHEAD = "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"
CASES = {case.id: case for case in cases()}


def verdict(case: Case, *changes: tuple[str, Any]) -> Verdict:
    """On the first object of a case, after some of its fields were set: ``status.phase``."""
    objects = copy.deepcopy(list(case.objects))
    for path, value in changes:
        *above, last = path.split(".")
        place: Any = objects[0]
        for name in above:
            place = place[int(name)] if isinstance(place, list) else place.setdefault(name, {})
        place[int(last) if isinstance(place, list) else last] = value
    found = [one for one in World(objects, case.now).judged.values() if one.ref.kind == case.objects[0]["kind"]]
    name = case.objects[0]["metadata"]["name"]
    told = next(one.verdict for one in found if one.ref.name == name)
    assert told is not None
    return told


@pytest.mark.parametrize(
    ("case", "path", "value"),
    [
        ("pod/P34-crashloop-one-of-two", "status.phase", "Nonsense"),
        ("pod/P34-crashloop-one-of-two", "spec.restartPolicy", "Perhaps"),
        ("pod/P34-crashloop-one-of-two", "metadata.creationTimestamp", LONG_AGO),
        ("pod/P34-crashloop-one-of-two", "metadata.creationTimestamp", FAR_AHEAD),
        ("pod/P34-crashloop-one-of-two", "metadata.labels", None),
        ("pod/P34-crashloop-one-of-two", "metadata.ownerReferences", None),
        ("pod/P34-crashloop-one-of-two", "status.initContainerStatuses", None),
        ("pod/P34-crashloop-one-of-two", "spec.containers", []),
        ("pod/P19-resources", "status.conditions.0.lastTransitionTime", FAR_AHEAD),
        ("pod/P19-resources", "status.conditions.0.lastTransitionTime", LONG_AGO),
        ("pod/P19-resources", "status.conditions.0.lastTransitionTime", "yesterday"),
        ("pod/P28-errimagepull", "status.phase", "Maybe"),
        ("pod/P60-running-ready", "status.phase", "Almost"),
        ("pod/P60-running-ready", "status.reason", None),
        ("pod/P60-running-ready", "status.conditions.0.type", None),
        ("deployment/D15-all-crash", "spec.strategy.type", "Gently"),
        ("deployment/D15-all-crash", "spec.replicas", None),
        ("deployment/D10-podsecurity", "status.observedGeneration", 2**40),
        ("job/J07-backofflimit", "status.startTime", FAR_AHEAD),
        ("job/J19-image", "spec.podReplacementPolicy", "Whenever"),
        ("cronjob/C10-stale", "spec.concurrencyPolicy", "Queue"),
        ("cronjob/C10-stale", "status.lastSuccessfulTime", "not a time"),
        ("cronjob/C10-stale", "status.active", None),
    ],
)
def test_the_other_evidence_still_decides(case: str, path: str, value: Any) -> None:
    plain, found = verdict(CASES[case]), verdict(CASES[case], (path, value))
    assert (found.state, found.reason) == (plain.state, plain.reason), found.message


def test_a_deletion_whose_time_cannot_be_read_is_a_deletion() -> None:
    found = verdict(CASES["pod/P60-running-ready"], ("metadata.deletionTimestamp", "soon"))
    assert (found.state, found.reason, found.recheck_at) == (State.TERMINATING, "Terminating", None)
    assert found.message == "Pod is shutting down."


def test_what_starts_far_ahead_is_asked_again_when_that_has_become_near() -> None:
    case = CASES["pod/P18-young"]
    near = verdict(case, ("status.conditions.0.lastTransitionTime", "2026-11-22T12:00:00Z"))
    assert near.reason == "Scheduling"
    far = verdict(case, ("status.conditions.0.lastTransitionTime", "2026-11-23T12:00:00Z"))
    assert far.reason == "Unschedulable"
    assert far.recheck_at is not None


def test_owners_in_a_circle_all_get_a_verdict() -> None:
    top = deployment("web")
    middle = replicaset("web-1", owner=top)
    below = pod("web-1-a", owner=middle)
    top["metadata"]["ownerReferences"] = [
        {"kind": "Pod", "name": "web-1-a", "uid": below["metadata"]["uid"], "controller": True}
    ]
    alone = replicaset("self")
    alone["metadata"]["ownerReferences"] = [
        {"kind": "ReplicaSet", "name": "self", "uid": alone["metadata"]["uid"], "controller": True}
    ]
    judged = World([below, middle, top, alone], 1.8e9).judged
    assert sorted(key.name for key in judged if key.kind != "SERVICE") == ["self", "web", "web-1", "web-1-a"]


def test_an_owner_without_a_uid_owns_nothing() -> None:
    lonely = pod("one")
    lonely["metadata"]["ownerReferences"] = [{"kind": "ReplicaSet", "name": "web-1", "controller": True}, None]
    assert [key.name for key in World([lonely], 1.8e9).judged] == ["one", "one"]


def test_of_containers_named_alike_each_is_judged() -> None:
    case = CASES["pod/P60-running-ready"]
    status = case.objects[0]["status"]["containerStatuses"][0]
    crashed = status | {"state": {"waiting": {"reason": "CrashLoopBackOff"}}, "ready": False, "restartCount": 4}
    assert verdict(case, ("status.containerStatuses", [status, crashed])).reason == "CrashLoopBackOff"
