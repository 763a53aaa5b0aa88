"""Whatever is written, lost, trimmed or begun anew: a replica that has caught up holds what Redis holds."""

from __future__ import annotations

import asyncio
import gc
import itertools
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from functools import partial

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from graph.errors import MalformedObject
from graph.model.action import Action, ActionState, LogEntry, LogLevel
from graph.model.ref import Key, ObjectRef
from graph.model.resource import ActionChange, Change, Cursor, LogChange, Resource, ResourceChange
from graph.store import follower as following
from graph.store.codec import Codec
from graph.store.connection import Server
from graph.store.follower import Follower
from graph.store.hub import Delivery, Hub, Reset, Subscriber
from graph.store.keys import Keys, field_of
from graph.store.protocols import Snapshot
from graph.store.reader import RedisReader
from graph.store.replica import Replica
from graph.store.writer import Kept, RedisWriter
from tests.servers import RedisServer
from tests.store.samples import LAMP, added, deleted, key, lamp, modified

NAMES = [f"n{number}" for number in range(8)]
KEPT = Kept(changes=100, transitions=20, log=20, actions=3)
CHOICES = 9
WITHIN = 10.0
AT = "2026-01-01T00:00:00.000Z"

_clusters = (f"random{number}" for number in itertools.count())


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A follower that looks often: what only time shows is seen soon."""
    monkeypatch.setattr(following, "BEAT", 0.005)


class World:
    """One cluster that is written, what Redis should hold of it, and a follower that reads it."""

    def __init__(self, server: Server, tailing: Server) -> None:
        self.cluster = next(_clusters)
        self.server = server
        self.expected: dict[Key, Resource] = {}
        self.hub = Hub(1_000_000)
        self.writer = RedisWriter(server, self.cluster, Codec([LAMP]), KEPT)
        self.reader = RedisReader(server, tailing, Codec([LAMP]))
        self.replica = self.empty()
        self.subscriber: Subscriber | None = None
        self.running: asyncio.Task[None] | None = None
        self._numbers = itertools.count()

    def empty(self) -> Replica:
        return Replica(self.cluster, [LAMP], keep_transitions=1000, keep_log=1000, keep_actions=KEPT.actions)

    async def begin(self, *, lost: str = "") -> None:
        """A new epoch, with all that should be there."""
        self.pen = await self.writer.fill(await self.writer.claim(1, lost=lost), list(self.expected.values()))

    async def change(self, name: str, choice: int) -> None:
        """One change: of a lamp, an action or the log."""
        await self.write([self.one(name, choice)])

    async def flood(self, count: int) -> None:
        """More than the stream keeps, if it is much."""
        changes = [self.one(NAMES[number % len(NAMES)], number % CHOICES) for number in range(count)]
        await self.write(changes)

    async def write(self, changes: list[Change]) -> None:
        self.pen = await self.writer.write(self.pen, changes)

    def one(self, name: str, choice: int) -> Change:
        number = next(self._numbers)
        ref, which = ObjectRef("Lamp", name), key(name, self.cluster)
        if choice == 0:
            self.expected.pop(which, None)
            return deleted(name, self.cluster)
        if choice == 1:
            return LogChange(LogEntry(f"l{number}", AT, LogLevel.INFO, self.cluster, ref, None, "hello"))
        if choice == 2:
            return ActionChange(
                Action(f"a{number % 5}", "switch", ref, which, ActionState.RUNNING, AT, error=f"{number}")
            )
        above = NAMES[: NAMES.index(name)]
        owner = key(above[-1], self.cluster) if above and choice % 2 else None
        service = Key(self.cluster, "SERVICE", "home", f"s{choice % 3}") if choice > 5 else None
        new = lamp(name, watts=number, cluster=self.cluster)
        new = replace(new, owner=owner, service=service, uid=f"uid-{name}-{number % 2}")
        self.expected[which] = new
        return added(new) if number % 2 else modified(new)

    async def renew(self) -> None:
        """The epoch is given up for another; seqs go on."""
        await self.begin(lost=self.pen.epoch)

    async def lose(self) -> None:
        """Redis is emptied."""
        names = Keys(self.cluster)
        await self.server.command("DEL", *vars(names).values(), names.resources(self.pen.epoch))
        await self.begin()

    async def follow(self) -> None:
        """Goes on after a pause."""
        if self.running is None:
            follower = Follower(self.replica, self.reader, self.hub, time.monotonic)
            self.running = asyncio.create_task(follower.run())

    async def pause(self) -> None:
        if self.running is not None:
            self.running.cancel()
            await asyncio.wait([self.running])
            self.running = None

    async def listen(self) -> None:
        """From now on somebody wants to know of each change."""
        if self.subscriber is None and self.running is not None:
            await self.caught_up()
            self.subscriber = self.hub.subscribe()
            self.seen, self.acted = dict(self.replica.resources), dict(self.replica.actions)

    async def caught_up(self) -> None:
        async with asyncio.timeout(WITHIN):
            while self.replica.cursor != Cursor(self.cluster, self.pen.epoch, self.pen.seq):  # noqa: ASYNC110 # a load tells no one
                await asyncio.sleep(0)

    async def check(self) -> None:
        """The replica is what a new one would be, and what was delivered leads to it."""
        await self.follow()
        await self.caught_up()
        fresh, snapshot = self.empty(), await self.reader.snapshot(self.cluster)
        assert snapshot is not None
        fresh.load(snapshot)
        assert self.replica.resources == fresh.resources == self.expected
        assert shown(self.replica, self.cluster) == shown(fresh, self.cluster)
        assert (list(self.replica.actions.values()), self.replica.cursor) == (snapshot.actions, fresh.cursor)
        for ours, theirs in ((self.replica.transitions, fresh.transitions), (self.replica.log, fresh.log)):
            since = max(ours.complete_from, theirs.complete_from)
            assert list(ours.after(since)) == list(theirs.after(since))
        if self.subscriber is not None:
            self.read(self.subscriber)
            assert self.seen == self.expected
            assert self.acted | self.replica.actions == self.acted

    def read(self, subscriber: Subscriber) -> None:
        """All that was delivered."""
        for item in subscriber.waiting:
            if isinstance(item, Reset):
                self.seen, self.acted = dict(self.replica.resources), dict(self.replica.actions)
            elif isinstance(item, Delivery) and isinstance(item.change, ActionChange):
                self.acted[item.change.action.id] = item.change.action
            elif isinstance(item, Delivery) and isinstance(item.change, ResourceChange):
                self.seen.pop(item.change.key, None)
                if item.change.resource is not None:
                    self.seen[item.change.key] = item.change.resource
        subscriber.waiting.clear()


def shown(replica: Replica, cluster: str) -> list[object]:
    """By every way to read it."""
    keys = [key(name, cluster) for name in NAMES]
    services = [Key(cluster, "SERVICE", "home", f"s{number}") for number in range(3)]
    refs = [ObjectRef("Lamp", name, uid=f"uid-{name}-{number}") for name in NAMES for number in range(2)]
    return [
        replica.of_kind("LAMP"),
        [replica.below(one, "LAMP") for one in keys],
        [replica.above(one, "LAMP") for one in keys],
        [replica.members(one, "LAMP") for one in services],
        [replica.find(ref) for ref in refs],
    ]


@asynccontextmanager
async def world(redis: RedisServer) -> AsyncIterator[World]:
    server, tailing = Server(redis.url), Server(redis.url)
    made = World(server, tailing)
    try:
        await made.begin()
        await made.follow()
        yield made
    finally:
        await made.pause()
        await server.close()
        await tailing.close()


Act = Callable[[World], Coroutine[None, None, None]]

ACTS: st.SearchStrategy[Act] = st.one_of(
    st.builds(
        lambda name, choice: partial(World.change, name=name, choice=choice),
        st.sampled_from(NAMES),
        st.integers(0, CHOICES - 1),
    ),
    st.builds(lambda count: partial(World.flood, count=count), st.sampled_from([3, 40, 400])),
    st.sampled_from([World.check, World.pause, World.follow, World.listen, World.renew, World.lose]),
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(acts=st.lists(ACTS, min_size=5, max_size=20))
def test_a_replica_that_has_caught_up_holds_what_redis_holds(shared_redis: RedisServer, acts: list[Act]) -> None:
    async def run() -> None:
        async with world(shared_redis) as made:
            for act in acts:
                await act(made)
            await made.check()

    asyncio.run(run())


def test_however_much_a_replica_holds_the_garbage_collector_walks_none_of_it(codec: Codec) -> None:
    lamps = [replace(lamp(f"n{number}"), labels={"app": "lamp"}) for number in range(2000)]
    pairs = [part for one in lamps for part in (field_of(one.key).encode(), codec.encode(one))]
    replica = Replica("c1", [LAMP], keep_transitions=10, keep_log=10, keep_actions=10)
    gc.collect()
    before = len(gc.get_objects())
    replica.load(Snapshot(Cursor("c1", "e", 0), codec.resources(pairs), [], 0, [], 0, []))
    gc.collect()
    assert len(replica.resources) == 2000
    assert len(gc.get_objects()) - before < 1000, "not one for each"


def test_a_transition_that_cannot_be_read_is_an_error_of_whoever_reads_it(codec: Codec) -> None:
    replica = Replica("c1", [LAMP], keep_transitions=10, keep_log=10, keep_actions=10)
    replica.load(Snapshot(Cursor("c1", "e", 0), {}, [], 0, [], 0, []))
    for seq, name in enumerate("ab", 1):
        sort, _, head, value, transition = codec.encode_change(added(lamp(name)))
        step = codec.step(sort.encode(), head + value + (b"\x05" if name == "b" else transition))
        replica.apply(seq, step)
    assert replica.resources == {key(name): lamp(name) for name in "ab"}
    found = replica.transitions.items
    assert next(found) == (1, added(lamp("a")).transition)
    with pytest.raises(MalformedObject, match="unreadable Transition"):
        next(found)
