"""What the judges of Deployments and ReplicaSets promise beyond the cases of the corpus."""

from __future__ import annotations

import copy
from typing import Any

import msgspec
import pytest

from graph.config import Rules
from graph.judging.files import judge_objects
from graph.kinds import deployment, replicaset
from graph.kinds.deployment.view import DeploymentView
from graph.model import instant
from graph.model.kind import Memory, Related
from graph.model.ref import ObjectRef
from graph.model.status import Evidence, State, Verdict
from tests.kinds import corpus


def case(folder: str, name: str) -> dict[str, Any]:
    return copy.deepcopy(corpus.load(corpus.CORPUS / folder / f"{name}.yaml"))


def alone(given: dict[str, Any], memory: Memory, *, later: float = 0.0) -> Verdict:
    view = corpus.read(given["objects"][0], DeploymentView)
    now = instant.parse(given["now"])
    assert now is not None
    related = Related(ObjectRef("Deployment", view.metadata.name))
    assert deployment.KIND.judge is not None
    return deployment.KIND.judge(view, related, memory, Rules(), now + later)


def test_the_chain_of_a_deployment_leads_through_the_worst_pod_to_its_container() -> None:
    found = corpus.verdict(case("deployment", "D09-rollout-blocked-before-deadline"))
    links = [(link.object.kind, link.object.container, link.evidence) for link in found.because]
    assert links == [
        ("Deployment", None, Evidence.CONDITION),
        ("Pod", None, Evidence.CHILD),
        ("Pod", "api", Evidence.CONTAINER_STATE),
    ]
    assert all(link.object.key for link in found.because)


def test_a_change_that_nobody_looks_at_for_five_minutes_is_unknown() -> None:
    given = case("deployment", "D02-observedgeneration-lag")
    now = instant.parse(given["now"])
    assert now is not None
    young = alone(given, Memory(edited=now - 100))
    assert (young.state, young.reason) == (State.PROGRESSING, "SpecNotObserved")
    assert young.recheck_at == pytest.approx(now + 200, abs=0.01)
    old = alone(given, Memory(edited=now - 100), later=200.01)
    assert (old.state, old.reason) == (State.UNKNOWN, "SpecNotObserved")
    assert alone(given, Memory(), later=1e6).state is State.PROGRESSING


def test_the_counter_of_available_replicas_is_not_believed_while_their_pods_fail() -> None:
    given = case("deployment", "D15-flap")
    status = given["objects"][0]["status"]
    assert status["availableReplicas"] == status["replicas"]
    found = corpus.verdict(given)
    assert found.state is State.FAILED
    assert found.message.startswith("0/2 replicas are available")


def test_a_paused_rollout_with_one_pod_of_unknown_state_beside_others_is_paused() -> None:
    given = case("deployment", "D29-node-lost-one-pod")
    given["objects"][0]["spec"]["paused"] = True
    assert corpus.verdict(given).state is State.SUSPENDED


def test_public_fields_of_a_deployment() -> None:
    given = case("deployment", "D07-deadline-old-serving")
    now = instant.parse(given["now"])
    assert now is not None
    judged = judge_objects(given["objects"], now=now)[0]
    assert judged is not None
    shown = msgspec.json.decode(msgspec.json.encode(judged.fields))
    assert shown == [[4, 5, 2, 3, 3], ["registry.example.io/app:typo"], 2, False]


def test_public_fields_of_a_replica_set_name_the_revision() -> None:
    given = case("replicaset", "R05-superseded")
    view = corpus.read(given["objects"][0], replicaset.ReplicaSetView)
    shown = replicaset.project(view, Related(ObjectRef("ReplicaSet", view.metadata.name)), 0.0)
    assert shown.revision == int(given["objects"][0]["metadata"]["annotations"]["deployment.kubernetes.io/revision"])
    assert shown.replicas.desired == 0


def test_a_revision_that_is_no_number_is_none() -> None:
    view = corpus.read({"metadata": {"name": "d"}}, DeploymentView)
    assert view.revision is None
    odd = {"metadata": {"name": "d", "annotations": {"deployment.kubernetes.io/revision": "x" * 5000}}}
    assert corpus.read(odd, DeploymentView).revision is None
