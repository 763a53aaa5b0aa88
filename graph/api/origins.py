"""Whose pages may use this server, and by which names it may be called.

A browser lets any page ask any server, with the cookies that it has of it, and tells the page's Origin. Ours may, and
those that a setting allows. A page whose own name was made to lead here (DNS rebinding) would have the Origin of the
Host that it asks for: so a server that listens on loopback answers to loopback's names alone.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Collection
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocket

LOOPBACK = "localhost"
"""Stands for every name and address of the machine itself."""


class Origins:
    """``allowed``: beside our own."""

    def __init__(self, allowed: Collection[str]) -> None:
        self._allowed = frozenset(allowed)

    def welcome(self, headers: Headers) -> bool:
        """Whether the page may, or it is no page at all."""
        origin = headers.get("origin")
        return origin is None or origin in self._allowed or _is_own(origin, headers.get("host"))


class Hosts:
    """The ASGI application ``app`` for those who call it by one of the ``allowed`` names."""

    def __init__(self, app: ASGIApp, allowed: Collection[str]) -> None:
        self._app = app
        self._allowed = frozenset(allowed)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._knows(_name(Headers(scope=scope).get("host", ""))):
            return await self._app(scope, receive, send)
        answer = PlainTextResponse("this server has another name; see STATUSGRAPH_ALLOWED_HOSTS\n", 421)
        if scope["type"] == "websocket":
            return await WebSocket(scope, receive, send).send_denial_response(answer)
        return await answer(scope, receive, send)

    def _knows(self, name: str) -> bool:
        return name in self._allowed or (LOOPBACK in self._allowed and is_loopback(name))


def is_loopback(host: str) -> bool:
    """Whether a name or an address is always the machine itself."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == LOOPBACK or host.endswith(f".{LOOPBACK}")


def _name(host: str) -> str:
    """``[::1]:8000`` → ``::1``, lower case."""
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


def _is_own(origin: str, host: str | None) -> bool:
    """Whether it is the page of the host that was asked. ``null``, the Origin of what hides its own, is nobody's."""
    try:
        return host == urlsplit(origin).netloc != ""
    except ValueError:  # e.g. http://[
        return False
