"""Kubernetes events: whose they are, and when they happened."""

from __future__ import annotations

from typing import Any

from graph.kinds.event import EventView, about, order, project
from graph.kinds.shared.events import container_of, true_time, written_by
from graph.model import instant
from graph.model.kind import Related
from graph.model.ref import Key, ObjectRef
from tests.kinds import corpus

RELATED = Related(ObjectRef("Event", "e", "shop", key=Key("prod", "EVENT", "shop", "e")))


def event(**fields: Any) -> EventView:
    item = {
        "metadata": {"name": "e", "namespace": "shop", "creationTimestamp": "2026-03-17T14:00:00Z"},
        "involvedObject": {"kind": "Pod", "namespace": "shop", "name": "web-1", "uid": "u", "apiVersion": "v1"},
        "reason": "Unhealthy",
        "message": "Readiness probe failed",
        "type": "Warning",
        **fields,
    }
    return corpus.read(item, EventView)


def test_the_true_time_is_the_last_that_anybody_wrote() -> None:
    times = {
        "2026-03-17T14:00:00Z": event(lastTimestamp=None, eventTime=None),
        "2026-03-17T14:01:00.000000Z": event(eventTime="2026-03-17T14:01:00.000000Z", lastTimestamp=None),
        "2026-03-17T14:02:00Z": event(lastTimestamp="2026-03-17T14:02:00Z", eventTime="2026-03-17T14:01:00.000000Z"),
        "2026-03-17T14:03:00Z": event(
            series={"count": 7, "lastObservedTime": "2026-03-17T14:03:00Z"}, lastTimestamp="2026-03-17T14:02:00Z"
        ),
    }
    assert [true_time(view) for view in times.values()] == [instant.parse(text) for text in times]


def test_an_event_without_any_time_is_older_than_all() -> None:
    assert true_time(corpus.read({"metadata": {"name": "e"}}, EventView)) == 0.0


def test_the_container_is_read_from_the_field_path() -> None:
    path = {"kind": "Pod", "name": "p", "fieldPath": "spec.initContainers{setup}"}
    assert container_of(event(involvedObject=path)) == "setup"
    assert container_of(event()) is None


def test_the_author_is_known_in_both_forms() -> None:
    assert written_by(event(source={"component": "kubelet"}, reportingComponent="")) == "kubelet"
    assert written_by(event(source={}, reportingComponent="default-scheduler")) == "default-scheduler"


def test_public_fields_of_an_event() -> None:
    view = event(
        count=3, firstTimestamp="2026-03-17T13:00:00Z", lastTimestamp="2026-03-17T14:02:00Z", message="a\x1b[2Jb\nc"
    )
    shown = project(view, RELATED, 0.0)
    assert (shown.type, shown.reason, shown.message, shown.count) == ("Warning", "Unhealthy", "a[2Jb c", 3)
    assert (shown.first_at, shown.last_at) == ("2026-03-17T13:00:00.000Z", "2026-03-17T14:02:00.000Z")
    assert shown.object.key == Key("prod", "POD", "shop", "web-1")
    assert about(view) == ObjectRef("Pod", "web-1", "shop", "u", "v1")
    assert order(shown) == shown.last_at


def test_a_repeated_event_of_the_newer_form_counts_by_its_series() -> None:
    view = event(series={"count": 9, "lastObservedTime": "2026-03-17T14:03:00Z"}, eventTime="2026-03-17T14:01:00.5Z")
    shown = project(view, RELATED, 0.0)
    assert (shown.count, shown.first_at, shown.last_at) == (9, "2026-03-17T14:01:00.500Z", "2026-03-17T14:03:00.000Z")
