"""Statusgraph's own client of the cluster."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from graph.kube.client import Kube, connect
from tests.controlplane.fixtures import Cluster


@pytest.fixture(scope="session")
async def api(cluster: Cluster) -> AsyncIterator[Kube]:
    client = await connect(str(cluster.plane.kubeconfig), None)
    yield client
    await client.close()
