"""A kind is added by one file (``toy_kind.py``) and one line (``KINDS`` below)."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from graphql import GraphQLEnumType, GraphQLObjectType, build_schema

from graph import rbac
from graph.api.schema import sdl
from graph.kinds import KINDS as OURS
from graph.kinds import service
from graph.model.kind import Kind
from graph.model.resource import Cursor, Resource, ResourceChange
from graph.model.status import State
from graph.store.codec import Codec
from graph.store.connection import Server
from graph.store.reader import RedisReader
from graph.store.unread import in_full
from graph.store.writer import Kept, RedisWriter
from tests.judging import toy_kind
from tests.judging.hand import Hand
from tests.judging.manifests import Manifest, pod, thing
from tests.servers import RedisServer

KINDS: tuple[Kind, ...] = (*OURS[: OURS.index(service.KIND)], toy_kind.KIND, *OURS[OURS.index(service.KIND) :])
BROKEN = {"brokenSince": "2026-03-02T12:00:00.000Z"}


def toy(name: str, *, status: Manifest | None = None) -> Manifest:
    """A toy of a service of the same name."""
    return thing("Toy", name, spec={"wheels": 3, "colour": "BLUE", "secret": "kept out"}, status=status or {})


def test_it_is_decoded_and_judged() -> None:
    hand = Hand(KINDS)
    hand.judge(toy("car", status=BROKEN))
    judged = hand.seen["TOY/car"]
    assert judged.verdict is not None
    assert (judged.verdict.state, judged.verdict.reason) == (State.FAILED, "Broken")
    assert judged.fields == toy_kind.ToyFields(3, toy_kind.Colour.BLUE)
    assert judged.service is not None
    assert judged.service.name == "car"


def test_it_owns_and_is_part_of_its_services_status() -> None:
    hand = Hand(KINDS)
    car = toy("car", status=BROKEN)
    hand.judge(pod("car-1", owner=car), car)
    assert (hand.owner("POD/car-1"), hand.service("POD/car-1")) == ("car", "car")
    verdict = hand.seen["SERVICE/car"].verdict
    assert verdict is not None
    assert (verdict.state, verdict.reason) == (State.FAILED, "Broken")
    assert {cause.object.name for cause in verdict.because} == {"car"}


@pytest.fixture
async def server(shared_redis: RedisServer) -> AsyncIterator[Server]:
    server = Server(shared_redis.url)
    yield server
    await server.close()


async def test_it_is_stored_and_read_back(server: Server) -> None:
    codec = Codec(KINDS)
    writer = RedisWriter(server, "toys", codec, Kept(changes=100, transitions=100, log=10, actions=10))
    reader = RedisReader(server, server, codec)
    hand = Hand(KINDS, cluster="toys")
    pen = await writer.fill(await writer.claim(1), _resources(hand.publish(toy("car"), baseline=True)))
    hand.later(1)
    changes = hand.publish(toy("car", status=BROKEN), toy("boat"))
    pen = await writer.write(pen, changes)
    snapshot = await reader.snapshot("toys")
    assert snapshot is not None
    assert snapshot.resources == hand.ledger.resources
    assert [in_full(step) for _, step in await reader.tail(Cursor("toys", pen.epoch, 0), wait=0.1)] == changes


def test_the_operator_may_watch_it() -> None:
    added = [rule for rule in rbac.rules(KINDS, actions=False) if rule not in rbac.rules(OURS, actions=False)]
    assert added == [{"apiGroups": ["toys.example"], "resources": ["toys"], "verbs": ["list", "watch"]}]


def test_it_is_in_the_schema() -> None:
    schema = build_schema(sdl(KINDS))
    enum, its_type = schema.type_map["Kind"], schema.type_map["Toy"]
    assert isinstance(enum, GraphQLEnumType)
    assert isinstance(its_type, GraphQLObjectType)
    assert enum.values["TOY"].description == "Something to play with."
    assert str(its_type.fields["wheelCount"].type) == "Int!"
    assert its_type.fields["wheelCount"].description == "How many wheels it has."
    assert str(its_type.fields["colour"].type) == "Colour!"
    assert str(its_type.fields["pods"].type) == "PodConnection!"
    assert [each.name for each in its_type.interfaces] == ["Resource", "Node"]
    assert schema.query_type is not None
    assert str(schema.query_type.fields["toys"].type) == "ToyConnection!"
    service_type = schema.type_map["Service"]
    assert isinstance(service_type, GraphQLObjectType)
    assert str(service_type.fields["toys"].type) == "ToyConnection!"


def _resources(changes: list[ResourceChange]) -> list[Resource]:
    return [change.resource for change in changes if change.resource is not None]
