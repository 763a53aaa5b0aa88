"""An API server that has Leases and nothing else; it can be told to fail."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from aiohttp import web


class LeaseServer:
    """One Lease. ``broken``: it answers everything, or writes alone, with this status; ``page``: with this text."""

    def __init__(self) -> None:
        self.lease: dict[str, Any] | None = None
        self.broken: int | None = None
        self.readable = False
        self.page: str | None = None
        self._version = 0
        self._made = 0
        self.prefix = "lease"
        self._written = asyncio.Event()

    @property
    def spec(self) -> dict[str, Any]:
        """What the Lease says."""
        assert self.lease is not None
        spec: dict[str, Any] = self.lease["spec"]
        return spec

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """The handler."""
        if self.page is not None:
            return web.Response(text=self.page)
        if self.broken is not None and not (self.readable and request.method == "GET"):
            return self._status(self.broken)
        if request.method == "GET":
            return self._status(404) if self.lease is None else self._shown()
        body = await request.json()
        held = self.lease["metadata"]["resourceVersion"] if self.lease else None
        if request.method == "POST" and self.lease is not None:
            return self._status(409)
        if request.method == "PUT" and self.lease is None:
            return self._status(404)
        if request.method == "PUT" and body["metadata"]["resourceVersion"] != held:
            return self._status(409)
        self._version += 1
        self._written.set()
        if self.lease is None:
            self._made += 1
        known = {"resourceVersion": str(self._version), "uid": f"{self.prefix}-{self._made}"}
        self.lease = {**body, "metadata": {**body["metadata"], **known}}
        return self._shown()

    async def written(self) -> None:
        """Returns after the next write."""
        self._written.clear()
        await self._written.wait()

    def touch(self) -> None:
        """Somebody edits something of the Lease that does not matter."""
        assert self.lease is not None
        self._version += 1
        self.lease["metadata"]["resourceVersion"] = str(self._version)

    def _shown(self) -> web.Response:
        return web.Response(text=json.dumps(self.lease))

    @staticmethod
    def _status(code: int) -> web.Response:
        return web.Response(status=code, text=json.dumps({"code": code, "message": f"status {code}", "reason": "Odd"}))
