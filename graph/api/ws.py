"""GraphQL over websocket, ``graphql-transport-ws`` only: one ``Socket`` for each connection, one task for each
operation.

A client that does not keep to the protocol is told so by a close code; an operation that fails ends alone, with an
``error`` message. Whatever happens, all of a connection's operations end with it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from contextlib import aclosing
from typing import Any
from urllib.parse import urlsplit

import msgspec
import strawberry
import structlog
from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from graph.api.context import Context
from graph.api.errors import Code
from graph.api.execute import MAX_BYTES, formatted, is_request_error, refusal, unreadable
from graph.api.messages import PROTOCOL, Complete, Init, Message, Ping, Pong, Subscribe, decode

log = structlog.get_logger(__name__)

INIT_WAIT = 5.0
"""Seconds in which a client must send ``connection_init``."""
SEND_WAIT = 20.0
"""Seconds after which a client that does not read is dropped."""
MAX_OPERATIONS = 20
"""That one connection may have under way."""


class SocketEndpoint:
    """The ASGI application of ``/graphql`` for websockets."""

    def __init__(self, schema: strawberry.Schema, context: Context, allowed_origins: Collection[str]) -> None:
        self._schema = schema
        self._context = context
        self._allowed_origins = frozenset(allowed_origins)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        websocket = WebSocket(scope, receive, send)
        if not self._welcome(websocket.headers):
            await websocket.send_denial_response(PlainTextResponse("foreign origin\n", status_code=403))
        elif self._context.drain.draining:
            await websocket.send_denial_response(PlainTextResponse("draining\n", status_code=503))
        else:
            await self._serve(websocket)

    def _welcome(self, headers: Headers) -> bool:
        """Browsers let any page open a websocket, and tell its Origin: ours may, and those that a setting allows."""
        origin = headers.get("origin")
        return origin is None or origin in self._allowed_origins or _is_own(origin, headers.get("host"))

    async def _serve(self, websocket: WebSocket) -> None:
        if PROTOCOL not in websocket.scope["subprotocols"]:
            await websocket.accept()
            await websocket.close(4406, "Subprotocol not acceptable")
            return
        await websocket.accept(PROTOCOL)
        socket = Socket(websocket, self._schema, self._context)
        self._context.drain.enter(socket)
        try:
            with self._context.metrics.sockets.track_inprogress():
                await socket.run()
        finally:
            self._context.drain.leave(socket)


class Violation(Exception):  # of the protocol, by the client
    """Ends a connection with a close code."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code


class Socket:
    """One connection."""

    def __init__(self, websocket: WebSocket, schema: strawberry.Schema, context: Context) -> None:
        self._websocket = websocket
        self._schema = schema
        self._context = context
        self._acknowledged = False
        self._operations: dict[str, asyncio.Task[None]] = {}

    async def run(self) -> None:
        """Until the client, or the server, ends it."""
        try:
            async with asyncio.timeout(INIT_WAIT) as waiting:
                while not self._acknowledged:
                    await self._handle(await self._receive())
                waiting.reschedule(None)
            while True:
                await self._handle(await self._receive())
        except WebSocketDisconnect:
            pass
        except Violation as violation:
            await self.close(violation.code, str(violation))
        except TimeoutError:
            await self.close(4408, "Connection initialisation timeout")
        except Exception:
            log.exception("a websocket failed")
            await self.close(4500, "Internal server error")
        finally:
            await self._end()

    async def close(self, code: int, reason: str) -> None:
        """Ends it from our side, unless it has ended."""
        if self._websocket.application_state is WebSocketState.CONNECTED:
            await self._websocket.close(code, reason)

    async def _receive(self) -> Message:
        frame = await self._websocket.receive()
        if frame["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(frame["code"])
        text = frame.get("text")
        if text is None:
            raise Violation(4400, "Only text messages are understood")
        if len(text) > MAX_BYTES:
            raise Violation(1009, "Message too big")
        try:
            return decode(text)
        except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
            raise Violation(4400, unreadable(error)[:100]) from error

    async def _handle(self, message: Message) -> None:
        match message:
            case Init():
                await self._init()
            case Ping(payload=payload):
                await self._send({"type": "pong"} if payload is None else {"type": "pong", "payload": payload})
            case Pong():
                pass
            case Subscribe():
                await self._subscribe(message)
            case Complete(id=id_):
                operation = self._operations.pop(id_, None)
                if operation is not None:
                    operation.cancel()

    async def _init(self) -> None:
        if self._acknowledged:
            raise Violation(4429, "Too many initialisation requests")
        self._acknowledged = True
        await self._send({"type": "connection_ack"})

    async def _subscribe(self, message: Subscribe) -> None:
        if not self._acknowledged:
            raise Violation(4401, "Unauthorized")
        if message.id in self._operations:
            raise Violation(4409, f"Subscriber for {message.id} already exists"[:100])
        if len(self._operations) >= MAX_OPERATIONS:
            refused = refusal(Code.TOO_MANY_OPERATIONS, f"a connection may have {MAX_OPERATIONS} operations")
            await self._send({"id": message.id, "type": "error", "payload": formatted(refused)["errors"]})
            return
        self._operations[message.id] = asyncio.create_task(self._operate(message))

    async def _operate(self, message: Subscribe) -> None:
        """One operation to its end; ends the connection when it cannot go on."""
        try:
            if await self._stream(message):
                self._operations.pop(message.id, None)
                await self._send({"id": message.id, "type": "complete"})
        except Violation as violation:
            await self.close(violation.code, str(violation))
        except WebSocketDisconnect:
            pass
        except Exception:
            log.exception("an operation failed")
            await self.close(4500, "Internal server error")
        finally:
            if self._operations.get(message.id) is asyncio.current_task():
                del self._operations[message.id]

    async def _stream(self, message: Subscribe) -> bool:
        """Whether it came to its own end; otherwise an error was sent, which is an end, too."""
        request = message.payload
        results = await self._schema.stream(
            request.query,
            variable_values=request.variables,
            context_value=self._context,
            operation_name=request.operation_name,
        )
        outcome = "ok"
        async with aclosing(results):
            result: Any  # never one of incremental delivery, which is not offered
            async for result in results:
                payload = formatted(result)
                if is_request_error(result):
                    outcome = "error"
                    self._operations.pop(message.id, None)
                    await self._send({"id": message.id, "type": "error", "payload": payload["errors"]})
                    break
                await self._send({"id": message.id, "type": "next", "payload": payload})
                await asyncio.sleep(0)  # nothing above waits while items are there: all others get their turn
        self._context.metrics.requests.labels("websocket", outcome).inc()
        return outcome == "ok"

    async def _send(self, message: dict[str, Any]) -> None:
        if self._websocket.application_state is not WebSocketState.CONNECTED:
            raise WebSocketDisconnect
        try:
            async with asyncio.timeout(SEND_WAIT):
                await self._websocket.send_text(msgspec.json.encode(message).decode())
        except TimeoutError as error:
            raise Violation(1008, "The client does not read") from error

    async def _end(self) -> None:
        operations = tuple(self._operations.values())
        self._operations.clear()
        for operation in operations:
            operation.cancel()
        await asyncio.gather(*operations, return_exceptions=True)


def _is_own(origin: str, host: str | None) -> bool:
    """Whether it is the page of the host that was asked. ``null``, the Origin of what hides its own, is nobody's."""
    try:
        return host == urlsplit(origin).netloc != ""
    except ValueError:  # e.g. http://[
        return False
