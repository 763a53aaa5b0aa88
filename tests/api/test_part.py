"""What the settings make of the application; no Redis is needed for that."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from graph.app.api import api
from graph.config import load
from graph.errors import SettingsError
from tests.api.server import Answer, Host, Served
from tests.api.world import World

TYPENAME = {"query": "{ __typename }"}


async def asked(host: Host, request: object, *, name: str = "localhost", **settings: Any) -> Answer:
    """What the application of these settings answers, called by this name."""
    async with api(load(**settings)) as part:
        host.app = part.app
        return await Served(World(), host.port).post(request, host=name)


@pytest.mark.parametrize(
    ("listen", "hosts", "name", "known"),
    [
        ("127.0.0.1:8000", "", "localhost:8000", True),
        ("127.0.0.1:8000", "", "evil.example", False),
        ("[::1]:8000", "", "evil.example", False),
        ("localhost:8000", "", "evil.example", False),
        ("127.0.0.1:8000", "portal.example", "Portal.Example", True),
        ("0.0.0.0:8000", "", "evil.example", True),
        ("0.0.0.0:8000", "portal.example", "portal.example:8000", True),
        ("0.0.0.0:8000", "portal.example", "localhost:8000", True),
        ("0.0.0.0:8000", "portal.example", "evil.example", False),
    ],
)
async def test_a_server_on_loopback_answers_to_its_own_names(
    host: Host, listen: str, hosts: str, name: str, known: bool
) -> None:
    answer = await asked(host, TYPENAME, name=name, api_listen=listen, allowed_hosts=hosts)
    assert answer.status == (200 if known else 421)


async def test_limits_are_settings(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STATUSGRAPH_LIMITS__DOCUMENT", "10")
    assert (await asked(host, TYPENAME)).codes == ["TOO_LARGE"]


async def test_trusted_documents_are_settings(host: Host, tmp_path: Path) -> None:
    path = tmp_path / "documents.json"
    path.write_text(json.dumps({"a": "{ __typename }"}))
    settings = {"trusted_documents": str(path), "only_trusted_documents": "on"}
    assert (await asked(host, {"documentId": "a"}, **settings)).data == {"__typename": "Query"}
    assert (await asked(host, {"query": "{ clusters { id } }"}, **settings)).codes == ["DOCUMENT_NOT_TRUSTED"]


async def test_a_manifest_that_is_none_is_told_before_anything_is_served(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="STATUSGRAPH_TRUSTED_DOCUMENTS"):
        async with api(load(trusted_documents=str(tmp_path / "none.json"))):
            pass


@pytest.mark.parametrize(
    ("name", "value"),
    [("STATUSGRAPH_ALLOWED_HOSTS", "https://portal.example"), ("STATUSGRAPH_LIMITS__DEPTH", "0")],
)
def test_what_cannot_be_used_is_told(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match=name):
        load()
