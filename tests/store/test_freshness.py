"""LIVE is said only of what is known to be so; everything else has its own word."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager

import pytest

from graph.errors import StoreUnavailable
from graph.model.resource import FreshnessState
from graph.store import follower as following
from graph.store.follower import SILENT, Follower
from graph.store.hub import Hub, Item
from graph.store.protocols import Pulse
from graph.store.replica import Replica
from tests.store.samples import LAMP
from tests.store.scripted import Scripted, followed, until

AWAY = StoreUnavailable("Redis does not answer")


def word(seq: int = 0, *, epoch: str | None = "a", silent: float | None = 0.0, beaten: str = "1") -> Pulse:
    return Pulse(epoch, seq, FreshnessState.LIVE, None, loaded=epoch is not None, silent=silent, beaten=beaten)


class Api(Hub):
    """A follower, and each state that it told of."""

    def __init__(self, reader: Scripted) -> None:
        super().__init__(10)
        self.now = 0.0
        self.reader = reader
        self.told: list[FreshnessState] = []
        replica = Replica("c1", [LAMP], keep_transitions=10, keep_log=10, keep_actions=10)
        self.follower = Follower(replica, reader, self, lambda: self.now)

    def publish(self, items: list[Item]) -> None:
        self.told.append(self.follower.freshness().state)

    def runs(self) -> AbstractAsyncContextManager[None]:
        return followed(self.follower)

    async def until(self, state: FreshnessState) -> None:
        await until(lambda: self.follower.freshness().state is state)


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> Api:
    """Live, at seq 0, as soon as it runs."""
    monkeypatch.setattr(following, "BEAT", 0.005)
    return Api(Scripted("c1", word()))


async def test_after_a_time_without_redis_all_that_is_written_is_due(api: Api) -> None:
    async with api.runs():
        await api.until(FreshnessState.LIVE)
        api.reader.word = AWAY
        await until(lambda: api.told[-1] is FreshnessState.DISCONNECTED)
        api.reader.word = word(100)
        await api.reader.beats(3)
    live = api.told.index(FreshnessState.LIVE)
    assert api.told[live:] == [FreshnessState.LIVE, FreshnessState.DISCONNECTED, FreshnessState.CATCHING_UP]


async def test_what_redis_lost_again_is_not_live(api: Api) -> None:
    api.reader.word = word(7)
    async with api.runs():
        await api.until(FreshnessState.LIVE)
        api.reader.word = word(3)
        await api.reader.beats(2)
        assert api.follower.freshness().state is FreshnessState.CATCHING_UP
        api.reader.word = word(7)
        await api.until(FreshnessState.LIVE)


async def test_silence_lasts_from_before_the_question(api: Api) -> None:
    async with api.runs():
        await api.until(FreshnessState.LIVE)

        async def slow() -> None:
            api.now += SILENT + 1

        api.reader.took = slow
        await api.reader.beats(2)
        assert api.follower.freshness().state is FreshnessState.STALE


async def test_a_silent_writer_is_stale_although_the_clock_of_redis_goes_back(api: Api) -> None:
    async with api.runs():
        await api.until(FreshnessState.LIVE)
        api.now += SILENT + 1
        api.reader.word = word(beaten="2")
        await api.reader.beats(2)
        assert api.follower.freshness().state is FreshnessState.LIVE, "it spoke"
        api.now += SILENT + 1
        await api.reader.beats(2)
        assert api.follower.freshness().state is FreshnessState.STALE


async def test_an_emptied_redis_that_nobody_writes_is_stale(api: Api) -> None:
    async with api.runs():
        await api.until(FreshnessState.LIVE)
        api.reader.word = word(epoch=None, silent=None)
        await api.reader.beats(2)
        assert api.follower.freshness().state is FreshnessState.STALE


async def test_whoever_asks_between_two_beats_hears_that_it_is_over(api: Api) -> None:
    async with api.runs():
        await api.until(FreshnessState.LIVE)
        api.now += SILENT + 1
        assert api.follower.freshness().state is FreshnessState.STALE
        api.reader.word = word(beaten="2")
        await until(lambda: api.told[-1] is FreshnessState.LIVE)
    live = api.told.index(FreshnessState.LIVE)
    assert api.told[live:] == [FreshnessState.LIVE, FreshnessState.STALE, FreshnessState.LIVE]
