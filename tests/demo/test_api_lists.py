"""Lists: pages of one version, selectors, tables, and what is refused."""

from __future__ import annotations

import time
from email.utils import parsedate_to_datetime

import pytest

from graph.demo.api.cells import human
from graph.demo.api.podcolumns import summary
from tests.demo.conftest import Bare
from tests.demo.samples import TABLE

PODS = "/api/v1/pods"
SHOP = "/api/v1/namespaces/shop/pods"


async def names(bare: Bare, path: str = SHOP, **params: str) -> list[str]:
    answer = await bare.raw.ask("GET", path, params=params)
    assert answer.code == 200, answer.body
    return [one["metadata"]["name"] for one in answer.body["items"]]


async def test_pages_come_from_one_version_whatever_happens_between(bare: Bare) -> None:
    for number in range(7):
        bare.pod(f"pod-{number}")
    first = (await bare.raw.ask("GET", PODS, params={"limit": "3"})).body
    version = first["metadata"]["resourceVersion"]
    for number in range(5):
        bare.touch(f"pod-{number}", phase="Running")
    bare.pod("aaa")
    found, page = list(first["items"]), first
    while token := page["metadata"].get("continue"):
        page = (await bare.raw.ask("GET", PODS, params={"limit": "3", "continue": token})).body
        assert page["metadata"]["resourceVersion"] == version
        found += page["items"]
    assert [one["metadata"]["name"] for one in found] == [f"pod-{number}" for number in range(7)]
    assert {one["status"]["phase"] for one in found} == {"Pending"}
    assert first["metadata"]["remainingItemCount"] == 4


async def test_a_page_that_is_too_old_is_expired(bare: Bare) -> None:
    for number in range(3):
        bare.pod(f"pod-{number}")
    token = (await bare.raw.ask("GET", PODS, params={"limit": "1"})).body["metadata"]["continue"]
    bare.now += 301
    answer = await bare.raw.ask("GET", PODS, params={"limit": "1", "continue": token})
    assert (answer.code, answer.body["reason"]) == (410, "Expired")


async def test_only_so_many_unfinished_lists_are_kept(bare: Bare) -> None:
    for number in range(3):
        bare.pod(f"pod-{number}")
    tokens = [(await bare.raw.ask("GET", PODS, params={"limit": "1"})).body["metadata"]["continue"] for _ in range(65)]
    codes = [
        (await bare.raw.ask("GET", PODS, params={"limit": "1", "continue": token})).code
        for token in (tokens[0], tokens[1], tokens[-1])
    ]
    assert codes == [410, 200, 200]


@pytest.mark.parametrize(
    ("params", "chosen"),
    [
        ({"labelSelector": "app=a"}, ["one"]),
        ({"labelSelector": "app==a"}, ["one"]),
        ({"labelSelector": "app!=a"}, ["three", "two"]),
        ({"labelSelector": "app"}, ["one", "two"]),
        ({"labelSelector": "!app"}, ["three"]),
        ({"labelSelector": "app in (a, b), tier notin (x)"}, ["one"]),
        ({"labelSelector": "app notin (a)"}, ["three", "two"]),
        ({"labelSelector": ""}, ["one", "three", "two"]),
        ({"fieldSelector": "metadata.name=two"}, ["two"]),
        ({"fieldSelector": "metadata.name!=two"}, ["one", "three"]),
        ({"fieldSelector": "metadata.namespace=shop,status.phase=Running"}, ["one"]),
        ({"fieldSelector": "spec.nodeName=", "labelSelector": "tier=x"}, ["two"]),
    ],
)
async def test_selectors_choose(bare: Bare, params: dict[str, str], chosen: list[str]) -> None:
    bare.pod("one", labels={"app": "a"})
    bare.pod("two", labels={"app": "b", "tier": "x"})
    bare.pod("three")
    bare.touch("one", phase="Running")
    assert await names(bare, **params) == chosen


async def test_events_are_found_by_what_they_are_about(bare: Bare) -> None:
    for number in range(2):
        event = {
            "metadata": {"name": f"e{number}"},
            "involvedObject": {"kind": "Pod", "namespace": "shop", "name": f"pod-{number}"},
            "reason": "Odd",
            "type": "Warning",
        }
        assert (await bare.raw.ask("POST", "/api/v1/namespaces/shop/events", event)).code == 201
    path = "/api/v1/namespaces/shop/events"
    assert await names(bare, path, fieldSelector="involvedObject.name=pod-1,type=Warning,reason=Odd") == ["e1"]


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"labelSelector": "a=b=c"}, 400),
        ({"labelSelector": "a in"}, 400),
        ({"fieldSelector": "spec.nonsense=1"}, 400),
        ({"fieldSelector": "no selector"}, 400),
        ({"limit": "-1"}, 400),
        ({"limit": "many"}, 400),
        ({"continue": "%%%"}, 400),
        ({"resourceVersion": "latest"}, 400),
        ({"resourceVersion": "999999"}, 504),
    ],
)
async def test_a_list_that_cannot_be_read_is_refused(bare: Bare, params: dict[str, str], code: int) -> None:
    answer = await bare.raw.ask("GET", PODS, params=params)
    assert (answer.code, answer.body["kind"], answer.body["code"]) == (code, "Status", code)


