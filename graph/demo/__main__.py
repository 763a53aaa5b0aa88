"""``python -m graph.demo``: the bare demo cluster, without stories, until it is interrupted."""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys

from graph.demo.cluster import Cluster, PortTaken


def main() -> int:
    """The exit code."""
    parser = argparse.ArgumentParser(prog="python -m graph.demo", description="A small Kubernetes API on loopback.")
    parser.add_argument("--port", type=int, default=0, help="where it listens; any free port by itself")
    parser.add_argument("--speed", type=float, default=1.0, help="how many times faster than a kubelet pods start")
    parser.add_argument("--nodes", type=int, default=3)
    parser.add_argument("--seed", type=int, default=0, help="repeats names, UIDs and logs")
    arguments = parser.parse_args()
    try:
        asyncio.run(_serve(**vars(arguments)))
    except PortTaken as error:
        print(error, file=sys.stderr)  # noqa: T201 # a command's one sentence
        return 1
    return 0


async def _serve(*, port: int, speed: float, nodes: int, seed: int) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for one in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(one, stop.set)
    async with Cluster(port=port, speed=speed, nodes=nodes, seed=seed) as cluster:
        print(cluster.url, f"kubectl --server {cluster.url} get pods -A", sep="\n", flush=True)  # noqa: T201
        await stop.wait()


if __name__ == "__main__":
    sys.exit(main())
