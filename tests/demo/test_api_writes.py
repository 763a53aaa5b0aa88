"""Writes and the rest of the API: what is done, what is refused, and that no request whatever breaks it."""

from __future__ import annotations

import asyncio
from typing import Any

import aiohttp
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from graph.demo.api.answers import BODY
from graph.demo.api.schema import messages
from graph.demo.resources import PODS, RESOURCES
from tests.demo.conftest import Bare, Line
from tests.demo.samples import APPLY, JSON_PATCH, MERGE, SERVER_SIDE, STRATEGIC, config_map, pod, workload

SHOP = "/api/v1/namespaces/shop"
MAPS, PODS_PATH = f"{SHOP}/configmaps", f"{SHOP}/pods"
DEPLOYMENTS = "/apis/apps/v1/namespaces/shop/deployments"


async def test_every_resource_can_be_made_read_and_deleted_and_is_discovered(bare: Bare) -> None:
    for resource in RESOURCES:
        root = f"/apis/{resource.group}/{resource.version}" if resource.group else "/api/v1"
        offered = (await bare.raw.ask("GET", root)).body["resources"]
        [entry] = [one for one in offered if one["name"] == resource.plural]
        assert (entry["kind"], entry["namespaced"]) == (resource.kind, resource.namespaced)
        assert messages()[resource.kind]
        path = f"{root}{'/namespaces/shop' if resource.namespaced else ''}/{resource.plural}"
        assert (await bare.raw.ask("GET", path)).body["kind"] == f"{resource.kind}List"


async def test_a_namespace_that_goes_takes_nothing_new(bare: Bare) -> None:
    assert (await bare.raw.ask("DELETE", "/api/v1/namespaces/shop")).code == 200
    answer = await bare.raw.ask("POST", MAPS, config_map("one"))
    assert (answer.code, answer.body["reason"]) == (403, "Forbidden")
    assert "because it is being terminated" in answer.body["message"]


async def test_an_apply_makes_merges_and_withdraws(bare: Bare) -> None:
    path = f"{MAPS}/one"

    async def apply(data: dict[str, str]) -> tuple[int, Any]:
        answer = await bare.raw.ask("PATCH", path, config_map("one", data=data), params=SERVER_SIDE, kind=APPLY)
        return answer.code, answer.body["data"]

    assert await apply({"a": "1", "b": "2"}) == (201, {"a": "1", "b": "2"})
    await bare.raw.ask("PATCH", path, {"data": {"c": "3"}}, kind=MERGE)
    assert await apply({"a": "9"}) == (200, {"a": "9", "c": "3"})


async def test_two_who_write_a_lease_at_once_do_not_both_win(bare: Bare) -> None:
    path = "/apis/coordination.k8s.io/v1/namespaces/shop/leases"
    lease = (await bare.raw.ask("POST", path, {"metadata": {"name": "leader"}, "spec": {}})).body
    wanted = [{**lease, "spec": {"holderIdentity": name}} for name in ("a", "b")]
    answers = await asyncio.gather(*(bare.raw.ask("PUT", f"{path}/leader", one) for one in wanted))
    assert sorted(answer.code for answer in answers) == [200, 409]


async def test_a_collection_is_deleted_by_its_selector(bare: Bare) -> None:
    for name, tier in (("one", "a"), ("two", "b"), ("three", "a")):
        bare.pod(name, labels={"tier": tier})
    answer = await bare.raw.ask("DELETE", PODS_PATH, params={"labelSelector": "tier=a"})
    assert answer.code == 200
    assert [one["metadata"]["name"] for one in bare.store.list(PODS, "shop")] == ["two"]


async def test_an_eviction_asks_the_disruption_budget(bare: Bare) -> None:
    bare.pod("one", labels={"app": "web"})
    budget = {"metadata": {"name": "b"}, "spec": {"minAvailable": 1, "selector": {"matchLabels": {"app": "web"}}}}
    path = "/apis/policy/v1/namespaces/shop/poddisruptionbudgets"
    assert (await bare.raw.ask("POST", path, budget)).code == 201
    answer = await bare.raw.ask("POST", f"{PODS_PATH}/one/eviction", {})
    assert (answer.code, answer.body["reason"]) == (429, "TooManyRequests")
    await bare.raw.ask("PATCH", f"{path}/b/status", {"status": {"disruptionsAllowed": 1}}, kind=MERGE)
    assert (await bare.raw.ask("POST", f"{PODS_PATH}/one/eviction", {})).code == 201
    assert bare.store.list(PODS) == []


