"""Pytest fixtures: one control plane and one player for the session, a fresh namespace for each test.

With `CLUSTER=demo` the demo cluster takes the place of both, and what needs the real one is skipped.

Import them by name into a conftest. Without the programs and without Go the tests that need them are skipped, for one
stated reason; with `REQUIRE_CONTROLPLANE=1` they fail instead, so that CI cannot skip them unnoticed.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from graph.demo.player import Pace

from . import binaries
from .demo import DemoPlane
from .kube import Kube
from .plane import ControlPlane
from .playerthread import PlayerThread

NODES = 3
SPEED = 10.0

__all__ = ["Cluster", "cluster", "control_plane", "controlplane_binaries", "kube", "namespace", "provided"]


@dataclass(frozen=True, slots=True)
class Cluster:
    """The control plane, and the player that stands in for its kubelets."""

    plane: ControlPlane | DemoPlane
    player: PlayerThread | DemoPlane


def provided(config: pytest.Config, find: Callable[[], Path]) -> Path:
    """The directory of programs that `find` finds or builds; else skips, or fails where they are required."""
    capture = config.pluginmanager.getplugin("capturemanager")
    try:
        with capture.global_and_fixture_disabled() if capture else contextlib.nullcontext():
            return find()
    except binaries.BinariesUnavailableError as error:
        problem = str(error)
    if os.environ.get("REQUIRE_CONTROLPLANE") == "1":
        pytest.fail(problem, pytrace=False)
    pytest.skip(problem)


@pytest.fixture(scope="session")
def controlplane_binaries(pytestconfig: pytest.Config) -> Path:
    """For tests that start a control plane of their own. The first build takes minutes: its progress is shown."""
    if on_demo():
        pytest.skip("CLUSTER=demo: needs the programs of the real control plane")
    return provided(pytestconfig, binaries.find)


@pytest.fixture(scope="session")
async def cluster(request: pytest.FixtureRequest) -> AsyncIterator[Cluster]:
    """Ready to schedule; the player is ten times as fast as a kubelet."""
    if on_demo():
        async with DemoPlane(nodes=NODES, speed=SPEED) as demo:
            await _until_schedulable(demo, demo)
            yield Cluster(demo, demo)
            demo.check()
        return
    async with ControlPlane(request.getfixturevalue("controlplane_binaries")) as plane:
        with PlayerThread(plane.kubeconfig, nodes=NODES, pace=Pace(speed=SPEED)) as player:
            await _until_schedulable(plane, player)
            yield Cluster(plane, player)
            plane.check()


@pytest.fixture(scope="session")
def control_plane(cluster: Cluster) -> ControlPlane:
    """The real one: for tests of what the demo has not, rights above all."""
    if isinstance(cluster.plane, DemoPlane):
        pytest.skip("CLUSTER=demo: everybody may do everything there")
    return cluster.plane


@pytest.fixture(scope="session")
async def kube(cluster: Cluster) -> AsyncIterator[Kube]:
    """The administrator."""
    async with Kube.from_kubeconfig(cluster.plane.kubeconfig) as admin:
        yield admin


@pytest.fixture
async def namespace(kube: Kube) -> AsyncIterator[str]:
    """A namespace of the test's own; its deletion is asked for, not waited for."""
    name = f"test-{secrets.token_hex(4)}"
    await kube.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
    yield name
    await kube.delete("Namespace", name)


def on_demo() -> bool:
    """Whether the tests run on the demo cluster."""
    return os.environ.get("CLUSTER") == "demo"


async def _until_schedulable(plane: ControlPlane | DemoPlane, player: PlayerThread | DemoPlane) -> None:
    """Until the node controller has taken the not-ready taint off a new node, pods would be unschedulable."""
    async with Kube.from_kubeconfig(plane.kubeconfig) as admin:
        waits = (admin.wait("Node", node, lambda node: not node["spec"].get("taints")) for node in player.nodes)
        await asyncio.gather(*waits)
