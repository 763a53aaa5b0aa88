"""``python -m tests.e2e.reallife [RECORDING]``: what is heard of each object, and what went wrong; the watch events go
to a file where one is named.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from graph.demo.player import Pace
from tests import servers
from tests.controlplane import binaries
from tests.controlplane.fixtures import NODES, SPEED, Cluster
from tests.controlplane.kube import Kube
from tests.controlplane.plane import ControlPlane
from tests.controlplane.playerthread import PlayerThread
from tests.e2e.reallife.told import RealLife, real_life
from tests.recordings.history import write


async def main(file: str | None) -> int:
    """The exit code is 1 when an actor waited in vain."""
    redis = servers.binary()
    if redis is None:
        sys.exit("no redis-server or valkey-server on the PATH")
    async with ControlPlane(binaries.find()) as plane, Kube.from_kubeconfig(plane.kubeconfig) as kube:
        with PlayerThread(plane.kubeconfig, nodes=NODES, pace=Pace(speed=SPEED)) as player:
            for node in player.nodes:
                await kube.wait("Node", node, lambda one: not one["spec"].get("taints"))
            async with real_life(kube, Cluster(plane, player), redis) as life:
                return _report(life, file)


def _report(life: RealLife, file: str | None) -> int:
    heard = life.story.heard
    objects = dict.fromkeys((one["object"]["kind"], one["object"]["name"]) for one in heard.transitions)
    for kind, name in sorted(objects):
        print(kind, name, *heard.of(kind, name))
    print(f"{len(life.seen)} watch events, {len(heard.transitions)} transitions of {len(objects)} objects")
    if file is not None:
        write(Path(file), life.seen)
    for problem in life.wrong:
        print(problem)
    return 1 if life.wrong else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main(sys.argv[1] if len(sys.argv) > 1 else None)))
