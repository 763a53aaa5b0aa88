"""Events are correlated as client-go does it, and last an hour."""

from __future__ import annotations

from random import Random

import pytest

from graph.demo.controllers.events import EventExpiry, Recorder
from graph.demo.objects import Object, read
from graph.demo.resources import DEPLOYMENTS, EVENTS
from graph.demo.store import Store
from tests.demo.controllers.bench import Bench
from tests.demo.controllers.workloads import workload


class Told:
    """A recorder, an object that it tells of, and a clock."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.store = Store(lambda: self.now, Random(1))
        self.recorder = Recorder(self.store, "deployment-controller")
        metadata = {"name": "web", "namespace": "test"}
        self.object = self.store.create(DEPLOYMENTS, {"metadata": metadata, "spec": workload(), "status": {}})

    def tell(self, message: str = "Something", type_: str = "Normal") -> None:
        self.recorder.tell(self.object, type_, "Reason", message)

    @property
    def events(self) -> list[Object]:
        return self.store.list(EVENTS, "test")


@pytest.fixture
def told() -> Told:
    return Told()


def test_an_event_names_its_object_and_who_tells(told: Told) -> None:
    told.tell()
    (event,) = told.events
    metadata = told.object["metadata"]
    assert event["involvedObject"] == {
        "kind": "Deployment",
        "namespace": "test",
        "name": "web",
        "uid": metadata["uid"],
        "apiVersion": "apps/v1",
        "resourceVersion": metadata["resourceVersion"],
    }
    assert (event["type"], event["reason"], event["message"], event["count"]) == ("Normal", "Reason", "Something", 1)
    assert event["source"] == {"component": "deployment-controller"}
    assert event["metadata"]["name"].startswith("web.")


def test_the_same_again_counts_up_the_event_that_is_there(told: Told) -> None:
    told.tell()
    told.now += 90
    told.tell()
    (event,) = told.events
    assert event["count"] == 2
    assert read(event["lastTimestamp"]) - read(event["firstTimestamp"]) == 90


def test_one_that_expired_comes_again_with_its_count(told: Told) -> None:
    told.tell()
    told.store.delete(EVENTS, "test", told.events[0]["metadata"]["name"])
    told.tell()
    assert [event["count"] for event in told.events] == [2]


def test_after_ten_minutes_of_silence_messages_are_told_apart_again(told: Told) -> None:
    for number in range(12):
        told.tell(f"No. {number}")
    assert len(told.events) == 10
    told.now += 601
    told.tell("No. 12")
    assert len(told.events) == 11


def test_a_type_has_room_for_25_and_one_more_every_five_minutes(told: Told) -> None:
    for _ in range(30):
        told.tell()
    assert told.events[0]["count"] == 25
    told.tell(type_="Warning")
    assert len(told.events) == 2
    told.now += 300
    told.tell()
    told.tell()
    assert sorted(event["count"] for event in told.events) == [1, 26]


def test_an_event_goes_an_hour_after_it_was_last_written() -> None:
    bench = Bench(lambda store: [EventExpiry(store)])
    recorder = Recorder(bench.store, "deployment-controller")
    obj = bench.create(DEPLOYMENTS, "web", workload())
    recorder.tell(obj, "Normal", "One", "Once")
    recorder.tell(obj, "Normal", "Two", "Twice")
    bench.wait(1800)
    recorder.tell(obj, "Normal", "Two", "Twice")
    bench.wait(1900)
    assert [event["reason"] for event in bench.store.list(EVENTS, "test")] == ["Two"]
    bench.wait(1900)
    assert bench.store.list(EVENTS, "test") == []


def test_beyond_a_number_the_oldest_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("graph.demo.controllers.events.MOST", 3)
    bench = Bench(lambda store: [EventExpiry(store)])
    recorder = Recorder(bench.store, "deployment-controller")
    obj = bench.create(DEPLOYMENTS, "web", workload())
    for number in range(5):
        recorder.tell(obj, "Normal", f"No{number}", "Text")
    bench.settle()
    assert sorted(event["reason"] for event in bench.store.list(EVENTS, "test")) == ["No2", "No3", "No4"]
