"""One websocket's conversation in ``graphql-transport-ws``: one task for each operation.

A client that does not keep to the protocol is told so by a close code; an operation that fails ends alone, with an
``error`` message. Whatever happens, all of a connection's operations end with it.
"""

from __future__ import annotations

import asyncio
from contextlib import aclosing, suppress
from typing import Any

import msgspec
import structlog
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from graph.api.context import Context
from graph.api.errors import Code
from graph.api.execute import MAX_BYTES, Operations, formatted, is_request_error, refusal, unreadable
from graph.api.messages import Complete, Init, Message, Ping, Pong, Subscribe, decode

log = structlog.get_logger(__name__)

INIT_WAIT = 5.0
"""Seconds in which a client must send ``connection_init``."""
SEND_WAIT = 20.0
"""Seconds after which a client that does not read is dropped."""
CLOSE_WAIT = 1.0
"""Seconds for a close frame; a client that does not read gets none."""
MAX_OPERATIONS = 20
"""That one connection may have under way."""
MAX_REASON = 123
"""Bytes of a close frame's reason."""


class Violation(Exception):  # of the protocol, by the client
    """Ends a connection with a close code."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code


class Conversation:
    """With one client, over a websocket that was accepted."""

    def __init__(self, websocket: WebSocket, operations: Operations, context: Context) -> None:
        self._websocket = websocket
        self._service = operations
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
        """Ends it from our side, unless it has ended. A client that does not read finds it ended."""
        if self._websocket.application_state is WebSocketState.CONNECTED:
            with suppress(TimeoutError, WebSocketDisconnect):
                async with asyncio.timeout(CLOSE_WAIT):
                    await self._websocket.close(code, shortened(reason))

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
            raise Violation(4400, unreadable(error)) from error

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
            raise Violation(4409, f"Subscriber for {message.id} already exists")
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
        results = self._service.stream(message.payload, self._context)
        outcome = "ok"
        async with aclosing(results):
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
            log.info("a client that does not read is dropped")
            raise Violation(1008, "The client does not read") from error

    async def _end(self) -> None:
        operations = tuple(self._operations.values())
        self._operations.clear()
        for operation in operations:
            operation.cancel()
        await asyncio.gather(*operations, return_exceptions=True)


def shortened(reason: str) -> str:
    """As much of it as a close frame holds."""
    return reason.encode()[:MAX_REASON].decode(errors="ignore")
