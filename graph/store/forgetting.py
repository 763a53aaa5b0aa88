"""``statusgraph forget``: a cluster that is gone for good leaves Redis, and every api's answers a second later."""

from __future__ import annotations

from graph.errors import BadArgument, NameTaken
from graph.store.connection import Script, Server
from graph.store.keys import CLUSTERS, FORGOTTEN, Keys

GONE_MS = 30_000
"""A leader that did not beat for so long has no successor on the way either."""


async def forget(server: Server, cluster: str) -> None:
    """Removes the cluster and its history.

    NameTaken while an operator writes it, BadArgument for a name that Redis does not hold.
    """
    names = {name.decode() for name in await server.command("SMEMBERS", CLUSTERS)}
    if cluster not in names:
        raise BadArgument(f"there is no cluster {cluster!r} in Redis; there is: {', '.join(sorted(names)) or 'none'}")
    keys = Keys(cluster)
    all_of_it = [keys.meta, keys.changes, keys.transitions, keys.log, keys.actions, keys.action_order, keys.requests]
    await server.command("SREM", CLUSTERS, cluster)  # first: who claims the name from now on enters it again
    reply = await server.script(Script("forget"), all_of_it, [keys.resources(""), GONE_MS])
    if reply != b"OK":
        await server.command("SADD", CLUSTERS, cluster)
        raise NameTaken(
            f"an operator wrote {cluster!r} within the last {GONE_MS // 1000} s: end it first, then forget it"
        )
    await server.command("SADD", FORGOTTEN, cluster)
