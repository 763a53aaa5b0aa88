"""The examples of docs/clients.md: every block that has a title is a file, and is run as it stands there."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sys
import tempfile
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path

from tests.conformance import npm

ROOT = Path(__file__).parent.parent.parent
PAGE = ROOT / "docs" / "clients.md"
ADDRESS = "127.0.0.1:8000"
PATIENCE = 20.0

_BLOCK = re.compile(r'^```\w+ title="([^"]+)"\n(.*?)^```$', re.MULTILINE | re.DOTALL)


def blocks() -> dict[str, str]:
    """Title → text."""
    return dict(_BLOCK.findall(PAGE.read_text()))


@contextmanager
def written(port: int) -> Iterator[Path]:
    """A folder with all of them, for the server on this port, from where Node finds the modules."""
    with tempfile.TemporaryDirectory(prefix=".examples-", dir=npm.HERE) as home:
        folder = Path(home)
        for title, text in blocks().items():
            (folder / title).write_text(text.replace(ADDRESS, f"127.0.0.1:{port}"))
        (folder / "package.json").write_text('{"type": "module"}')
        (folder / "schema.graphql").write_text((ROOT / "schema.graphql").read_text())
        yield folder


def command(title: str) -> list[str]:
    """How one is run."""
    runners = {".sh": ["sh"], ".py": [sys.executable], ".mjs": ["node"], ".js": ["node"]}
    return [*runners[Path(title).suffix], title]


@asynccontextmanager
async def running(folder: Path, words: Sequence[str]) -> AsyncIterator[asyncio.subprocess.Process]:
    """A command, until it is left."""
    process = await asyncio.create_subprocess_exec(
        *words, cwd=folder, stdout=PIPE, stderr=PIPE, limit=1 << 20, start_new_session=True
    )
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)  # a shell's children too
        await process.wait()


async def output(folder: Path, words: Sequence[str], *, fails: bool = False) -> list[str]:
    """All that one writes that ends by itself. ``fails``: it ends with an error, as it should."""
    async with asyncio.timeout(PATIENCE), running(folder, words) as process:
        out, problem = await process.communicate()
    assert (process.returncode != 0) is fails, f"{words} ended with {process.returncode}: {problem.decode()[-2000:]}"
    return out.decode().splitlines()


async def first(folder: Path, words: Sequence[str], pattern: str, *, count: int = 1) -> list[str]:
    """The first lines like that of one that goes on forever."""
    found: list[str] = []
    async with asyncio.timeout(PATIENCE), running(folder, words) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        async for line in process.stdout:
            text = line.decode().rstrip()
            if re.search(pattern, text):
                found.append(text)
            if len(found) == count:
                return found
        raise AssertionError(f"{words} wrote {found} and ended: {(await process.stderr.read()).decode()[-2000:]}")
