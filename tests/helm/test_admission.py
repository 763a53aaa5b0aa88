"""Each value set on a real API server, as a dry run: every object, and every pod under the restricted standard."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from graph.demo.player import ApiError
from tests.controlplane.kube import KINDS, Kind, Kube, Object
from tests.helm.program import Helm, value_sets, workloads

BESIDE = {
    "NetworkPolicy": Kind("networking.k8s.io/v1", "networkpolicies"),
    "Ingress": Kind("networking.k8s.io/v1", "ingresses"),
    "PodMonitor": Kind("monitoring.coreos.com/v1", "podmonitors"),
}
PLACES = ("chart-shop", "chart-billing")
"""The namespaces that the value sets name."""

POD_MONITOR: Object = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {"name": "podmonitors.monitoring.coreos.com"},
    "spec": {
        "group": "monitoring.coreos.com",
        "scope": "Namespaced",
        "names": {"kind": "PodMonitor", "plural": "podmonitors"},
        "versions": [
            {
                "name": "v1",
                "served": True,
                "storage": True,
                "schema": {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}},
            }
        ],
    },
}


@pytest.fixture(scope="module")
async def restricted(kube: Kube) -> AsyncIterator[str]:
    """A namespace that admits restricted pods only, among what the value sets take for granted."""
    name = f"chart-{secrets.token_hex(4)}"
    labels = {"pod-security.kubernetes.io/enforce": "restricted"}
    for one, its in ((name, labels), *((place, {}) for place in PLACES)):
        await kube.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": one, "labels": its}})
    await kube.create(POD_MONITOR)
    await kube.wait("CustomResourceDefinition", POD_MONITOR["metadata"]["name"], _established)
    yield name
    await kube.delete("CustomResourceDefinition", POD_MONITOR["metadata"]["name"])
    for one in (name, *PLACES):
        await kube.delete("Namespace", one)


def _established(definition: Object) -> bool:
    conditions = definition.get("status", {}).get("conditions") or ()
    return any(one["type"] == "Established" and one["status"] == "True" for one in conditions)


async def _dry_run(kube: Kube, body: Object, namespace: str) -> None:
    """Raises ApiError with what the API server has against it; a field that it does not know is an error, too."""
    kind = BESIDE.get(body["kind"]) or KINDS[body["kind"]]
    path = kind.path(body["metadata"].get("namespace", namespace))
    await kube.api.request("POST", path, body=body, params={"dryRun": "All", "fieldValidation": "Strict"})


def _pod(workload: Object) -> Object:
    """As its controller would make it."""
    template = workload["spec"]["template"]
    claims = workload["spec"].get("volumeClaimTemplates", ())
    volumes = [
        {"name": one["metadata"]["name"], "persistentVolumeClaim": {"claimName": one["metadata"]["name"]}}
        for one in claims
    ]
    spec = {**template["spec"], "volumes": [*template["spec"].get("volumes", ()), *volumes]}
    metadata = {**template["metadata"], "name": workload["metadata"]["name"]}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}


@pytest.mark.parametrize("values", value_sets(), ids=lambda path: path.stem)
async def test_a_value_set_is_accepted_and_its_pods_are_admitted(
    helm: Helm, kube: Kube, restricted: str, values: Path
) -> None:
    manifests = helm.render("--values", str(values), namespace=restricted)
    pods = [_pod(workload) for workload in workloads(manifests)]
    assert pods
    for body in (*manifests, *pods):
        await _dry_run(kube, body, restricted)


@pytest.mark.parametrize(
    ("where", "loosened"),
    [
        ("pod", {"runAsNonRoot": False}),
        ("pod", {"seccompProfile": {"type": "Unconfined"}}),
        ("container", {"allowPrivilegeEscalation": True}),
        ("container", {"capabilities": {"drop": ["NET_RAW"]}}),
    ],
    ids=["root", "seccomp", "escalation", "capabilities"],
)
async def test_a_pod_that_is_any_looser_would_be_refused(
    helm: Helm, kube: Kube, restricted: str, where: str, loosened: Object
) -> None:
    for workload in workloads(helm.render(namespace=restricted)):
        pod = _pod(workload)
        spec = pod["spec"] if where == "pod" else pod["spec"]["containers"][0]
        spec["securityContext"].update(loosened)
        with pytest.raises(ApiError, match='violates PodSecurity "restricted:latest"'):
            await _dry_run(kube, pod, restricted)
