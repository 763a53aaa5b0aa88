"""Pytest fixtures: one control plane and one player for the session, a fresh namespace for each test.

Import them by name into a conftest. Without the programs and without Go the tests that need them are skipped, for one
stated reason; with `REQUIRE_CONTROLPLANE=1` they fail instead, so that CI cannot skip them unnoticed.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from graph.demo.player import Pace

from . import binaries
from .kube import Kube
from .plane import ControlPlane
from .playerthread import PlayerThread

NODES = 3
SPEED = 10.0

__all__ = ["Cluster", "cluster", "control_plane", "controlplane_binaries", "kube", "namespace"]


@dataclass(frozen=True, slots=True)
class Cluster:
    """The control plane, and the player that stands in for its kubelets."""

    plane: ControlPlane
    player: PlayerThread


@pytest.fixture(scope="session")
def controlplane_binaries(pytestconfig: pytest.Config) -> Path:
    """For tests that start a control plane of their own. The first build takes minutes: its progress is shown."""
    capture = pytestconfig.pluginmanager.getplugin("capturemanager")
    try:
        with capture.global_and_fixture_disabled() if capture else contextlib.nullcontext():
            return binaries.find()
    except binaries.BinariesUnavailableError as error:
        problem = str(error)
    if os.environ.get("REQUIRE_CONTROLPLANE") == "1":
        pytest.fail(problem, pytrace=False)
    pytest.skip(problem)


@pytest.fixture(scope="session")
async def cluster(controlplane_binaries: Path) -> AsyncIterator[Cluster]:
    """Ready to schedule; the player is ten times as fast as a kubelet."""
    async with ControlPlane(controlplane_binaries) as plane:
        with PlayerThread(plane.kubeconfig, nodes=NODES, pace=Pace(speed=SPEED)) as player:
            await _until_schedulable(plane, player)
            yield Cluster(plane, player)
            plane.check()


@pytest.fixture(scope="session")
def control_plane(cluster: Cluster) -> ControlPlane:
    return cluster.plane


@pytest.fixture(scope="session")
async def kube(control_plane: ControlPlane) -> AsyncIterator[Kube]:
    """The administrator."""
    async with Kube.from_kubeconfig(control_plane.kubeconfig) as admin:
        yield admin


@pytest.fixture
async def namespace(kube: Kube) -> AsyncIterator[str]:
    """A namespace of the test's own; its deletion is asked for, not waited for."""
    name = f"test-{secrets.token_hex(4)}"
    await kube.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
    yield name
    await kube.delete("Namespace", name)


async def _until_schedulable(plane: ControlPlane, player: PlayerThread) -> None:
    """Until the node controller has taken the not-ready taint off a new node, pods would be unschedulable."""
    async with Kube.from_kubeconfig(plane.kubeconfig) as admin:
        waits = (admin.wait("Node", node, lambda node: not node["spec"].get("taints")) for node in player.nodes)
        await asyncio.gather(*waits)
