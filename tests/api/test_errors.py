"""Errors: their codes are documented, what nobody meant to raise is masked and found in the log, mistakes of clients
are not logged.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from graph.api.errors import Code
from tests.api.server import Served
from tests.api.world import NoteDesk, World, key

DOCS = Path(__file__).parents[2] / "docs" / "errors.md"
STOP = "mutation($id: ID!) { stopCronjob(input: { id: $id }) { result { __typename } } }"
NIGHTLY = key("CRONJOB", "nightly", namespace="office").id
SECRET = "password=hunter2 at 10.0.0.7"


def test_every_code_is_documented_and_nothing_else_is() -> None:
    documented = re.findall(r"^\| `([A-Z_]+)` \|", DOCS.read_text(), re.MULTILINE)
    assert set(documented) == {code.value for code in Code}


def test_no_code_is_documented_twice_in_one_table() -> None:
    for table in DOCS.read_text().split("\n## "):
        codes = re.findall(r"^\| `([A-Z_]+)` \|", table, re.MULTILINE)
        assert len(codes) == len(set(codes))


@pytest.mark.parametrize("over", ["http", "websocket"])
async def test_a_fault_of_ours_is_masked_and_found_in_the_log(
    served: Served, monkeypatch: pytest.MonkeyPatch, over: str
) -> None:
    async def fail(*_: Any) -> bool:
        raise RuntimeError(SECRET)

    monkeypatch.setattr(NoteDesk, "ask", fail)
    request = {"query": STOP, "variables": {"id": NIGHTLY}}
    with capture_logs() as logs:
        answer = (await served.post(request)).json if over == "http" else await over_socket(served, request)
    (error,), (line,) = answer["errors"], logs
    assert SECRET not in json.dumps(answer)
    assert (error["message"], error["extensions"]["code"]) == ("internal error", "INTERNAL")
    assert error["extensions"]["correlation"] == line["correlation"]
    assert (line["log_level"], str(line["exc_info"])) == ("error", SECRET)


async def over_socket(served: Served, request: object) -> Any:
    """The payload of the first message."""
    async with served.socket() as client:
        await client.send({"type": "subscribe", "id": "1", "payload": request})
        return (await client.receive())["payload"]


async def test_a_store_that_does_not_answer_is_told_without_its_address(served: Served, world: World) -> None:
    world.desk.broken = True
    answer = await served.query(STOP, id=NIGHTLY)
    assert answer.codes == ["STORE_UNAVAILABLE"]
    assert "10.0.0.7" not in answer.body.decode()


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        ([], "BAD_REQUEST"),
        ({"query": "{"}, "GRAPHQL_PARSE_FAILED"),
        ({"query": "{ nothing }"}, "GRAPHQL_VALIDATION_FAILED"),
        ({"query": "{ services(first: " + "9" * 5000 + ") { totalCount } }"}, "GRAPHQL_VALIDATION_FAILED"),
        ({"query": "query($n: Int) { services(first: $n) { totalCount } }", "variables": {"n": 2**70}}, None),
        ({"query": "{ services(first: 0) { totalCount } }"}, "BAD_PAGE"),
        ({"query": '{ services(after: "x") { totalCount } }'}, "BAD_CURSOR"),
        ({"query": "fragment A on Query { service(by: { id: $x }) { id } } query Q($x: ID) { ...A }"}, None),
        ({"query": "{ service(by: { id: $x }) { id } }"}, "GRAPHQL_VALIDATION_FAILED"),
        ({"query": "{ clusters @include(if: 5) { name } }"}, "GRAPHQL_VALIDATION_FAILED"),
    ],
)
async def test_mistakes_of_clients_are_not_logged(served: Served, request_: object, code: str | None) -> None:
    with capture_logs() as logs:
        answer = await served.post(request_)
    assert set(answer.codes) == {code or "GRAPHQL_VALIDATION_FAILED"}
    assert logs == []


async def test_one_of_is_kept_for_variables_of_fragments_too(served: Served) -> None:
    document = "fragment A on Query { service(by: { id: $x }) { name } } query Q($x: ID!) { ...A }"
    answer = await served.query(document, x=key("SERVICE", "web").id)
    assert answer.data == {"service": {"name": "web"}}


@pytest.mark.parametrize("given", ["{}", "{ id: null }", '{ id: "a", name: { namespace: "a", name: "b" } }'])
async def test_not_exactly_one_of_them_is_refused_before_anything_is_executed(served: Served, given: str) -> None:
    answer = await served.query(f"{{ clusters {{ name }} service(by: {given}) {{ name }} }}")
    assert answer.codes == ["GRAPHQL_VALIDATION_FAILED"]
    assert "data" not in answer.json
    assert (await served.query("query($by: ServiceBy!) { service(by: $by) { name } }", by={})).codes == answer.codes


@pytest.mark.parametrize("directive", ["@defer", "@stream"])
async def test_incremental_delivery_is_refused_by_name(served: Served, directive: str) -> None:
    document = "{ ...@defer { clusters { name } } }" if directive == "@defer" else "{ clusters @stream { name } }"
    answer = await served.query(document)
    assert answer.json["errors"][0]["message"].startswith(f"{directive} is not offered")
    assert answer.codes == ["GRAPHQL_VALIDATION_FAILED"]
