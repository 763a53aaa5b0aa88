"""The lines of `python -m tests.conformance`, and the examples of docs/clients.md, each as a test."""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import AsyncIterator, Awaitable

import pytest

from tests.conformance import clients, examples, npm, table
from tests.conformance.npm import NpmMissing
from tests.conformance.table import CHECKS, EXAMPLES, Finding
from tests.conformance.target import Target
from tests.demo.running import Demo

NPM = {"H1", "H7"}
"""Lines that npm packages are needed for."""
WITHOUT_NPM = {clients.curl.__name__, clients.gql.__name__}


@pytest.fixture(scope="session")
def npm_problem() -> str | None:
    """Why the npm clients cannot be run. Tests that need them are skipped, where a skip is no failure."""
    try:
        npm.installed()
    except NpmMissing as missing:
        if os.environ.get("REQUIRE_NPM"):
            pytest.fail(str(missing))
        return str(missing)
    return None


Findings = dict[str, Finding]


@pytest.fixture(scope="session")
async def findings(redis_program: str) -> AsyncIterator[Awaitable[Findings]]:
    """What disturbs others is tried when this is there; the others wait for half a minute while examples are run."""
    async with table.server(redis_program) as apis:
        lines = table.protocol(Target("127.0.0.1", apis.ports[0], apis))
        first = await table.tried([line for line in lines if line.alone])
        waiting = asyncio.create_task(table.tried([line for line in lines if not line.alone]))

        async def all_of_them() -> Findings:
            return {finding.line.name: finding for finding in [*first, *await waiting]}

        yield asyncio.ensure_future(all_of_them())
        assert "Traceback" not in apis.processes[0].log()


@pytest.fixture(scope="session")
async def demo() -> AsyncIterator[Demo]:
    """With stories that are told fast, so that there is something to follow."""
    async with Demo("--pace", "5") as running:
        yield running


@pytest.mark.parametrize("name", [example.__name__ for example in EXAMPLES])
async def test_an_example_of_the_page_does_what_it_says(
    findings: Awaitable[Findings], demo: Demo, npm_problem: str | None, name: str
) -> None:
    if name not in WITHOUT_NPM and npm_problem:
        pytest.skip(npm_problem)
    with examples.written(demo.port) as folder:
        await next(line.run() for line in table.examples(folder) if line.name == name)


@pytest.mark.parametrize("name", [check.__name__.upper() for check in CHECKS])
async def test_what_a_client_sees_is_as_promised(
    findings: Awaitable[Findings], npm_problem: str | None, name: str
) -> None:
    if name in NPM and npm_problem:
        pytest.skip(npm_problem)
    found = (await findings)[name]
    print(f"\n{found}")
    assert found.problem is None


def test_every_example_is_run() -> None:
    run = "".join(file.read_text() for file in (examples.ROOT / "tests" / "conformance").glob("*.py"))
    assert [title for title in examples.blocks() if title not in run] == []


def test_every_close_code_that_is_sent_is_explained() -> None:
    sent = "".join((examples.ROOT / "graph" / "api" / name).read_text() for name in ("ws.py", "conversation.py"))
    explained = re.findall(r"\d{4}", "".join(re.findall(r"^\| (\d.*?) \|", examples.PAGE.read_text(), re.MULTILINE)))
    assert set(re.findall(r"\b(?:4[0-9]{3}|10[01][0-9])\b(?=,)", sent)) <= set(explained)
