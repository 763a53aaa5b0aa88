"""Kubernetes events: shown with what they are about, and evidence for judges. They have no status of their own."""

from __future__ import annotations

from typing import Annotated

from msgspec import Struct, structs

from graph.kinds.shared.events import container_of, last_seen
from graph.kinds.shared.numbers import count
from graph.kinds.shared.owners import key_of
from graph.kinds.shared.text import clean
from graph.model import instant
from graph.model.kind import Kind, Object, Related, Shape, Time, Watched, doc
from graph.model.ref import ObjectRef


class Involved(Struct, frozen=True, gc=False, rename="camel"):
    """``involvedObject``."""

    kind: str = ""
    name: str = ""
    namespace: str = ""
    uid: str = ""
    api_version: str = ""
    field_path: str = ""


class Series(Struct, frozen=True, gc=False, rename="camel"):
    """``series`` of events.k8s.io."""

    count: int = 0
    last_observed_time: str | None = None


class Source(Struct, frozen=True, gc=False):
    """``source`` of core/v1."""

    component: str = ""


class EventView(Object, frozen=True, gc=False, rename="camel"):
    """An Event of core/v1."""

    involved_object: Involved = Involved()
    type: str = "Normal"
    reason: str = ""
    message: str = ""
    count: int | None = None
    first_timestamp: str | None = None
    last_timestamp: str | None = None
    event_time: str | None = None
    series: Series | None = None
    source: Source = Source()
    reporting_component: str = ""


class EventFields(Struct, frozen=True, gc=False, array_like=True, rename="camel"):
    """What is public of an event."""

    type: Annotated[str, doc("Normal or Warning.")]
    reason: Annotated[str, doc("A short word of the component that wrote it, e.g. FailedMount.")]
    message: Annotated[str, doc("The component's own words.")]
    object: Annotated[ObjectRef, doc("What it is about; a container where it names one.")]
    count: Annotated[int, doc("How often it happened.")]
    first_at: Annotated[Time, doc("When it happened first.")]
    last_at: Annotated[Time, doc("When it happened last.")]


def about(view: EventView) -> ObjectRef:
    """The object that an event is about."""
    involved = view.involved_object
    return ObjectRef(
        involved.kind, involved.name, involved.namespace or None, involved.uid or None, involved.api_version or None
    )


def project(view: EventView, related: Related, now: float) -> EventFields:
    """The public fields of an event."""
    last = instant.normal(last_seen(view)) or instant.show(0)
    first = instant.normal(view.first_timestamp or view.event_time or view.metadata.creation_timestamp) or last
    times = (view.series.count if view.series else 0) or view.count or 1
    return EventFields(
        clean(view.type),
        clean(view.reason),
        clean(view.message),
        _object(view, related),
        count(max(times, 1)),
        Time(min(first, last)),
        Time(last),
    )


def _object(view: EventView, related: Related) -> ObjectRef:
    involved = view.involved_object
    key = key_of(involved.kind, name=involved.name, related=related, namespace=involved.namespace)
    return structs.replace(about(view), container=container_of(view), key=key)


def order(fields: EventFields) -> str:
    """Newest last occurrence first."""
    return fields.last_at


KIND = Kind(
    name="EVENT",
    type_name="Event",
    plural="events",
    description="A Kubernetes event: what a component said about an object. It is forgotten after an hour.",
    resource=Watched(api_version="v1", plural="events", kind="Event"),
    view=EventView,
    fields=EventFields,
    project=project,
    judge=None,
    about=about,
    in_service=Shape.CONNECTION,
    order=order,
)
