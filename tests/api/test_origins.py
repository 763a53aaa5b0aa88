"""Whose pages may use the server, and by which names it may be called."""

from __future__ import annotations

import json

import pytest
import websockets
from websockets.exceptions import InvalidStatus
from websockets.typing import Origin

from graph.api.origins import LOOPBACK, is_loopback
from tests.api.server import Answer, Host, Served
from tests.api.world import World

PORTAL = "https://portal.example"
BODY = json.dumps({"query": "{ clusters { name } }"})
JSON = {"content-type": "application/json"}


@pytest.fixture
def open_(host: Host, world: World) -> Served:
    """A server that a portal may use."""
    return host.serve(world, allowed_origins=[PORTAL])


async def preflight(served: Served, origin: str) -> Answer:
    """What a browser asks before it sends JSON."""
    asked = {"access-control-request-method": "POST", "access-control-request-headers": "content-type,authorization"}
    return await served.request("OPTIONS", "/graphql", headers={"origin": origin, **asked})


async def test_an_allowed_page_may_read(open_: Served) -> None:
    asked = await preflight(open_, PORTAL)
    assert (asked.status, asked.headers["access-control-allow-origin"]) == (200, PORTAL)
    assert {"content-type", "authorization"} <= set(asked.headers["access-control-allow-headers"].lower().split(","))
    answer = await open_.request("POST", "/graphql", BODY, {**JSON, "origin": PORTAL, "cookie": "a=b"})
    assert answer.data["clusters"]
    assert answer.headers["access-control-allow-origin"] == PORTAL
    assert {"Accept", "Origin"} <= set(answer.headers["vary"].split(", "))


async def test_a_foreign_page_may_not_read(open_: Served) -> None:
    asked = await preflight(open_, "https://evil.example")
    assert asked.status == 400
    assert "access-control-allow-origin" not in asked.headers
    answer = await open_.request("POST", "/graphql", BODY, {**JSON, "origin": "https://evil.example"})
    assert "access-control-allow-origin" not in answer.headers


async def test_where_no_page_is_allowed_none_is_told_that_it_may(served: Served) -> None:
    assert (await preflight(served, PORTAL)).status == 405
    answer = await served.request("POST", "/graphql", BODY, {**JSON, "origin": PORTAL})
    assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize("accept", ["application/json", "text/event-stream"])
@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://[", "http://127.0.0.1"])
async def test_a_foreign_page_with_cookies_is_refused(open_: Served, origin: str, accept: str) -> None:
    answer = await open_.request(
        "POST", "/graphql", BODY, {**JSON, "accept": accept, "origin": origin, "cookie": "a=b"}
    )
    assert (answer.status, answer.codes) == (403, ["FORBIDDEN_ORIGIN"])


async def test_our_own_page_may_send_cookies(served: Served) -> None:
    origin = f"http://127.0.0.1:{served.port}"
    answer = await served.request("POST", "/graphql", BODY, {**JSON, "origin": origin, "cookie": "a=b"})
    assert answer.data["clusters"]


@pytest.mark.parametrize(
    ("host_", "known"),
    [
        ("127.0.0.1:8000", True),
        ("127.9.9.9", True),
        ("localhost:8000", True),
        ("LOCALHOST", True),
        ("demo.localhost:80", True),
        ("[::1]:8000", True),
        ("portal.example", True),
        ("portal.example:443", True),
        ("evil.example", False),
        ("localhost.evil.example:8000", False),
        ("127.0.0.1.evil.example", False),
        ("10.0.0.1:8000", False),
        ("", False),
        ("[", False),
    ],
)
async def test_a_server_answers_to_its_own_names(host: Host, world: World, host_: str, known: bool) -> None:
    served = host.serve(world, allowed_hosts=["portal.example", LOOPBACK])
    answer = await served.request("POST", "/graphql", BODY, {**JSON, "host": host_})
    assert answer.status == (200 if known else 421)


async def test_a_websocket_is_asked_for_by_these_names_too(host: Host, world: World) -> None:
    served = host.serve(world, allowed_hosts=[LOOPBACK])
    async with served.socket():
        pass
    own = Origin("http://evil.example:8000")
    with pytest.raises(InvalidStatus) as refused:
        async with websockets.connect(f"ws{own[4:]}/graphql", origin=own, host="127.0.0.1", port=served.port):
            pass
    assert refused.value.response.status_code == 421


async def test_probes_may_be_asked_for_by_any_name(host: Host, world: World) -> None:
    served = host.serve(world, allowed_hosts=[LOOPBACK])
    assert (await served.request("GET", "/readyz", headers={"host": "10.0.0.7:8000"})).status == 200


@pytest.mark.parametrize("name", ["127.0.0.1", "::1", "localhost"])
def test_loopback_is_known(name: str) -> None:
    assert is_loopback(name)
    assert not is_loopback("0.0.0.0")
