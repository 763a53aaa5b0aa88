"""The generated RBAC rules: no more than is needed, and enough, on a real API server."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any

import pytest
import yaml

from graph.actions.procedures import PROCEDURES
from graph.config import load
from graph.errors import Forbidden
from graph.kinds import KINDS
from graph.kube.client import connect
from graph.kube.paths import path_of
from graph.model.action import ActionState
from graph.rbac import document, lease_rules, rules
from graph.watch.lease import LEASES
from tests.actions.recorders import asked, carried_out
from tests.actions.samples import cronjob, deployment
from tests.controlplane.kube import Kube
from tests.controlplane.plane import ControlPlane

READING = {"list", "watch"}


def verbs_of(granted: list[dict[str, Any]]) -> dict[tuple[str, str], set[str]]:
    return {(one["apiGroups"][0], name): set(one["verbs"]) for one in granted for name in one["resources"]}


def test_without_actions_everything_is_only_read() -> None:
    *granted, identity = rules(KINDS, actions=False)
    assert (identity["resources"], identity["resourceNames"], identity["verbs"]) == (
        ["namespaces"],
        ["kube-system"],
        ["get"],
    )
    assert all(set(one["verbs"]) == READING for one in granted)
    watched = {kind.resource.plural for kind in KINDS if kind.resource} | {"controllerrevisions"}
    assert {name for one in granted for name in one["resources"]} == watched | {"nodes"}


def test_actions_add_what_they_need_and_each_resource_is_named_once() -> None:
    granted = rules(KINDS, actions=True)
    names = [(one["apiGroups"][0], name) for one in granted for name in one["resources"]]
    assert len(names) == len(set(names))
    verbs = verbs_of(granted)
    assert verbs["batch", "cronjobs"] == READING | {"get", "create", "delete"}
    assert verbs["batch", "jobs"] == READING | {"get", "create"}
    assert verbs["apps", "controllerrevisions"] == READING | {"get", "create", "delete"}
    assert verbs["apps", "deployments"] == READING | {"get", "patch"}
    assert verbs["apps", "deployments/scale"] == {"get", "patch"}
    assert verbs["", "pods"] == READING
    assert not any("*" in one["verbs"] or "secrets" in one["resources"] for one in granted)


def test_a_role_of_a_namespace_names_nothing_that_belongs_to_none() -> None:
    text = document(KINDS, load(namespaces=("shop",)), account="statusgraph", namespace="ops")
    granted = [rule for one in yaml.safe_load_all(text) for rule in one.get("rules", ())]
    assert not any({"nodes", "namespaces"} & set(rule["resources"]) for rule in granted)


def test_the_lease_is_the_only_one_that_may_be_held() -> None:
    assert lease_rules("mine") == [
        {
            "apiGroups": ["coordination.k8s.io"],
            "resources": ["leases"],
            "verbs": ["get", "update"],
            "resourceNames": ["mine"],
        },
        {"apiGroups": ["coordination.k8s.io"], "resources": ["leases"], "verbs": ["create"]},
    ]


def test_the_document_is_yaml_with_the_same_rules() -> None:
    text = document(KINDS, load(actions="on"), account="statusgraph", namespace="ops")
    account, role, binding, lease, _ = yaml.safe_load_all(text)
    assert account["metadata"] == {"name": "statusgraph", "namespace": "ops"}
    assert (role["kind"], role["rules"]) == ("ClusterRole", rules(KINDS, actions=True))
    assert binding["roleRef"]["name"] == role["metadata"]["name"]
    assert binding["subjects"] == [{"kind": "ServiceAccount", "name": "statusgraph", "namespace": "ops"}]
    assert (lease["kind"], lease["metadata"]["namespace"]) == ("Role", "ops")


def test_with_namespaces_nothing_is_granted_beyond_them() -> None:
    settings = load(actions="off", namespaces="shop,yes", lease_namespace="election")
    manifests = list(yaml.safe_load_all(document(KINDS, settings, account="statusgraph", namespace="ops")))
    assert {one["kind"] for one in manifests} == {"ServiceAccount", "Role", "RoleBinding"}
    roles = [one["metadata"]["namespace"] for one in manifests if one["kind"] == "Role"]
    assert roles == ["shop", "yes", "election"]


async def test_the_rules_are_enough_for_watching_for_the_lease_and_for_every_action(
    kube: Kube, namespace: str, control_plane: ControlPlane
) -> None:
    settings = load(actions="on", namespaces=namespace)
    manifests = yaml.safe_load_all(document(KINDS, settings, account="statusgraph", namespace=namespace))
    await kube.apply(*manifests)
    token = await kube.token("statusgraph", namespace=namespace)
    operator = await connect(str(control_plane.write_kubeconfig(f"operator-{namespace}", token=token)), None)
    lease = {"metadata": {"name": settings.lease_name}, "spec": {}}
    async with asyncio.timeout(10):
        while True:
            with suppress(Forbidden):  # the authorizer learns of a binding by its own watch, a moment later
                await operator.request("POST", path_of(LEASES, namespace), body=lease)
                break
    await operator.request("GET", path_of(LEASES, namespace, settings.lease_name))
    with pytest.raises(Forbidden):
        await operator.request("GET", path_of(LEASES, namespace, "another"))
    for kind in KINDS:
        for resource in filter(None, (kind.resource, kind.kept)):
            await operator.request("GET", path_of(resource, namespace), query={"limit": 1})
    await kube.create(cronjob("report"), namespace=namespace)
    await kube.create(deployment("web"), namespace=namespace)
    order = ("triggerCronjob", "stopCronjob", "startCronjob", "restartDeployment", "scaleDeployment")
    assert set(order) == set(PROCEDURES)
    for name in order:
        target = "web" if name.endswith("Deployment") else "report"
        journal = await carried_out(operator, asked(name, namespace, target, replicas=2))
        assert (journal.last.state, journal.last.error) == (ActionState.SUCCEEDED, None), name
    await operator.close()
