"""``statusgraph forget``: a cluster that is gone for good leaves Redis, and every api's answers a second later."""

from __future__ import annotations

from graph.errors import BadArgument, NameTaken
from graph.store.connection import Script, Server, Value
from graph.store.keys import CLUSTERS, FORGOTTEN, Keys

GONE_MS = 30_000
"""A leader that did not beat for so long has no successor on the way either."""


async def forget(server: Server, cluster: str) -> None:
    """Removes the cluster, its name, its history and its idempotency keys, all of it or nothing.

    NameTaken while an operator writes it, BadArgument for a name that Redis does not hold.
    """
    keys = Keys(cluster)
    all_of_it = [keys.meta, keys.changes, keys.transitions, keys.log, keys.actions, keys.action_order, keys.requests]
    words: list[Value] = [keys.resources(""), GONE_MS, cluster, keys.asked("")]
    reply = await server.script(Script("forget"), [CLUSTERS, FORGOTTEN, *all_of_it], words)
    if reply == b"WRITTEN":
        raise NameTaken(
            f"an operator wrote {cluster!r} within the last {GONE_MS // 1000} s: end it first, then forget it"
        )
    if reply == b"NONE":
        names = sorted(name.decode(errors="replace") for name in await server.command("SMEMBERS", CLUSTERS))
        raise BadArgument(f"there is no cluster {cluster!r} in Redis; there is: {', '.join(names) or 'none'}")
