"""What containers write to their log: templates of lines for each way in which a container can fare.

A template's placeholders are ``{at}`` (the instant, as many servers write it), ``{version}`` (the image's tag),
``{pod}``, ``{word}`` for each annotation ``tell.statusgraph.io/word`` of the pod, and the random ones of ``_RANDOM``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from random import Random

TOLD = "tell.statusgraph.io/"


@dataclass(frozen=True, slots=True)
class Mood:
    """How a container writes while it fares so. Each template is one line."""

    start: tuple[str, ...] = ()
    """At once, one after another."""
    work: tuple[str, ...] = ()
    """Spread evenly over the time for which it is known to run."""
    steady: tuple[str, ...] = ()
    """Drawn from again and again, as long as it runs."""
    every: float = 4.0
    """Seconds between two of these, on average."""
    end: tuple[str, ...] = ()
    """The last ones."""


Voice = Mapping[str, Mood]
"""By the verb that the player plays (``ok``, ``crash``, …); what is not there fares as ``ok``."""

PLAIN: Voice = {
    "ok": Mood(
        start=("starting version {version}", "listening on :8080"),
        steady=('{ip} - "GET /healthz HTTP/1.1" 200 {ms}ms', '{ip} - "GET / HTTP/1.1" 200 {ms}ms'),
        end=("received SIGTERM, closing connections", "bye"),
    ),
    "crash": Mood(start=("starting version {version}",), end=("fatal: unrecoverable error, exiting",)),
    "oom": Mood(start=("starting version {version}",), steady=("heap usage is {percent}%",), every=1.5),
    "unhealthy": Mood(start=("starting version {version}",), end=("received SIGTERM, closing connections",)),
    "exit": Mood(start=("started",), work=("working",), end=("done",)),
}
"""Of images that no story knows."""


@dataclass(frozen=True, slots=True)
class Words:
    """What the placeholders of one line stand for."""

    known: Mapping[str, str]
    random: Random

    def say(self, template: str, at: float) -> str:
        """The line, at its instant."""
        written = datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
        drawn = {name: draw(self.random) for name, draw in _RANDOM.items() if "{" + name + "}" in template}
        return template.format_map(_Known({"at": written, **self.known, **drawn}))


class _Known(dict[str, str]):
    def __missing__(self, word: str) -> str:
        return "?"


_RANDOM: Mapping[str, Callable[[Random], str]] = {
    "ms": lambda random: str(max(1, round(random.lognormvariate(2.8, 0.8)))),
    "ip": lambda random: f"10.244.{random.randint(0, 3)}.{random.randint(2, 250)}",
    "id": lambda random: str(random.randint(10_000, 99_999)),
    "trace": lambda random: f"{random.getrandbits(64):016x}",
    "count": lambda random: str(random.randint(12, 980)),
    "percent": lambda random: str(random.randint(86, 98)),
    "price": lambda random: f"{random.uniform(4, 240):.2f}",
}
