"""Statusgraph's own client of the real control plane."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from graph.kube.client import Kube, connect
from tests.controlplane.plane import ControlPlane


@pytest.fixture(scope="session")
async def api(control_plane: ControlPlane) -> AsyncIterator[Kube]:
    client = await connect(str(control_plane.kubeconfig), None)
    yield client
    await client.close()
