"""A resource that not every cluster has comes and goes without a restart."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any

import msgspec

from graph.errors import ClusterUnreachable, NotFound
from graph.judging.decode import variants
from graph.kube.client import connect
from graph.model.kind import Watched
from graph.watch.reflector import Reflector, Timing
from tests.controlplane.kube import Kind as KubeKind
from tests.controlplane.kube import Kube
from tests.controlplane.plane import ControlPlane
from tests.watch.conftest import Play, Told, pods
from tests.watch.server import Answer, line, page, pod, stream

GADGETS = msgspec.structs.replace(
    pods().kinds[0], name="GADGET", resource=Watched("example.com/v1", "gadgets", "Gadget", optional=True)
)
NONE = Answer("404 page not found\n", status=404)


async def test_an_optional_resource_comes_goes_and_comes_again(play: Play) -> None:
    play.server.lists += [NONE, NONE, page(pod("a"), version=7), NONE, NONE, page(pod("b"), version=20)]
    play.server.watches += [stream(line("ADDED", pod("c", 8))), NONE]
    assert await play.run(what=variants([GADGETS])["gadgets"]) == ["= a@1", "+ c@8", "= ", "= b@1"]
    assert {type(error) for error in play.recorder.problems} == {NotFound}
    assert len(play.waits) == len(play.server.asked) - 3, "one before each, but the first and the watches of two lists"


async def test_one_answer_that_nothing_is_there_empties_nothing(play: Play) -> None:
    play.server.lists += [page(pod("a"), version=7), page(pod("a"), version=9)]
    play.server.watches += [NONE]
    assert await play.run(what=variants([GADGETS])["gadgets"]) == ["= a@1", "= a@1"]


async def test_a_resource_that_every_cluster_has_is_not_emptied_by_its_absence(play: Play) -> None:
    play.server.lists += [page(pod("a"), version=7), NONE, NONE, page(pod("a"), version=9)]
    play.server.watches += [NONE]
    assert await play.run() == ["= a@1", "= a@1"]


async def test_a_custom_resource_of_a_real_cluster_is_followed_whenever_it_is_installed(
    control_plane: ControlPlane, kube: Kube, namespace: str
) -> None:
    told, client = Told(), await connect(str(control_plane.kubeconfig), None)
    what, timing = variants([GADGETS])["gadgets"], Timing(timeout=300, silence=70, scale=0.02)
    reflector = Reflector(client, what, told, told, namespace=namespace, timing=timing, clock=lambda: 0.0)
    task = asyncio.create_task(reflector.run())
    try:
        await told.until(lambda _: told.problems)
        for name in ("one", "two"):
            await _come_and_go(name, kube, told, namespace=namespace)
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        await client.close()
    assert {type(error) for error in told.problems} <= {NotFound, ClusterUnreachable}


async def _come_and_go(name: str, kube: Kube, told: Told, *, namespace: str) -> None:
    lists = told.tally.lists
    await kube.create(DEFINITION)
    await told.until(lambda _: told.tally.lists > lists)
    await kube.api.request("POST", GADGET.path(namespace), body=_gadget(name))
    await told.until(lambda words: words[-1].startswith(f"+ {name}@"))
    await kube.delete("CustomResourceDefinition", DEFINITION["metadata"]["name"])
    await told.until(lambda words: [word[:5] for word in words[-2:]] == [f"- {name}", "= "])


GADGET = KubeKind("example.com/v1", "gadgets")
DEFINITION: dict[str, Any] = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {"name": "gadgets.example.com"},
    "spec": {
        "group": "example.com",
        "scope": "Namespaced",
        "names": {"plural": "gadgets", "singular": "gadget", "kind": "Gadget", "listKind": "GadgetList"},
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


def _gadget(name: str) -> dict[str, Any]:
    return {"apiVersion": "example.com/v1", "kind": "Gadget", "metadata": {"name": name}}