async def test_a_scale_reads_and_writes_replicas(bare: Bare) -> None:
    await bare.raw.ask("POST", DEPLOYMENTS, workload("Deployment", "web", replicas=2))
    scale = (await bare.raw.ask("GET", f"{DEPLOYMENTS}/web/scale")).body
    assert (scale["kind"], scale["spec"], scale["status"]["selector"]) == ("Scale", {"replicas": 2}, "app=web")
    scale["spec"]["replicas"] = 5
    assert (await bare.raw.ask("PUT", f"{DEPLOYMENTS}/web/scale", scale)).body["spec"] == {"replicas": 5}
    assert (await bare.raw.ask("PUT", f"{DEPLOYMENTS}/web/scale", scale)).code == 409


async def test_a_token_of_a_service_account_is_a_toy(bare: Bare) -> None:
    await bare.raw.ask("POST", f"{SHOP}/serviceaccounts", {"metadata": {"name": "a"}})
    answer = await bare.raw.ask("POST", f"{SHOP}/serviceaccounts/a/token", {"spec": {"expirationSeconds": 600}})
    assert answer.code == 201
    expected = {"token": "demo.shop.a", "expirationTimestamp": "2026-01-01T12:10:00Z"}
    assert answer.body["status"] == expected


@pytest.mark.parametrize("path", ["exec", "attach", "portforward", "proxy"])
async def test_what_the_demo_has_not_says_so(bare: Bare, path: str) -> None:
    bare.pod("one")
    answer = await bare.raw.ask("GET", f"{PODS_PATH}/one/{path}")
    assert (answer.code, answer.body["message"]) == (501, f"{path} is not in the demo: nothing runs in its pods")


@pytest.mark.parametrize(
    ("host", "code"),
    [
        ("localhost", 200),
        ("127.0.0.1:1", 200),
        ("[::1]:80", 200),
        ("evil.example", 403),
        ("evil.example:80", 403),
        ("", 403),
    ],
)
async def test_only_loopback_names_are_answered(bare: Bare, host: str, code: int) -> None:
    answer = await bare.raw.ask("GET", "/version", headers={"Host": host})
    assert answer.code == code
    assert not [name for name in answer.headers if name.lower().startswith("access-control")]


async def test_a_body_has_a_limit(bare: Bare) -> None:
    answer = await bare.raw.ask("POST", MAPS, b"x" * (BODY + 1))
    assert (answer.code, answer.body["reason"]) == (413, "RequestEntityTooLarge")


async def test_what_is_not_asked_for_is_not_looked_for(bare: Bare) -> None:
    for path in (
        "/nonsense",
        "/apis/none/v1/x",
        "/api/v1/pods/a/b/c/d",
        "/api/v1/namespaces/shop/nodes",
        "/api/v1//pods",
    ):
        assert (await bare.raw.ask("GET", path)).code == 404


async def test_health_and_version_are_told(bare: Bare) -> None:
    for path in ("/healthz", "/livez", "/readyz", "/readyz/ping"):
        assert (await bare.raw.ask("GET", path)).body == "ok"
    assert (await bare.raw.ask("GET", "/version")).body["minor"] == "34"


async def test_openapi_says_that_fields_are_checked_here(bare: Bare) -> None:
    paths = (await bare.raw.ask("GET", "/openapi/v3")).body["paths"]
    document = (await bare.raw.ask("GET", paths["apis/apps/v1"]["serverRelativeURL"])).body
    patch = document["paths"]["/apis/apps/v1/namespaces/{namespace}/deployments/{name}"]["patch"]
    assert "fieldValidation" in [one["name"] for one in patch["parameters"]]


async def test_a_log_is_cut_as_asked(bare: Bare) -> None:
    bare.pod("one")
    one = bare.store.get(PODS, "shop", "one")
    status = {**one["status"], "containerStatuses": [{"name": "main", "state": {"running": {}}, "containerID": "c1"}]}
    bare.store.bind({**one, "spec": {**one["spec"], "nodeName": "node-1"}, "status": status})
    bare.logs.lines = [Line(bare.now - 10 + number, f"line {number}") for number in range(10)]

    async def log(**params: str) -> list[str]:
        return str((await bare.raw.ask("GET", f"{PODS_PATH}/one/log", params=params)).body).splitlines()

    assert len(await log()) == 10
    assert await log(tailLines="2") == ["line 8", "line 9"]
    assert await log(tailLines="0") == []
    assert await log(sinceSeconds="3") == ["line 7", "line 8", "line 9"]
    assert await log(sinceTime="2026-01-01T11:59:59Z") == ["line 9"]
    assert await log(tailLines="1", timestamps="true") == ["2026-01-01T11:59:59.000000000Z line 9"]
    assert await log(limitBytes="9") == ["line 0", "li"]
    assert (await bare.raw.ask("GET", f"{PODS_PATH}/one/log", params={"previous": "true"})).code == 400
    assert (await bare.raw.ask("GET", f"{PODS_PATH}/one/log", params={"container": "other"})).code == 400


