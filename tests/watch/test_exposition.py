"""What Prometheus is told of the watches."""

from __future__ import annotations

from prometheus_client import CollectorRegistry
from prometheus_client.exposition import generate_latest
from prometheus_client.parser import text_string_to_metric_families as families

from graph.errors import ClusterUnreachable, Forbidden
from graph.watch.exposition import Watches
from graph.watch.vitals import Source, Vitals
from tests.watch.test_vitals import JOBS, PODS, Clock


class World:
    """One leader with two watches."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.watches = Watches()
        self.vitals = Vitals(self.clock)
        self.registry = CollectorRegistry()
        self.registry.register(self.watches)
        self.watches.show("test", self.vitals)

    def told(self, name: str, source: Source) -> dict[str, float]:
        """Label that only this metric has (or nothing) → value."""
        text = generate_latest(self.registry).decode()
        labels = {"cluster": "test", "resource": source.resource_name, "namespace": source.namespace}
        return {
            sample.labels.get("state", ""): sample.value
            for family in families(text)
            for sample in family.samples
            if sample.name == f"statusgraph_watch_{name}" and labels.items() <= sample.labels.items()
        }


def test_each_watch_tells_its_state() -> None:
    world = World()
    pods, jobs = world.vitals.source(PODS, ""), world.vitals.source(JOBS, "shop")
    assert world.told("state", pods) == {"loading": 1}
    pods.synced = True
    pods.works()
    jobs.fails(Forbidden("no", status=403))
    assert (world.told("state", pods), world.told("state", jobs)) == ({"live": 1}, {"refused": 1})
    pods.fails(ClusterUnreachable("away"))
    assert world.told("state", pods) == {"broken": 1}


def test_a_watch_that_is_told_nothing_grows_old() -> None:
    world = World()
    pods = world.vitals.source(PODS, "")
    assert world.told("progress_age_seconds", pods) == {}, "it never worked"
    pods.works()
    world.clock.now += 40
    assert world.told("progress_age_seconds", pods) == {"": 40}


def test_it_tells_how_long_after_its_creation_an_object_was_told_of() -> None:
    world = World()
    pods = world.vitals.source(PODS, "")
    assert world.told("lag_seconds", pods) == {}
    pods.tally.created, pods.tally.created_told = "2026-03-02T12:00:00Z", 1_772_452_802.5
    assert world.told("lag_seconds", pods) == {"": 2.5}


def test_what_happened_is_counted() -> None:
    world = World()
    pods = world.vitals.source(PODS, "")
    pods.tally.lists, pods.tally.changes, pods.tally.failures, pods.tally.nameless = 2, 30, 4, 1
    counted = [world.told(f"{word}_total", pods)[""] for word in ("lists", "changes", "failures", "nameless")]
    assert counted == [2, 30, 4, 1]


def test_who_no_longer_leads_tells_nothing() -> None:
    world = World()
    pods = world.vitals.source(PODS, "")
    world.watches.hide("test")
    assert world.told("state", pods) == {}
