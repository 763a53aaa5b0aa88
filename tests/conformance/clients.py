"""The examples of docs/clients.md against a server with the demo's stories."""

from __future__ import annotations

import json
from pathlib import Path

from tests.conformance import npm
from tests.conformance.examples import command, first, output

TRANSITION = r"^\w+ \S+ ((HEALTHY|PROGRESSING|DEGRADED|FAILED|SUSPENDED|TERMINATING|UNKNOWN) \w+|is gone)$"


async def curl(folder: Path) -> None:
    """A query, and a subscription by events."""
    (answer,) = await output(folder, command("query.sh"))
    nodes = json.loads(answer)["data"]["services"]["nodes"]
    assert {node["status"]["state"] for node in nodes} <= {"FAILED", "DEGRADED"}
    await first(folder, command("follow.sh"), r'^data: .*"statusTransitions":\{"object"')


async def graphql_ws(folder: Path) -> None:
    """Transitions as they happen."""
    await first(folder, command("follow.mjs"), TRANSITION, count=3)


async def apollo(folder: Path) -> None:
    """The list is told again when one of its services changes."""
    lines = await first(folder, command("apollo.mjs"), r"^\d+ services:", count=3)
    assert len(set(lines)) > 1


async def urql(folder: Path) -> None:
    """A query, then a subscription."""
    clusters, _ = await first(folder, command("urql.mjs"), r"^\[|the cluster is LIVE", count=2)
    (cluster,) = json.loads(clusters)
    assert cluster["freshness"] == {"state": "LIVE"}


async def idempotency(folder: Path) -> None:
    """An action to its end; asked for again it is the same."""
    lines = await output(folder, command("trigger.mjs"))
    assert lines[-1] == "the same action"
    assert lines[-2].startswith("SUCCEEDED ")


async def gql(folder: Path) -> None:
    """A query, then transitions."""
    count, *_ = await first(folder, command("follow.py"), r"^\d+ services$|^\w+ \S+ (\w+|is gone)$", count=3)
    assert count.endswith(" services")


STRICT = ["--strict", "--target", "es2022", "--module", "nodenext", "--skipLibCheck", "--types", "node"]


async def codegen(folder: Path) -> None:
    """Types from the SDL hold under `tsc --strict`, and the client runs."""
    await output(folder, [str(npm.program("graphql-codegen")), "--config", "codegen.ts"])
    tsc = str(npm.program("tsc"))
    assert await output(folder, [tsc, *STRICT, "typed.ts"]) == []
    total, *others = await output(folder, command("typed.js"))
    assert total == f"{len(others)} in trouble" or len(others) == 10
    (folder / "wrong.ts").write_text((folder / "typed.ts").read_text().replace("status.hint", "status.hunt"))
    wrong = await output(folder, [tsc, *STRICT, "--noEmit", "wrong.ts"], fails=True)
    assert any("'hunt' does not exist" in line for line in wrong), wrong
