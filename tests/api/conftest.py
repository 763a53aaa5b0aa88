"""A served world for each test."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.api.server import Host, Served, hosting
from tests.api.world import World, shop


@pytest.fixture(scope="session")
async def host() -> AsyncIterator[Host]:
    """A real server."""
    async with hosting() as running:
        yield running


@pytest.fixture
def served(host: Host) -> Served:
    """One cluster with the shop in it, actions allowed."""
    world = World()
    world.load(shop())
    return host.serve(world)


@pytest.fixture
def world(served: Served) -> World:
    """What is served."""
    return served.world
