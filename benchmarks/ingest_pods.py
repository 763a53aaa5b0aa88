"""The pods that the benchmark of ingesting tells of, and the API server that tells of them: prepared bytes only.

``ingest_pod.json`` is what a real API server (1.34.4) answered for the pod of a Deployment as charts make them: labels,
probes, requests, env, a mounted ConfigMap, a security context; with the token's volume and the tolerations that
admission adds, and with its managedFields, two fifths of it. Most of its bytes are never looked at, but have to be
read. A watch sends each line as an HTTP chunk of its own, as an API server does, and as many at once as the socket
takes, as under load.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from itertools import chain, repeat
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import NAMESPACE_URL, uuid5

import msgspec

from benchmarks.meter import PAGE

_RECORDED: dict[str, Any] = msgspec.json.decode(Path(__file__).with_name("ingest_pod.json").read_bytes())
REPEATED = 4
"""How often a watch tells of each pod."""
_TOGETHER = 64
"""Lines that are given to the socket at once."""
_JSON = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
_EMPTY = b'{"kind":"PodList","apiVersion":"v1","metadata":{"resourceVersion":"1"},"items":[]}'


def pods(count: int) -> list[bytes]:
    """Five pods to each of the Deployments."""
    return [msgspec.json.encode(_pod(number)) for number in range(count)]


def line(pod: bytes) -> bytes:
    """Of a watch."""
    return b'{"type":"MODIFIED","object":' + pod + b"}\n"


def _pod(number: int) -> dict[str, Any]:
    owner = f"web-{number // 5:04}-784f5896b5"
    name, address = f"{owner}-{number:05}", f"10.244.{number // 250}.{number % 250}"
    above = {**_RECORDED["metadata"]["ownerReferences"][0], "name": owner, "uid": str(uuid5(NAMESPACE_URL, owner))}
    told = {"name": name, "uid": str(uuid5(NAMESPACE_URL, name)), "resourceVersion": str(184467 + number)}
    return {
        **_RECORDED,
        "metadata": {**_RECORDED["metadata"], **told, "generateName": f"{owner}-", "ownerReferences": [above]},
        "status": {**_RECORDED["status"], "podIP": address, "podIPs": [{"ip": address}]},
    }


@asynccontextmanager
async def served(told: Sequence[bytes]) -> AsyncIterator[str]:
    """The URL: lists in pages of all namespaces, and a watch of one, which tells of all pods several times."""
    pages = [_page(told, start) for start in range(0, len(told), PAGE)]
    lines = [_chunk(line(pod)) for pod in told]
    bursts = [b"".join(lines[start : start + _TOGETHER]) for start in range(0, len(lines), _TOGETHER)]

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError):  # who was told enough goes
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                target = urlsplit(head.split(b" ", 2)[1].decode())
                query = parse_qs(target.query)
                if "watch" in query:
                    await _watched(writer, bursts)
                    await reader.read()
                    return
                everything = target.path == "/api/v1/pods"
                body = pages[int(query.get("continue", ["0"])[0])] if everything else _EMPTY
                writer.write(_JSON + b"Content-Length: %d\r\n\r\n" % len(body) + body)
                await writer.drain()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


async def _watched(writer: asyncio.StreamWriter, bursts: Sequence[bytes]) -> None:
    writer.write(_JSON + b"Transfer-Encoding: chunked\r\n\r\n")
    for burst in chain.from_iterable(repeat(bursts, REPEATED)):
        writer.write(burst)
        await writer.drain()


def _chunk(line: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(line), line)


def _page(told: Sequence[bytes], start: int) -> bytes:
    following = start + PAGE
    more = str(following // PAGE) if following < len(told) else ""
    head = b'{"kind":"PodList","apiVersion":"v1","metadata":{"resourceVersion":"1","continue":"%b"},"items":['
    return head % more.encode() + b",".join(told[start:following]) + b"]}"
