"""What the judges of controllers of pods promise beyond the cases of the corpus."""

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
from tests.judging.hand import Hand
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
    assert shown(given) == [[4, 5, 2, 3, 3], ["registry.example.io/app:typo"], 2, False]


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


def test_each_row_of_stateful_sets_and_daemon_sets_has_a_case() -> None:
    for folder, rows in (("statefulset", "S0"), ("daemonset", "DS0")):
        decided = {corpus.verdict(corpus.load(path)).row for path in (corpus.CORPUS / folder).iterdir()}
        assert decided >= {f"{rows}{number}" for number in range(1, 9)}


def test_the_public_counters_of_a_stateful_set_are_its_own() -> None:
    given = case("statefulset", "S04-partition")
    assert shown(given) == [[3, 3, 1, 3, 3], ["registry.harbourline.io/queue:2"]]


def test_a_pod_on_a_node_that_is_none_of_its_own_is_a_current_replica_of_a_daemon_set() -> None:
    given = case("daemonset", "DS06-real-misscheduled")
    assert shown(given)[0] == [2, 3, 2, 2, 2]
    assert corpus.verdict(given).message == (
        "It is available on all 2 nodes. Beside them, on nodes that are none of its own: 1 pod."
    )


def test_a_blocked_rollout_of_a_stateful_set_says_that_fixing_it_is_not_enough() -> None:
    found = corpus.verdict(case("statefulset", "S03-stuck-on-pod"))
    assert found.reason == "RolloutBlocked"
    assert found.hint is not None
    assert "delete the broken pod by hand" in found.hint
    assert [link.reason for link in found.because[:2]] == ["RolloutBlocked", "CrashLoopBackOff"]


def test_a_pod_that_must_go_is_named_with_the_node_that_holds_it() -> None:
    found = corpus.verdict(case("statefulset", "S08-overdue-on-a-silent-node"))
    assert "pod reef-db-0 cannot be replaced while it is terminating: Node node-a is unreachable" in found.message
    assert found.because[-1].object.kind == "Node"


def test_a_refused_pod_is_explained_by_the_event_of_its_controller_alone() -> None:
    given = case("daemonset", "DS08-one-refused")
    found = corpus.verdict(given)
    assert [link.evidence for link in found.because] == [Evidence.EVENT]
    given["objects"][-1]["reportingComponent"] = "somebody-else"
    assert corpus.verdict(given).reason == "RollingOut"


def test_a_daemon_set_serves_beside_a_workload_that_failed() -> None:
    """Though nearly all its nodes are lost, which its controller counts as misscheduled."""
    given = case("daemonset", "DS07-lost-nodes-are-misscheduled")
    failed = case("statefulset", "S07-first-pod-refused")
    for item in given["objects"] + failed["objects"]:
        if item["kind"] != "Node":
            item["metadata"]["namespace"] = "one"
        if item["kind"] in ("StatefulSet", "DaemonSet"):
            item["metadata"].setdefault("labels", {})["statusgraph.io/service"] = "both"
    now = instant.parse(given["now"])
    assert now is not None
    told = service_of([*given["objects"], *failed["objects"]], now)
    assert (told.state, told.row, told.reason) == (State.DEGRADED, "V05", "FailedCreate")
    assert told.message.endswith("DaemonSet node-shipper still serves.")


def service_of(objects: list[dict[str, Any]], now: float) -> Verdict:
    """The verdict on the only service."""
    hand = Hand(grace=0)
    hand.now = now
    hand.forest.nodes.replace(hand.read_node(item) for item in objects if item["kind"] == "Node")
    hand.judge(*(item for item in objects if item["kind"] != "Node"))
    (found,) = (one.verdict for name, one in hand.seen.items() if name.startswith("SERVICE/"))
    assert found is not None
    return found


def shown(given: dict[str, Any]) -> Any:
    """The public fields of the first object, as the store holds them."""
    now = instant.parse(given["now"])
    assert now is not None
    judged = judge_objects(given["objects"], now=now)[0]
    assert judged is not None
    return msgspec.json.decode(msgspec.json.encode(judged.fields))
