"""Anything at all, sent to the real application over real sockets: no 5xx, no traceback, no leaked task.

``python -m tests.api.fuzz --requests 10000`` sends so many requests and frames, by chance; the suite sends some, the
same ones each time. Documents are generated from the grammar of the schema, then damaged; so are variables, cursors,
ids, bodies, headers and frames.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import logging
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import hypothesis
import structlog
from hypothesis import HealthCheck
from hypothesis import strategies as st

from graph.model.status import State
from tests.api import fuzzed
from tests.api.fuzzed import Conversation, HttpRequest
from tests.api.fuzzgraph import ACTION, SUBSCRIPTION
from tests.api.fuzzwire import Wire
from tests.api.server import Served, hosting, until
from tests.api.world import World, entry, key, shop, transition

CALM = 10.0
"""Seconds for everything that clients left behind to end."""
ROUND = 200
"""Examples of hypothesis, each of some requests or frames."""
TURN = 0.02
"""Seconds between changes of the world: subscriptions have something to tell, ``heldFor`` something to forget."""


class Problems(logging.Handler):
    """What was logged that nobody meant to log."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.found: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.found.append(f"{record.name}: {record.getMessage()} {record.exc_info}")

    def note(self, logger: object, method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
        """structlog's side of it."""
        if method in ("error", "exception", "critical"):
            self.found.append(f"{event.get('event')}: {event.get('exc_info')!r}")
        raise structlog.DropEvent


class Fuzzed:
    """A served world in a thread of its own. ``sent`` counts requests, frames, what came of them, and what was told."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.sent: Counter[str] = Counter()
        self.problems = Problems()
        self._thread = threading.Thread(target=self.loop.run_forever)
        self._ending = asyncio.Event()
        self._port = 0

    @property
    def count(self) -> int:
        """Requests and frames."""
        return sum(count for what, count in self.sent.items() if not what.startswith(("closed", "told")))

    @contextmanager
    def serving(self) -> Iterator[Wire]:
        """Afterwards everything is as it was, or AssertionError."""
        before = structlog.get_config()
        structlog.configure(processors=[self.problems.note], cache_logger_on_first_use=False)
        logging.getLogger().addHandler(self.problems)
        self._thread.start()
        ready = threading.Event()
        served = asyncio.run_coroutine_threadsafe(self._serve(ready), self.loop)
        try:
            assert ready.wait(CALM), served.exception()
            yield Wire(self._port)
        finally:
            self.loop.call_soon_threadsafe(self._ending.set)
            served.result(CALM * 2)
            self.loop.call_soon_threadsafe(self.loop.stop)
            self._thread.join()
            self.loop.close()
            logging.getLogger().removeHandler(self.problems)
            structlog.configure(**before)
        assert self.problems.found == []

    async def _serve(self, ready: threading.Event) -> None:
        world = World()
        world.load(shop(), actions=[ACTION])
        async with hosting() as host:
            served = host.serve(world)
            before = asyncio.all_tasks()
            self._port = host.port
            ready.set()
            stirring = asyncio.create_task(_stir(world))
            await self._ending.wait()
            stirring.cancel()
            with suppress(asyncio.CancelledError):
                await stirring
            assert (await served.query("{ clusters { name } }")).data == {"clusters": [{"name": "one"}]}
            await _calm(served, len(before))

    def run(self, wire: Wire, *, examples: int) -> None:
        """So many of anything, and some heads, and of each subscription some."""
        self._send(wire, st.one_of(fuzzed.requests(), fuzzed.requests(), fuzzed.conversations()), examples)
        self._send(wire, fuzzed.headed(), max(20, examples // 10))
        for name in SUBSCRIPTION.fields:
            self._send(wire, fuzzed.followings(name), max(20, examples // 20))

    def _send(self, wire: Wire, what: st.SearchStrategy[Any], examples: int) -> None:

        @hypothesis.settings(
            max_examples=examples, database=None, deadline=None, suppress_health_check=list(HealthCheck)
        )
        @hypothesis.given(what)
        def send(given: HttpRequest | Conversation) -> None:
            self.sent.update(wire.converse(given) if isinstance(given, Conversation) else wire.ask(given))
            logged, self.problems.found = self.problems.found, []
            assert logged == []

        send()


async def _stir(world: World) -> None:
    """A pod breaks and is well again, and everything else that is told of is told."""
    pod = key("POD", "web-1")
    states = [State.HEALTHY, State.FAILED]
    for number in itertools.count():
        world.tell(transition(pod, states[number % 2], states[number % 2 - 1], service=key("SERVICE", "web")))
        world.log(entry(f"e{number}"))
        world.act(ACTION)
        await asyncio.sleep(TURN)


async def _calm(served: Served, tasks: int) -> None:
    """Nothing is left of any client."""
    async with asyncio.timeout(CALM):
        await until(lambda: len(asyncio.all_tasks()) <= tasks)
    assert len(served.world.hub) == 0
    assert len(served.world.context.drain) == 0


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.api.fuzz", description=__doc__)
    parser.add_argument("--requests", type=int, default=10_000, help="requests and frames, at least")
    arguments = parser.parse_args()
    fuzz = Fuzzed()
    with fuzz.serving() as wire:
        while fuzz.count < arguments.requests:
            fuzz.run(wire, examples=ROUND)
            print(f"{fuzz.count} requests and frames", flush=True)
    print(*(f"{count:>7} {what}" for what, count in sorted(fuzz.sent.items())), sep="\n")
    print("0 answers 5xx, 0 tracebacks, 0 leaked tasks")
    return 0


if __name__ == "__main__":
    sys.exit(main())
