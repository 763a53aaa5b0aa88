"""`python -m tests.controlplane build | up`: the control plane on the command line."""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
from pathlib import Path

from graph.demo.player import Pace

from . import binaries
from .plane import ControlPlane
from .playerthread import PlayerThread


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.controlplane", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("build", help="build what is missing, Helm too, and print the directories")
    up = commands.add_parser("up", help="run a control plane with played nodes until Ctrl-C")
    up.add_argument("--nodes", type=int, default=3)
    up.add_argument("--speed", type=float, default=1.0, help="how much faster than a kubelet the player is")
    arguments = parser.parse_args()
    try:
        directory = binaries.find()
        if arguments.command == "build":
            print(directory, binaries.build(binaries.HELM), sep="\n")
        else:
            asyncio.run(_up(directory, nodes=arguments.nodes, speed=arguments.speed))
    except binaries.BinariesUnavailableError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


async def _up(directory: Path, *, nodes: int, speed: float) -> None:
    ended = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    async with ControlPlane(directory) as plane:
        with PlayerThread(plane.kubeconfig, nodes=nodes, pace=Pace(speed=speed)):
            print(_welcome(plane))
            await ended.wait()
    print("control plane: ended")


def _welcome(plane: ControlPlane) -> str:
    return f"""control plane: {plane.server}, its files are in {plane.directory}

  export KUBECONFIG={plane.kubeconfig}
  export PATH={plane.binaries}:$PATH

Try:
  kubectl create deployment fine --image=registry.example/app:1.0 --replicas=2
  kubectl create deployment broken --image=registry.example/app:crash
  kubectl get pods --watch
The image's tag or an annotation says how a container fares; `pydoc tests.controlplane.player` lists the words.
Ctrl-C ends it."""


if __name__ == "__main__":
    sys.exit(main())
