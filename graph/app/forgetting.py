"""``statusgraph forget``: a command of a moment, over the same Redis as the program's halves."""

from __future__ import annotations

from graph.config import Settings
from graph.store import forgetting
from graph.store.connection import Server


async def forget(settings: Settings, cluster: str) -> None:
    """Raises BadArgument or StoreError, with a sentence for whoever typed it."""
    server = Server(settings.redis_url)
    try:
        await forgetting.forget(server, cluster)
    finally:
        await server.close()