def _writing(bare: Bare) -> str:
    """A pod that has written a line; the URL of its log, to be followed."""
    bare.pod("one")
    one = bare.store.get(PODS, "shop", "one")
    status = {**one["status"], "containerStatuses": [{"name": "main", "state": {"running": {}}, "containerID": "c1"}]}
    bare.store.bind({**one, "spec": {**one["spec"], "nodeName": "node-1"}, "status": status})
    bare.logs.lines = [Line(bare.now, "first")]
    return f"{bare.url}{PODS_PATH}/one/log?follow=true"


async def test_a_followed_log_goes_on_until_its_container_ends(bare: Bare) -> None:
    url = _writing(bare)
    async with aiohttp.ClientSession() as session, session.get(url) as response, asyncio.timeout(5):
        assert await response.content.readline() == b"first\n"
        bare.logs.lines.append(Line(bare.now + 1, "second"))
        bare.now += 1
        bare.touch("one", message="something changed")
        assert await response.content.readline() == b"second\n"
        bare.logs.lines.append(Line(bare.now + 1, "last"))
        bare.now += 1
        bare.touch("one", containerStatuses=[{"name": "main", "state": {"terminated": {}}, "containerID": "c1"}])
        assert await response.content.read() == b"last\n"


async def test_a_followed_log_ends_with_its_pod(bare: Bare) -> None:
    url = _writing(bare)
    async with aiohttp.ClientSession() as session, session.get(url) as response, asyncio.timeout(5):
        assert await response.content.readline() == b"first\n"
        bare.store.delete(PODS, "shop", "one", grace=0)
        assert await response.content.read() == b""


async def test_a_secret_is_read_in_base64(bare: Bare) -> None:
    secret = {"metadata": {"name": "s"}, "stringData": {"a": "b"}, "data": {"c": "ZA=="}}
    answer = await bare.raw.ask("POST", f"{SHOP}/secrets", secret)
    assert answer.body["data"] == {"a": "Yg==", "c": "ZA=="}
    assert "stringData" not in answer.body


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from(["", "a", "main", "$patch", "replace", "*"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    *(
                        "metadata",
                        "spec",
                        "status",
                        "name",
                        "labels",
                        "finalizers",
                        "ownerReferences",
                        "template",
                        "replicas",
                    ),
                    *("containers", "env", "ports", "conditions", "selector", "matchLabels", "matchExpressions", "key"),
                    *("operator", "$patch", "$retainKeys", "$setElementOrder/containers", "strategy", "tolerations"),
                    *("$deleteFromPrimitiveList/finalizers", "op", "path", "value", "volumes", "resources", "limits"),
                    *(
                        "containerStatuses",
                        "initContainerStatuses",
                        "rollingUpdate",
                        "annotations",
                        "namespace",
                        "type",
                    ),
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


KIND = st.sampled_from([MERGE, STRATEGIC, JSON_PATCH, APPLY])
BELOW = st.sampled_from(["", "/status"])
FUZZ = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], print_blob=True)


@settings(FUZZ, max_examples=150)
@given(body=ANYTHING, kind=KIND, below=BELOW)
async def test_no_patch_makes_an_internal_error(bare: Bare, body: Any, kind: str, below: str) -> None:
    for path, obj in ((DEPLOYMENTS, workload("Deployment", "web")), (PODS_PATH, pod("web"))):
        await bare.raw.ask("POST", path, obj)
        answer = await bare.raw.ask("PATCH", f"{path}/web{below}", body, kind=kind)
        assert answer.code < 500, (body, answer.body)


@settings(FUZZ, max_examples=60)
@given(spec=ANYTHING, metadata=ANYTHING)
async def test_no_new_object_makes_an_internal_error(bare: Bare, spec: Any, metadata: Any) -> None:
    for resource in RESOURCES:
        root = f"/apis/{resource.group}/{resource.version}" if resource.group else "/api/v1"
        path = f"{root}{'/namespaces/shop' if resource.namespaced else ''}/{resource.plural}"
        given_metadata = {**metadata, "name": "x"} if isinstance(metadata, dict) else metadata
        answer = await bare.raw.ask("POST", path, {"metadata": given_metadata, "spec": spec}, params={"dryRun": "All"})
        assert answer.code < 500, (resource.kind, spec, answer.body)


@settings(FUZZ, max_examples=100)
@given(body=st.binary(max_size=40))
async def test_no_protobuf_makes_an_internal_error(bare: Bare, body: bytes) -> None:
    answer = await bare.raw.ask("POST", MAPS, b"k8s\0" + body, kind="application/vnd.kubernetes.protobuf")
    assert answer.code == 400, (body, answer.body)
