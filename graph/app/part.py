"""What the program's halves have in common: something that answers HTTP, and something that runs beside it."""

from __future__ import annotations

from collections.abc import Callable, Coroutine

from starlette.applications import Starlette

Job = Callable[[], Coroutine[None, None, None]]
"""Runs until it is cancelled."""


class Part:
    """One of the program's halves, ready to run.

    ``app`` answers at ``listen``; ``drain`` is awaited before the end; ``trusted_proxies`` are believed when they say
    whose a connection is.
    """

    def __init__(
        self,
        name: str,
        listen: str,
        app: Starlette,
        job: Job,
        *,
        drain: Job | None = None,
        trusted_proxies: tuple[str, ...] = (),
    ) -> None:
        self.name = name
        self.listen = listen
        self.app = app
        self.job = job
        self.drain = drain
        self.trusted_proxies = trusted_proxies