async def test_a_list_of_one_namespace_holds_nothing_of_another(bare: Bare) -> None:
    bare.pod("here")
    bare.pod("there", namespace="other")
    assert await names(bare) == ["here"]
    assert await names(bare, PODS) == ["there", "here"]
    assert await names(bare, "/api/v1/namespaces/nowhere/pods") == []


async def test_items_of_a_list_do_not_repeat_their_kind(bare: Bare) -> None:
    bare.pod("one")
    body = (await bare.raw.ask("GET", SHOP)).body
    assert (body["kind"], body["apiVersion"]) == ("PodList", "v1")
    assert "kind" not in body["items"][0]


async def test_a_table_has_the_columns_of_kubectl(bare: Bare) -> None:
    bare.pod("one")
    bare.now += 200
    status = {"name": "main", "ready": True, "restartCount": 3, "state": {"running": {"startedAt": "x"}}}
    last = {"terminated": {"exitCode": 1, "finishedAt": "2026-01-01T12:01:20Z"}}
    bare.touch("one", phase="Running", podIP="10.0.0.7", containerStatuses=[{**status, "lastState": last}])
    table = (await bare.raw.ask("GET", SHOP, headers=TABLE)).body
    named = {
        column["name"]: cell for column, cell in zip(table["columnDefinitions"], table["rows"][0]["cells"], strict=True)
    }
    assert named == {
        "Name": "one",
        "Ready": "1/1",
        "Status": "Running",
        "Restarts": "3 (2m ago)",
        "Age": "3m20s",
        "IP": "10.0.0.7",
        "Node": "<none>",
        "Nominated Node": "<none>",
        "Readiness Gates": "<none>",
    }
    assert table["rows"][0]["object"]["kind"] == "PartialObjectMetadata"


WAITING = {"state": {"waiting": {"reason": "CrashLoopBackOff"}}, "lastState": {}, "restartCount": 0, "ready": False}
ENDED = {"state": {"terminated": {"exitCode": 0, "reason": "Completed"}}, "restartCount": 0, "ready": False}
KILLED = {"state": {"terminated": {"exitCode": 137, "signal": 9}}, "restartCount": 0, "ready": False}
RUNNING = {"state": {"running": {}}, "restartCount": 0, "ready": True}


@pytest.mark.parametrize(
    ("status", "metadata", "word", "ready"),
    [
        ({"phase": "Pending"}, {}, "Pending", "0/1"),
        ({"phase": "Failed", "reason": "Evicted"}, {}, "Evicted", "0/1"),
        ({"phase": "Running", "containerStatuses": [{"name": "main", **WAITING}]}, {}, "CrashLoopBackOff", "0/1"),
        ({"phase": "Succeeded", "containerStatuses": [{"name": "main", **ENDED}]}, {}, "Completed", "0/1"),
        ({"phase": "Failed", "containerStatuses": [{"name": "main", **KILLED}]}, {}, "Signal:9", "0/1"),
        ({"phase": "Running", "containerStatuses": [{"name": "main", **RUNNING}]}, {}, "Running", "1/1"),
        (
            {"phase": "Running", "containerStatuses": [{"name": "main", **RUNNING}]},
            {"deletionTimestamp": "2026-01-01T12:00:00Z"},
            "Terminating",
            "1/1",
        ),
        (
            {"phase": "Pending", "initContainerStatuses": [{"name": "first", **WAITING}]},
            {},
            "Init:CrashLoopBackOff",
            "0/1",
        ),
        ({"phase": "Pending", "initContainerStatuses": [{"name": "first", **RUNNING}]}, {}, "Init:0/1", "0/1"),
        ({"phase": "Pending", "initContainerStatuses": [{"name": "first", **KILLED}]}, {}, "Init:Signal:9", "0/1"),
    ],
)
def test_the_word_for_a_pod(status: dict[str, object], metadata: dict[str, str], word: str, ready: str) -> None:
    spec = {"containers": [{"name": "main"}], "initContainers": [{"name": "first"}]}
    found = summary({"metadata": metadata, "spec": spec, "status": status})
    assert (found.word, f"{found.ready}/{found.total}") == (word, ready)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        *((-5, "<invalid>"), (-1.5, "0s"), (0, "0s"), (119, "119s"), (120, "2m"), (200, "3m20s"), (600, "10m")),
        *((10_799, "179m"), (10_800, "3h"), (15_000, "4h10m"), (30_000, "8h"), (172_800, "2d"), (180_000, "2d2h")),
        *((700_000, "8d"), (63_072_000, "2y"), (70_000_000, "2y80d"), (300_000_000, "9y")),
    ],
)
def test_how_long_ago(seconds: float, words: str) -> None:
    assert human(seconds) == words


async def test_an_answer_says_what_time_it_is_also_after_a_stall(bare: Bare) -> None:
    time.sleep(1.1)  # noqa: ASYNC251 # the stall
    asked = time.time()
    answer = await bare.raw.ask("GET", PODS)
    assert parsedate_to_datetime(answer.headers["Date"]).timestamp() > asked - 1
