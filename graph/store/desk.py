"""Where the api leaves requests for actions and the operator finds them: see ``Desk`` in ``protocols``."""

from __future__ import annotations

from collections.abc import AsyncIterator

import structlog

from graph.errors import MalformedObject
from graph.model.action import ActionRequest
from graph.store.codec import Codec
from graph.store.connection import Script, Server, Value
from graph.store.keys import Keys

KEEP = 10_000
REMEMBER = 86_400
"""Seconds for which an idempotency key is remembered."""
WAIT = 1.0

log = structlog.get_logger(__name__)


class RedisDesk:
    """Reads block, so they have a connection of their own: two clients of one server."""

    def __init__(self, server: Server, tailing: Server, codec: Codec) -> None:
        self._server = server
        self._tailing = tailing
        self._codec = codec
        self._ask = Script("ask")

    async def ask(self, request: ActionRequest, fingerprint: str) -> bool:
        """False when the id was used for something else."""
        keys = Keys(request.target.cluster)
        args: list[Value] = [fingerprint, self._codec.encode(request), KEEP, REMEMBER]
        return bool(await self._server.script(self._ask, [keys.asked(request.id), keys.requests], args) != b"OTHER")

    async def requests(self, cluster: str) -> AsyncIterator[tuple[str, ActionRequest]]:
        """(receipt, request): first those left over, then new ones as they come."""
        last, stream = "0-0", Keys(cluster).requests
        while True:
            for entry_id, (_, value, *_) in await self._tailing.read(stream, last, count=10, wait=WAIT):
                last = entry_id.decode()
                try:
                    request = self._codec.request(value)
                except MalformedObject as error:
                    log.error("a request for an action cannot be read, dropped", receipt=last, problem=str(error))
                    await self.done(cluster, last)
                    continue
                yield last, request

    async def done(self, cluster: str, receipt: str) -> None:
        """The request was carried out; it will not come again."""
        await self._server.command("XDEL", Keys(cluster).requests, receipt)
