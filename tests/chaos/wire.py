"""The connections to Redis through Toxiproxy: cut, slow, paused, or cut short in the middle of an answer."""

from __future__ import annotations

import asyncio
import json
import urllib.request
from asyncio.subprocess import DEVNULL
from pathlib import Path
from typing import Any, Self

from tests.controlplane.binaries import Module, build
from tests.servers import free_port

TOXIPROXY = Module(
    "Toxiproxy",
    Path(__file__).parent / "go",
    {"toxiproxy": "github.com/Shopify/toxiproxy/v2/cmd/server"},
    "github.com/Shopify/toxiproxy/v2",
    ("github.com/Shopify/toxiproxy/v2.Version={version}",),
)
READY = 10.0


class Wire:
    """One proxy to one port. `await` each fault; `heal` takes all of them away."""

    def __init__(self, target: int) -> None:
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self._target = target
        self._control = free_port()
        self._process: asyncio.subprocess.Process | None = None

    async def __aenter__(self) -> Self:
        program = await asyncio.to_thread(available) / "toxiproxy"
        words = [str(program), "-host", "127.0.0.1", "-port", str(self._control)]
        self._process = await asyncio.create_subprocess_exec(*words, stdout=DEVNULL, stderr=DEVNULL)
        body = {"name": "redis", "listen": f"127.0.0.1:{self.port}", "upstream": f"127.0.0.1:{self._target}"}
        async with asyncio.timeout(READY):
            while not await self._answers():  # noqa: ASYNC110 # a port tells no one
                await asyncio.sleep(0.02)
        await self._call("POST", "/proxies", body)
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._process is not None:
            self._process.kill()
            await self._process.wait()

    async def cut(self) -> None:
        """Every connection ends, and none is made any more."""
        await self._call("POST", "/proxies/redis", {"enabled": False})

    async def pause(self) -> None:
        """Connections stay, and nothing comes through; what was sent meanwhile is lost."""
        await self._toxic("timeout", {"timeout": 0}, stream="upstream")

    async def delay(self, milliseconds: int) -> None:
        """Every answer comes later by so much."""
        await self._toxic("latency", {"latency": milliseconds})

    async def cut_answers(self, after: int) -> None:
        """Each connection ends after so many bytes of answers: what was asked last was done, and nobody says so."""
        await self._toxic("limit_data", {"bytes": after})

    async def heal(self) -> None:
        """As if nothing had ever been; connections that a fault holds end."""
        await self._call("POST", "/reset")

    async def _toxic(self, kind: str, attributes: dict[str, int], *, stream: str = "downstream") -> None:
        body = {"name": kind, "type": kind, "stream": stream, "attributes": attributes}
        await self._call("POST", "/proxies/redis/toxics", body)

    async def _answers(self) -> bool:
        try:
            await self._call("GET", "/version")
        except OSError:
            return False
        return True

    async def _call(self, method: str, path: str, body: Any = None) -> None:
        data = None if body is None else json.dumps(body).encode()
        url = f"http://127.0.0.1:{self._control}{path}"

        def send() -> None:
            with urllib.request.urlopen(urllib.request.Request(url, data, method=method), timeout=5):
                pass

        await asyncio.to_thread(send)


def available() -> Path:
    """The folder with the program; BinariesUnavailableError where it can be neither found nor built."""
    return build(TOXIPROXY)
