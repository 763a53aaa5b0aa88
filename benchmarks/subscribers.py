"""Many websocket subscribers in one process: ``python -m benchmarks.subscribers PORT COUNT EXPECTED SECONDS``.

Says ``ready`` when all are subscribed to the transitions of pods. When each has received as many as expected or lost
its connection, or the time is up, it prints when every frame arrived: {name of the pod: [seconds of the monotonic
clock, ...]}.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections import defaultdict
from contextlib import suppress

import uvloop
import websockets

from tests.e2e.client import TRANSITIONS, subscription

FILTER = {"kinds": ["POD"]}


class Crowd:
    """All the subscribers of this process."""

    def __init__(self, port: int, count: int, expected: int) -> None:
        self._port = port
        self._count = count
        self._expected = expected
        self._subscribed = 0
        self.arrivals: dict[str, list[float]] = defaultdict(list)

    async def run(self, seconds: float) -> None:
        """Until each has received what is expected, or the time is up."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds), asyncio.TaskGroup() as tasks:
                for _ in range(self._count):
                    tasks.create_task(self._one())

    async def _one(self) -> None:
        with suppress(websockets.ConnectionClosed):  # what it did not receive is missing in the figures
            await self._follow()

    async def _follow(self) -> None:
        left = self._expected
        async with subscription(self._port, TRANSITIONS, {"filter": FILTER}) as payloads:
            async for payload in payloads:
                arrived = time.monotonic()
                item = payload["data"]["statusTransitions"]
                if item["__typename"] == "StreamStart":
                    self._started()
                    continue
                self.arrivals[item["object"]["name"]].append(arrived)
                left -= 1
                if not left:
                    return

    def _started(self) -> None:
        self._subscribed += 1
        if self._subscribed == self._count:
            print("ready", flush=True)


def main() -> None:
    """The command."""
    port, count, expected, seconds = map(int, sys.argv[1:])
    crowd = Crowd(port, count, expected)
    uvloop.run(crowd.run(seconds))
    print(json.dumps(crowd.arrivals))


if __name__ == "__main__":
    main()
