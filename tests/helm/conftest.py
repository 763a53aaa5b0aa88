"""Helm, built from its committed go.mod; skipped or failed where it cannot be, like the control plane."""

from __future__ import annotations

import pytest

from tests.controlplane import binaries
from tests.controlplane.fixtures import provided
from tests.helm.program import Helm


@pytest.fixture(scope="session")
def helm(pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory) -> Helm:
    """Without a cluster."""
    directory = provided(pytestconfig, lambda: binaries.build(binaries.HELM))
    return Helm(directory / "helm", tmp_path_factory.mktemp("helm"))
