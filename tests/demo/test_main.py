"""``python -m graph.demo``: the bare cluster as a process of its own."""

from __future__ import annotations

import asyncio
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import pytest

SECONDS = 30.0


@asynccontextmanager
async def started(*options: str) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "graph.demo", *options),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(SECONDS):
            yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM])
async def test_it_says_where_it_is_and_ends_when_it_is_told_to(sign: signal.Signals) -> None:
    async with started("--speed", "10", "--nodes", "2") as process:
        assert process.stdout is not None
        url = (await process.stdout.readline()).decode().strip()
        assert (await process.stdout.readline()).decode() == f"kubectl --server {url} get pods -A\n"
        async with aiohttp.ClientSession() as session:
            async with session.get(f"{url}/api/v1/nodes") as answer:
                nodes = (await answer.json())["items"]
            assert [node["metadata"]["name"] for node in nodes] == ["node-1", "node-2"]
            async with session.get(f"{url}/api/v1/pods?watch=1") as watch:
                process.send_signal(sign)
                assert await watch.content.read() == b""
        output, errors = await process.communicate()
    assert (process.returncode, output, errors) == (0, b"", b"")


async def test_a_port_that_is_taken_is_one_sentence() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        async with started("--port", str(port)) as process:
            _, errors = await process.communicate()
    assert process.returncode == 1
    assert errors.decode() == f"The demo cluster cannot listen on 127.0.0.1:{port}: Address already in use.\n"
