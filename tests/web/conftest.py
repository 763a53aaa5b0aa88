"""A browser for all tests, and a served world for each."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser

from tests.api.conftest import host, served, world  # noqa: F401 # pytest finds them here
from tests.api.server import Served
from tests.web.browser import SIZE, Graphiql, launched, program


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    """A browser. None on this machine: skipped, where a skip is no failure."""
    executable = program()
    if executable is None:
        missing = "no chromium, chromium-browser or google-chrome on the PATH"
        if os.environ.get("REQUIRE_CHROMIUM"):
            pytest.fail(missing)
        pytest.skip(missing)
    async with launched(executable) as running:
        yield running


@pytest.fixture
async def graphiql(browser: Browser, served: Served) -> AsyncIterator[Graphiql]:  # noqa: F811 # a fixture
    """GraphiQL as somebody finds it who was never here. Nothing may go wrong in it, or be asked of another host."""
    context = await browser.new_context(viewport=SIZE)
    opened = Graphiql(await context.new_page())
    await opened.open(f"http://127.0.0.1:{served.port}/graphql")
    yield opened
    await context.close()
    assert opened.errors == []
    assert opened.hosts == {f"127.0.0.1:{served.port}"}
