"""What a pod's judge and projection promise beyond the cases of the corpus."""

from __future__ import annotations

import copy
from typing import Any

import msgspec

from graph.config import Rules
from graph.kinds.pod.fields import ContainerRole, ContainerState, PodFields, project
from graph.kinds.pod.judge import judge
from graph.kinds.pod.view import PodView
from graph.model import instant
from graph.model.kind import Memory
from graph.model.ref import Key
from graph.model.status import Evidence, State, Verdict
from tests.kinds import corpus


def case(name: str) -> dict[str, Any]:
    return copy.deepcopy(corpus.load(corpus.CORPUS / "pod" / f"{name}.yaml"))


def judged(given: dict[str, Any], rules: Rules | None = None) -> Verdict:
    now = instant.parse(given["now"])
    assert now is not None
    return judge(*corpus.pod_case(given["objects"]), Memory(), rules or Rules(), now)


def shown(given: dict[str, Any]) -> PodFields:
    return project(*corpus.pod_case(given["objects"]), 0.0)


def test_the_chain_of_a_crash_leads_to_the_container_and_its_exit_code() -> None:
    found = judged(case("P34-crashloop-one-of-two"))
    assert [(link.object.container, link.reason, link.evidence) for link in found.because] == [
        ("exporter", "CrashLoopBackOff", Evidence.CONTAINER_STATE),
        ("exporter", "Error", Evidence.TERMINATION),
    ]
    assert found.because[1].message == "exit code 2"
    assert found.because[1].at == "2026-03-17T14:28:50.000Z"
    assert "exit code 2, 6 restarts, last at 2026-03-17 14:28:50Z" in found.message
    assert found.hint == "See kubectl -n lagoon logs siren-api-1 -c exporter --previous."


def test_the_same_word_while_a_crash_loop_waits_runs_and_ends() -> None:
    given = case("P35-crashloop-oom")
    status = given["objects"][0]["status"]["containerStatuses"][0]
    reasons = {judged(given).reason}
    status["state"] = {"running": {"startedAt": "2026-03-17T14:29:55Z"}}
    reasons.add(judged(given).reason)
    status["state"] = {"terminated": {"exitCode": 137, "reason": "OOMKilled", "finishedAt": "2026-03-17T14:29:59Z"}}
    reasons.add(judged(given).reason)
    assert reasons == {"OOMKilled"}


def test_a_container_of_the_first_day_of_the_epoch_did_not_end_then() -> None:
    given = case("P38-terminated-between-restarts")
    status = given["objects"][0]["status"]["containerStatuses"][0]
    status["state"]["terminated"]["startedAt"] = "1970-01-01T00:00:00Z"
    status["lastState"] = {}
    assert judged(given).reason == "ContainerTerminated"


def test_among_equals_the_first_container_decides() -> None:
    given = case("P34-crashloop-one-of-two")
    statuses = given["objects"][0]["status"]["containerStatuses"]
    statuses[0].update(state=statuses[1]["state"], lastState=statuses[1]["lastState"], restartCount=6, ready=False)
    assert judged(given).because[0].object.container == "api"


def test_a_failed_container_is_worse_than_its_unready_node() -> None:
    given = case("P34-crashloop-one-of-two")
    ready = {"type": "Ready", "status": "False", "reason": "KubeletNotReady", "message": "runtime is down"}
    node = {"kind": "Node", "metadata": {"name": "node-b7"}, "status": {"conditions": [ready]}}
    given["objects"].append(node)
    assert judged(given).reason == "CrashLoopBackOff"
    given["objects"][0] = case("P54-not-ready-young")["objects"][0]
    assert judged(given).reason == "NodeNotReady"


def test_thresholds_are_settings() -> None:
    given = case("P54-not-ready-young")
    assert judged(given, Rules(ready_grace=5)).reason == "ReadinessProbeFailing"
    assert judged(given).recheck_at == instant.parse("2026-03-17T14:34:53Z")


def test_a_state_that_begins_by_time_began_when_the_grace_was_over() -> None:
    found = judged(case("P19-resources"))
    assert found.began == instant.parse("2026-11-22T11:19:10Z")
    assert found.because[0].at == "2026-11-22T11:18:55.000Z"


def test_control_and_bidi_characters_never_leave_the_judge() -> None:
    given = case("P31-createcontainerconfigerror")
    waiting = given["objects"][0]["status"]["containerStatuses"][0]["state"]["waiting"]
    waiting["message"] = "secret \x1b[31m\u202eterces\u2069\r\nnot found\x00"
    found = judged(given)
    texts = [found.message, found.hint or "", *(link.message for link in found.because)]
    assert all(text.isprintable() for text in texts)
    container = next(one for one in shown(given).containers if one.message)
    assert container.message == "secret [31mterces not found"


def test_what_the_view_does_not_name_is_never_decoded() -> None:
    given = case("P60-running-ready")["objects"][0]
    given["metadata"]["annotations"] = {"secret/canary": "c4n4ry", "statusgraph.io/affects-rollup": "false"}
    given["metadata"]["managedFields"] = [{"manager": "c4n4ry"}]
    given["spec"]["containers"][0].update(
        env=[{"name": "TOKEN", "value": "c4n4ry"}], args=["c4n4ry"], command=["c4n4ry"], envFrom=[{"prefix": "c4n4ry"}]
    )
    view = corpus.read(given, PodView)
    assert b"c4n4ry" not in msgspec.json.encode(view)
    assert view.metadata.annotations.affects_rollup == "false"


def test_containers_are_shown_with_their_roles_in_the_order_in_which_they_run() -> None:
    fields = shown(case("P48-sidecar-crashloop"))
    roles = [(one.name, one.role, one.state) for one in fields.containers]
    assert roles == [
        ("log-shipper", ContainerRole.SIDECAR, ContainerState.WAITING),
        ("app", ContainerRole.MAIN, ContainerState.RUNNING),
    ]
    sidecar = fields.containers[0]
    assert (sidecar.reason, sidecar.restarts, fields.restarts) == ("CrashLoopBackOff", 12, 12)
    assert sidecar.last_termination is not None
    assert sidecar.last_termination.finished_at == "2026-03-17T14:27:00.000Z"


def test_a_container_without_a_status_is_unknown() -> None:
    fields = shown(case("P22-bound"))
    assert {one.state for one in fields.containers} == {ContainerState.UNKNOWN}
    assert fields.node_name == "node-b"


def test_the_owner_of_a_pod_is_one_of_ours() -> None:
    owner = shown(case("P01-evicted-api")).owner
    assert owner is not None
    assert owner.kind == "ReplicaSet"
    assert owner.key == Key("test", "REPLICA_SET", owner.namespace or "", owner.name)


def test_public_names_are_those_of_the_schema() -> None:
    names = [field.encode_name for field in msgspec.structs.fields(PodFields)]
    assert names == ["phase", "nodeName", "podIP", "owner", "restarts", "containers"]


def test_a_pod_of_nothing_but_a_name_has_a_verdict() -> None:
    view = corpus.read({"metadata": {"name": "p"}}, PodView)
    _, related = corpus.pod_case([{"metadata": {"name": "p"}, "kind": "Pod"}])
    assert judge(view, related, Memory(), Rules(), 1e9).state is State.UNKNOWN
