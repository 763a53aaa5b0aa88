"""Requests as they are: the code and the body of whatever answer, from the demo's API or from a real API server."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

from graph.demo.player import Api


@dataclass(frozen=True, slots=True)
class Answer:
    """``body`` is JSON where it can be read as such."""

    code: int
    body: Any
    headers: Mapping[str, str] = field(default_factory=dict)


class Raw:
    """Asks over the session of an ``Api``, which raises for what is refused; this does not."""

    def __init__(self, api: Api) -> None:
        self._api = api

    async def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        kind: str = "application/json",
    ) -> Answer:
        data = None if body is None else BytesIO(body if isinstance(body, bytes) else json.dumps(body).encode())
        sent = {**({"Content-Type": kind} if data is not None else {}), **(headers or {})}
        session = self._api._open
        async with session.request(method, self._api.server + path, data=data, params=params, headers=sent) as answer:
            text = await answer.text()
            try:
                return Answer(answer.status, json.loads(text), dict(answer.headers))
            except ValueError:
                return Answer(answer.status, text, dict(answer.headers))
