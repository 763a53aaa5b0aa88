"""R1 to R7 in short; `python -m tests.chaos` has the long versions."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from tests.chaos import failover, losing, storms, watching, writing
from tests.chaos.apiproxy import FAULTS
from tests.chaos.ledger import Budget, Tally
from tests.chaos.objects import RESOURCES
from tests.chaos.stage import PATIENT, Stage, staged
from tests.chaos.wire import Wire, available
from tests.controlplane.fixtures import Cluster, provided
from tests.servers import RedisServer

LEASE, CALM = 2.0, 15.0


def kept(tally: Tally) -> None:
    """Prints the line of the ledger, and wants nothing broken."""
    print(f"\n{tally.line()}")
    assert tally.trials
    assert tally.broken == []


@pytest.fixture(scope="module")
async def stage(cluster: Cluster, redis_program: str) -> AsyncIterator[Stage]:
    """The real API server, or with CLUSTER=demo the demo."""
    async with staged(cluster.plane.kubeconfig, redis_program, lease=LEASE) as one:
        yield one


@pytest.fixture(scope="module")
def redis(redis_program: str) -> Iterator[RedisServer]:
    """For the store alone."""
    server = RedisServer(redis_program)
    server.start()
    yield server
    server.close()


@pytest.fixture
async def wire(redis: RedisServer, pytestconfig: pytest.Config) -> AsyncIterator[Wire]:
    """Toxiproxy is built by Go, once."""
    provided(pytestconfig, available)
    async with Wire(redis.port) as one:
        yield one


async def test_the_cache_converges_whatever_the_watch_does(stage: Stage) -> None:
    kept(await watching.converges(stage, Budget(trials=-(-len(FAULTS) // len(RESOURCES)))))


async def test_a_relist_equals_the_list(stage: Stage) -> None:
    kept(await watching.relists(stage, Budget(trials=2)))


async def test_a_leader_that_stood_still_writes_nothing_any_more(stage: Stage) -> None:
    kept(await losing.one_writer(stage, LEASE, Budget(trials=1)))


async def test_lost_data_is_noticed_and_rebuilt(cluster: Cluster, redis_program: str) -> None:
    async with staged(cluster.plane.kubeconfig, redis_program, lease=CALM, silence=PATIENT) as stage:
        kept(await losing.lost_data(stage, Budget(trials=2)))


async def test_a_failover_is_followed_by_the_operator_and_the_api(cluster: Cluster, redis_program: str) -> None:
    kept(
        await failover.failover(cluster.plane.kubeconfig, redis_program, lease=CALM, budget=Budget(trials=1)),
    )


async def test_ten_minutes_of_faults_are_no_storm() -> None:
    kept(await storms.no_storm(Budget(trials=5)))


async def test_a_lost_answer_of_redis_repeats_nothing(redis: RedisServer, wire: Wire) -> None:
    kept(await writing.once(redis, wire, Budget(trials=4)))


async def test_a_redis_that_was_cut_off_or_slow_gets_everything(redis: RedisServer, wire: Wire) -> None:
    kept(await writing.paused(redis, wire, Budget(trials=2)))


async def test_a_full_redis_is_told_and_filled_when_it_has_room(redis: RedisServer) -> None:
    kept(await writing.full(redis, Budget(trials=2)))


async def test_readers_see_one_generation(redis: RedisServer) -> None:
    kept(await writing.generations(redis, Budget(trials=20)))
