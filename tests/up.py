"""``just up``: the whole program on this machine, until Ctrl-C.

A real control plane with played kubelets, a Redis server, some applications, and ``statusgraph serve``.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import sys
from contextlib import AsyncExitStack, closing
from pathlib import Path
from typing import Any

import yaml

from graph.demo.player import Pace
from tests.controlplane.binaries import BinariesUnavailableError, find
from tests.controlplane.kube import Kube
from tests.controlplane.plane import ControlPlane
from tests.controlplane.playerthread import PlayerThread
from tests.servers import RedisServer, binary

APPLICATIONS = Path(__file__).parent / "up.yaml"


async def up(port: int) -> int:
    """Runs until a signal; the exit code of ``serve``."""
    programs, redis_program = find(), binary()
    if redis_program is None:
        print("no redis-server or valkey-server on the PATH; install one of them", file=sys.stderr)
        return 2
    redis = RedisServer(redis_program, appendonly=True)
    async with AsyncExitStack() as stack:
        stack.enter_context(closing(redis))
        redis.start()
        plane = await stack.enter_async_context(ControlPlane(programs))
        stack.enter_context(PlayerThread(plane.kubeconfig, nodes=3, pace=Pace(speed=5)))
        kube = await stack.enter_async_context(Kube.from_kubeconfig(plane.kubeconfig))
        for body in _applications():
            await kube.create(body)
        return await _serve(port, plane, redis)


def _applications() -> list[dict[str, Any]]:
    return list(yaml.safe_load_all(APPLICATIONS.read_text()))


async def _serve(port: int, plane: ControlPlane, redis: RedisServer) -> int:
    environment = {
        **os.environ,
        "KUBECONFIG": str(plane.kubeconfig),
        "REDIS_URL": redis.url,
        "STATUSGRAPH_ACTIONS": "on",
        "STATUSGRAPH_API_LISTEN": f"127.0.0.1:{port}",
        "STATUSGRAPH_DRAIN_SECONDS": "0",
    }
    print(f"GraphQL: http://127.0.0.1:{port}/graphql   kubectl: export KUBECONFIG={plane.kubeconfig}", flush=True)
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", "graph", "serve", env=environment)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, _end, process)
    return await process.wait()


def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.terminate()


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(prog="just up", description=__doc__)
    parser.add_argument("--port", type=int, default=8000, help="of the GraphQL API (default: %(default)s)")
    try:
        return asyncio.run(up(parser.parse_args().port))
    except BinariesUnavailableError as error:
        print(error, file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
