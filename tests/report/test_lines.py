"""``-o json``: one line for each object, in input order, whatever the input is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.report.objects import deployment, judge, judge_these, meta, outage, owned, pod, replicaset, write


def test_a_line_has_the_promised_fields() -> None:
    (line,) = judge_these([outage()[2]], "-o", "json").lines
    assert list(line) == ["kind", "namespace", "name", "status", "recheckAt"]
    assert (line["kind"], line["namespace"], line["name"]) == ("Pod", "shop", "payments-6c9-a")
    assert list(line["status"]) == ["state", "reason", "message", "hint", "because"]
    assert (line["status"]["state"], line["status"]["reason"]) == ("FAILED", "CrashLoopBackOff")
    waiting, ended = line["status"]["because"]
    assert waiting["object"]["container"] == "app"
    assert (ended["evidence"], ended["at"]) == ("TERMINATION", "2026-03-17T14:28:00.000Z")


def test_lines_are_in_input_order_and_a_parent_cites_its_pod() -> None:
    lines = judge_these(outage()[::-1], "-o", "json").lines
    assert [line["kind"] for line in lines] == ["Pod", "Pod", "ReplicaSet", "Deployment"]
    cited = [cause["object"]["kind"] for cause in lines[-1]["status"]["because"]]
    assert "Pod" in cited


def test_a_status_that_time_may_change_says_when() -> None:
    young = pod("new", phase="Pending", conditions=[], containerStatuses=[])
    young["spec"].pop("nodeName")
    young["metadata"]["creationTimestamp"] = "2026-03-17T14:29:30Z"
    (line,) = judge_these([young], "-o", "json").lines
    assert line["status"]["reason"] == "Scheduling"
    assert line["recheckAt"] == "2026-03-17T14:30:30.001Z"


def test_what_has_no_status_has_a_line_without_one() -> None:
    event = {"kind": "Event", "metadata": meta("said"), "involvedObject": {"kind": "Pod"}}
    others = [{"kind": "ConfigMap", "metadata": {"name": "c"}}, {"kind": "Node", "metadata": {"name": "n"}}, event]
    lines = judge_these([*others, deployment("web")], "-o", "json").lines
    assert [line["status"] and line["status"]["state"] for line in lines] == [None, None, None, "HEALTHY"]
    assert (lines[0]["kind"], lines[0]["namespace"], lines[0]["recheckAt"]) == ("ConfigMap", None, None)


def test_a_kind_of_another_api_group_is_none_of_ours() -> None:
    job = {"apiVersion": "batch.volcano.sh/v1alpha1", "kind": "Job", "metadata": meta("train")}
    assert judge_these([job], "-o", "json").lines[0]["status"] is None


@pytest.mark.parametrize(
    "bad",
    [
        {"kind": "Pod", "metadata": meta("bad"), "status": {"conditions": "many"}},
        {"kind": "Deployment", "metadata": {**meta("bad"), "labels": 5}, "spec": {"replicas": "two"}},
        {"kind": "Job", "metadata": {"name": 7}},
        {"kind": "Pod", "metadata": "none"},
        {"kind": "Pod"},
        {"kind": 5, "metadata": meta("bad")},
        {"metadata": meta("bad")},
        {"kind": "Pod", "metadata": {"name": ""}},
        "a text",
        17,
        {},
    ],
)
def test_a_malformed_object_gets_a_verdict_and_costs_no_neighbour(bad: Any) -> None:
    ran = judge_these([pod("before"), bad, deployment("after")], "-o", "json")
    before, line, after = ran.lines
    assert (line["status"]["state"], line["status"]["reason"]) == ("UNKNOWN", "MalformedObject")
    assert line["status"]["because"]
    assert (before["status"]["state"], after["status"]["state"]) == ("HEALTHY", "HEALTHY")
    assert ran.code == 0


def test_a_malformed_object_is_named_as_the_input_names_it() -> None:
    bad = {"kind": "Pod", "metadata": meta("odd"), "spec": []}
    (line,) = judge_these([bad], "-o", "json").lines
    assert (line["kind"], line["namespace"], line["name"]) == ("Pod", "shop", "odd")


def test_nulls_where_the_api_omits_are_nothing() -> None:
    given = deployment("web")
    given["metadata"]["labels"] = None
    given["status"]["terminatingReplicas"] = None
    given["spec"]["paused"] = None
    assert judge_these([given], "-o", "json").lines[0]["status"]["state"] == "HEALTHY"


def test_an_object_that_is_given_twice_counts_as_it_was_given_last() -> None:
    lines = judge_these([deployment("web", available=0), deployment("web")], "-o", "json").lines
    assert [line["status"]["state"] for line in lines] == ["HEALTHY", "HEALTHY"]


def test_several_files_and_directories_are_one_input(tmp_path: Path) -> None:
    top, *rest = outage()
    write(tmp_path / "top.json", top)
    (tmp_path / "rest").mkdir()
    write(tmp_path / "rest" / "b.yaml", *rest[1:])
    write(tmp_path / "rest" / "a.yml", rest[0])
    (tmp_path / "rest" / "notes.txt").write_text("no manifest")
    ran = judge("-f", str(tmp_path / "top.json"), "-f", str(tmp_path / "rest"), "-o", "json")
    assert [line["kind"] for line in ran.lines] == ["Deployment", "ReplicaSet", "Pod", "Pod"]
    assert ran.lines[0]["status"]["reason"] == "CrashLoopBackOff"
    assert ran.code == 1


def test_items_of_a_typed_list_have_its_kind() -> None:
    item = {name: value for name, value in pod("web").items() if name not in ("kind", "apiVersion")}
    document = json.dumps({"apiVersion": "v1", "kind": "PodList", "items": [item]}).encode()
    (line,) = judge("-f", "-", "-o", "json", stdin=document).lines
    assert (line["kind"], line["status"]["state"]) == ("Pod", "HEALTHY")


def test_documents_one_after_the_other_are_all_read() -> None:
    both = [json.dumps(pod(name)) for name in ("a", "b")]
    for text in ("\n".join(both), "\n---\n".join(both), f"[{','.join(both)}]", f"---\n{both[0]}\n---\n---\n{both[1]}"):
        ran = judge("-f", "-", "-o", "json", stdin=text.encode())
        assert [line["name"] for line in ran.lines] == ["a", "b"], text


def test_an_object_that_holds_itself_is_malformed() -> None:
    text = "kind: Pod\nmetadata: &a\n  name: loop\n  me: *a\n---\nkind: Pod\nmetadata: {name: other}\n"
    loop, other = judge("-f", "-", "-o", "json", stdin=text.encode()).lines
    assert (loop["name"], loop["status"]["reason"]) == ("loop", "MalformedObject")
    assert other["status"]["reason"] != "MalformedObject"


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_file_that_powershell_wrote_is_read(encoding: str) -> None:
    assert judge("-f", "-", "-o", "json", stdin=json.dumps(pod("a")).encode(encoding)).lines[0]["name"] == "a"


def test_times_of_yaml_need_no_quotes() -> None:
    text = """
kind: Pod
metadata: {name: a, namespace: shop, uid: u, creationTimestamp: 2026-03-17T14:29:55Z}
spec: {nodeName: n, containers: [{name: app}]}
status: {phase: Pending}
"""
    (line,) = judge("-f", "-", "-o", "json", stdin=text.encode()).lines
    assert (line["status"]["reason"], line["status"]["state"]) == ("AwaitingKubelet", "PROGRESSING")


def test_a_manifest_that_was_never_applied_is_judged() -> None:
    text = "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\nspec:\n  replicas: 2\n"
    (line,) = judge("-f", "-", "-o", "json", stdin=text.encode()).lines
    assert (line["namespace"], line["status"]["reason"]) == (None, "SpecNotObserved")


def test_an_owner_explains_its_pod_whatever_comes_first() -> None:
    top = deployment("web")
    middle = owned(replicaset("web-1"), top)
    lines = judge_these([owned(pod("web-1-a"), middle), middle, top], "-o", "json").lines
    assert [line["kind"] for line in lines] == ["Pod", "ReplicaSet", "Deployment"]
