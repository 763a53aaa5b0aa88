"""Documents that are named instead of sent: by their hash once they were sent, by their id when they are trusted."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from graph.api.execute import Request
from graph.api.persisted import Persisted, manifest
from graph.errors import SettingsError
from tests.api.server import Answer, Host, Served
from tests.api.world import World

QUERY = "{ clusters { name } }"
DATA = {"clusters": [{"name": "one"}]}
GET = {"accept": "application/json"}


def hashed(text: str, **changed: Any) -> dict[str, Any]:
    """``extensions`` as Apollo Client sends them."""
    digest = hashlib.sha256(text.encode()).hexdigest()
    return {"persistedQuery": {"version": 1, "sha256Hash": digest, **changed}}


async def over_socket(served: Served, request: object) -> Any:
    """The payload of the first message."""
    async with served.socket() as client:
        await client.send({"type": "subscribe", "id": "1", "payload": request})
        return (await client.receive())["payload"]


async def test_a_document_is_found_by_its_hash_once_it_was_sent(served: Served) -> None:
    asked = {"extensions": hashed(QUERY)}
    answer = await served.post(asked)
    assert answer.codes == ["PERSISTED_QUERY_NOT_FOUND"]
    assert answer.json["errors"][0]["message"] == "PersistedQueryNotFound"  # what Apollo Client looks for
    assert (await served.post({"query": QUERY, **asked})).data == DATA
    assert (await served.post(asked)).data == DATA
    query = urlencode({"extensions": json.dumps(hashed(QUERY))})
    assert (await served.request("GET", f"/graphql?{query}", headers=GET)).data == DATA
    assert await over_socket(served, {"query": "", **asked}) == {"data": DATA}


async def test_a_bad_document_is_not_kept(served: Served) -> None:
    asked = {"extensions": hashed("{ nothing }")}
    assert (await served.post({"query": "{ nothing }", **asked})).codes == ["GRAPHQL_VALIDATION_FAILED"]
    assert (await served.post(asked)).codes == ["PERSISTED_QUERY_NOT_FOUND"]


async def test_a_hash_that_is_not_the_documents_is_refused(served: Served) -> None:
    answer = await served.post({"query": QUERY, "extensions": hashed("{ other }")})
    assert answer.codes == ["PERSISTED_QUERY_HASH_MISMATCH"]


@pytest.mark.parametrize("given", [5, "x", [1], {}, {"version": 1}, {"version": 1, "sha256Hash": 5}])
async def test_what_is_no_hash_is_not_supported(served: Served, given: object) -> None:
    answer = await served.post({"query": QUERY, "extensions": {"persistedQuery": given}})
    assert answer.codes == ["PERSISTED_QUERY_NOT_SUPPORTED"] if given else ["PERSISTED_QUERY_NOT_FOUND"]
    assert (await served.post({"extensions": hashed(QUERY, version=2)})).codes == ["PERSISTED_QUERY_NOT_SUPPORTED"]


def test_what_was_sent_is_kept_within_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    def sent(text: str) -> Request:
        return Request(query=text, extensions=hashed(text))

    persisted = Persisted()
    monkeypatch.setattr("graph.api.persisted.KEPT", 2)
    for text in ("a", "b", "c"):
        persisted.remember(sent(text))
    assert len(persisted) == 2
    monkeypatch.setattr("graph.api.persisted.KEPT_CHARACTERS", 10)
    persisted.remember(sent("d" * 10))
    assert len(persisted) == 1


TRUSTED = {"1": QUERY, hashlib.sha256(b"{ __typename }").hexdigest(): "{ __typename }"}


@pytest.mark.parametrize("only", [True, False])
async def test_a_trusted_document_is_found_by_its_id(host: Host, world: World, only: bool) -> None:
    served = host.serve(world, persisted=Persisted(TRUSTED, only_trusted=only))
    digest = next(id_ for id_ in TRUSTED if len(id_) == 64)
    assert (await served.post({"documentId": "1"})).data == DATA
    assert (await served.post({"documentId": f"sha256:{digest}"})).data == {"__typename": "Query"}
    assert (await served.post({"extensions": hashed("{ __typename }")})).data == {"__typename": "Query"}
    assert (await served.request("GET", "/graphql?documentId=1", headers=GET)).data == DATA
    assert await over_socket(served, {"documentId": "1"}) == {"data": DATA}


@pytest.mark.parametrize("request_", [{"documentId": "2"}, {"documentId": "1", "query": "{ __typename }"}])
async def test_an_id_that_is_not_known_is_told(host: Host, world: World, request_: dict[str, str]) -> None:
    served = host.serve(world, persisted=Persisted(TRUSTED))
    assert (await served.post(request_)).codes == ["DOCUMENT_NOT_FOUND"]
    (error,) = await over_socket(served, request_)
    assert error["extensions"]["code"] == "DOCUMENT_NOT_FOUND"


async def test_a_hash_beside_an_id_teaches_nothing(host: Host, world: World) -> None:
    served = host.serve(world, persisted=Persisted(TRUSTED))
    foreign = {"extensions": hashed("{ clusters { id } }")}
    await served.post({"documentId": "1", "query": QUERY, **foreign})
    assert (await served.post(foreign)).codes == ["PERSISTED_QUERY_NOT_FOUND"]


async def test_others_are_refused_where_only_trusted_ones_are_allowed(host: Host, world: World) -> None:
    served = host.serve(world, persisted=Persisted(TRUSTED, only_trusted=True))

    async def code(request: dict[str, Any]) -> str:
        (error,) = await over_socket(served, request)
        (again,) = (await served.post(request)).codes
        assert error["extensions"]["code"] == again
        return again

    assert await code({"query": "{ clusters { id } }"}) == "DOCUMENT_NOT_TRUSTED"
    assert (
        await code({"query": "{ clusters { id } }", "extensions": hashed("{ clusters { id } }")})
        == "DOCUMENT_NOT_TRUSTED"
    )
    assert await code({"extensions": hashed("{ clusters { id } }")}) == "PERSISTED_QUERY_NOT_SUPPORTED"
    answer: Answer = await served.post({"query": QUERY})
    assert answer.data == DATA  # it is one of them


def test_a_manifest_is_read(tmp_path: Path) -> None:
    path = tmp_path / "documents.json"
    path.write_text(json.dumps(TRUSTED))
    assert manifest(str(path)) == TRUSTED


@pytest.mark.parametrize("text", [None, "{", "[]", '{"a": 5}', "\udcff"])
def test_what_is_no_manifest_is_told_in_one_sentence(tmp_path: Path, text: str | None) -> None:
    path = tmp_path / "documents.json"
    if text is not None:
        path.write_text(text, errors="surrogateescape")
    with pytest.raises(SettingsError, match="STATUSGRAPH_TRUSTED_DOCUMENTS") as raised:
        manifest(str(path))
    assert "\n" not in str(raised.value)
