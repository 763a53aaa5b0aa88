"""The websocket door of ``/graphql``: who may open one, and how many; what is said then is a ``Conversation``."""

from __future__ import annotations

from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket

from graph.api.context import Context
from graph.api.conversation import Conversation
from graph.api.drain import SERVICE_RESTART
from graph.api.execute import Operations
from graph.api.messages import PROTOCOL
from graph.api.origins import Origins


class SocketEndpoint:
    """The ASGI application of ``/graphql`` for websockets."""

    def __init__(self, operations: Operations, context: Context, origins: Origins) -> None:
        self._operations = operations
        self._context = context
        self._origins = origins

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        websocket = WebSocket(scope, receive, send)
        if not self._origins.welcome(websocket.headers):
            await websocket.send_denial_response(PlainTextResponse("foreign origin\n", status_code=403))
        elif self._context.drain.closing:
            await websocket.send_denial_response(PlainTextResponse("draining\n", status_code=503))
        else:
            await self._open(websocket)

    async def _open(self, websocket: WebSocket) -> None:
        """What a client library shall understand is said by a close code, for which the websocket has to be open."""
        if PROTOCOL not in websocket.scope["subprotocols"]:
            await websocket.accept()
            return await websocket.close(4406, "Subprotocol not acceptable")
        await websocket.accept(PROTOCOL)
        if self._context.drain.closing:  # since it asked
            return await websocket.close(SERVICE_RESTART, "draining")
        peer = websocket.client.host if websocket.client else ""
        full = self._context.drain.full(peer)
        if full is not None:
            return await websocket.close(4429, full)
        return await self._converse(websocket, peer)

    async def _converse(self, websocket: WebSocket, peer: str) -> None:
        conversation = Conversation(websocket, self._operations, self._context)
        self._context.drain.enter(conversation, peer)
        try:
            with self._context.metrics.sockets.track_inprogress():
                await conversation.run()
        finally:
            self._context.drain.leave(conversation)
