"""Kubernetes events as judges read them. The view itself is in ``event.py``; kinds see it through this Protocol."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable
from typing import Protocol

from graph.kinds.shared.causes import cause
from graph.model import instant
from graph.model.ref import ObjectRef
from graph.model.status import Cause, Evidence

_CONTAINER = re.compile(r"spec\.\w+\{(.+)\}")


class Series(Protocol):
    """A repeated event of events.k8s.io."""

    @property
    def last_observed_time(self) -> str | None: ...


class Source(Protocol):
    """Who wrote an event of core/v1."""

    @property
    def component(self) -> str: ...


class Involved(Protocol):
    """What an event is about."""

    @property
    def field_path(self) -> str: ...


class Meta(Protocol):
    """What is read of an event's metadata."""

    @property
    def creation_timestamp(self) -> str | None: ...


class Event(Protocol):
    """One Kubernetes event."""

    @property
    def metadata(self) -> Meta: ...
    @property
    def involved_object(self) -> Involved: ...
    @property
    def type(self) -> str: ...
    @property
    def reason(self) -> str: ...
    @property
    def message(self) -> str: ...
    @property
    def first_timestamp(self) -> str | None: ...
    @property
    def last_timestamp(self) -> str | None: ...
    @property
    def event_time(self) -> str | None: ...
    @property
    def series(self) -> Series | None: ...
    @property
    def source(self) -> Source: ...
    @property
    def reporting_component(self) -> str: ...


def last_seen(event: Event) -> str | None:
    """The text of the event's true time: the scheduler and events.k8s.io leave ``lastTimestamp`` null."""
    known = (
        event.series.last_observed_time if event.series else None,
        event.last_timestamp,
        event.event_time,
        event.first_timestamp,
        event.metadata.creation_timestamp,
    )
    return next((text for text in known if instant.parse(text) is not None), None)


def true_time(event: Event) -> float:
    """When the event happened last; 0 where nothing readable says so."""
    return instant.parse(last_seen(event)) or 0.0


def container_of(event: Event) -> str | None:
    """The container that the event is about, where it is about one."""
    found = _CONTAINER.fullmatch(event.involved_object.field_path)
    return found[1] if found else None


def written_by(event: Event) -> str:
    """The component that wrote it, e.g. ``kubelet``, ``job-controller``."""
    return event.reporting_component or event.source.component


def with_reason(events: Iterable[Event], reasons: Container[str]) -> list[Event]:
    """Those events, in their order: oldest first."""
    return [event for event in events if event.reason in reasons]


def cited(event: Event, ref: ObjectRef) -> Cause:
    """The event as a cause on the object that it is about."""
    return cause(
        ref,
        reason=event.reason,
        message=event.message,
        evidence=Evidence.EVENT,
        at=last_seen(event),
        container=container_of(event),
    )
