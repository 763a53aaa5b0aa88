"""`python -m tests.conformance`: a line for each of H1 to H9 and W1 to W9, and for each example of docs/clients.md.

It starts what it looks at: an api over a Redis, and the demo for the examples. `--url http://host:port` looks at a
server that runs already; what only a server of our own can be asked for is left out then.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Sequence
from urllib.parse import urlsplit

from tests.conformance import examples, table
from tests.conformance.target import Target
from tests.demo.running import Demo
from tests.servers import binary


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.conformance", description=__doc__)
    parser.add_argument("--url", help="of a running server, such as http://127.0.0.1:8000")
    arguments = parser.parse_args()
    return asyncio.run(_running(arguments.url) if arguments.url else _ours())


async def _running(url: str) -> int:
    parts = urlsplit(url)
    return await _printed(table.protocol(Target(parts.hostname or "", parts.port or 80)))


async def _ours() -> int:
    program = binary()
    if program is None:
        sys.exit("no redis-server or valkey-server on the PATH")
    async with table.server(program) as apis:
        failed = await _printed(table.protocol(Target("127.0.0.1", apis.ports[0], apis)))
    async with Demo("--pace", "5") as demo:
        with examples.written(demo.port) as folder:
            return max(failed, await _printed(table.examples(folder)))


async def _printed(lines: Sequence[table.Line]) -> int:
    findings = await table.tried(lines)
    print(*findings, sep="\n", flush=True)
    return int(any(finding.problem for finding in findings))


if __name__ == "__main__":
    sys.exit(main())
