"""The filters of lists and subscriptions as predicates. A predicate is made once and holds everything that it
compares with.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any, TypeVar

from graph.api import reading
from graph.api.errors import Code, refused
from graph.api.types.inputs import (
    LabelMatch,
    OperatorLogFilter,
    ResourceFilter,
    ServiceFilter,
    TransitionFilter,
)
from graph.model.action import LogEntry
from graph.model.resource import Resource, Transition
from graph.model.status import Status

T = TypeVar("T")
Predicate = Callable[[T], bool]


def resources(given: ResourceFilter | ServiceFilter | None) -> Predicate[Resource]:
    """Of resources that have a status."""
    if given is None:
        return _anything
    services = getattr(given, "services", None)
    return _every(
        _member(given.clusters, lambda resource: resource.key.cluster),
        _member(given.namespaces, lambda resource: resource.key.namespace),
        _member(_keys(services), lambda resource: resource.service),
        _member(given.states, lambda resource: resource.status.state),
        _member(given.reasons, lambda resource: resource.status.reason),
        *(_labelled(match) for match in given.labels or ()),
        _search(given.search),
    )


def transitions(given: TransitionFilter | None) -> Predicate[Transition]:
    """Of recorded transitions."""
    if given is None:
        return _anything
    return _every(
        _member(given.clusters, lambda transition: transition.key.cluster),
        _member(given.namespaces, lambda transition: transition.key.namespace),
        _member(_keys(given.services), lambda transition: transition.service),
        _member(given.kinds, lambda transition: transition.key.kind),
        _member(given.from_, lambda transition: transition.before and transition.before.state),
        _member(given.to, lambda transition: transition.after and transition.after.state),
        _member(given.reasons, lambda transition: _told(transition).reason),
    )


def entries(given: OperatorLogFilter | None) -> Predicate[LogEntry]:
    """Of operator log entries."""
    if given is None:
        return _anything
    return _every(
        _member(given.clusters, lambda entry: entry.cluster),
        _member(given.namespaces, lambda entry: entry.object.namespace),
        _member(_keys(given.services), lambda entry: entry.service),
        _member(given.levels, lambda entry: entry.level),
        _member(_actions(given.actions), lambda entry: (entry.cluster, entry.action)),
    )


def _anything(_: Any) -> bool:
    return True


def _every(*predicates: Predicate[Any] | None) -> Predicate[Any]:
    needed = [predicate for predicate in predicates if predicate is not None]
    return lambda item: all(predicate(item) for predicate in needed)


def _member(wanted: Iterable[Any] | None, value: Callable[[Any], Any]) -> Predicate[Any] | None:
    if wanted is None:
        return None
    allowed: Collection[Any] = frozenset(wanted)
    return lambda item: value(item) in allowed


def _keys(ids: Iterable[str] | None) -> Iterable[Any] | None:
    return None if ids is None else reading.keys_of(ids)


def _actions(ids: Iterable[str] | None) -> Iterable[tuple[str, str]] | None:
    if ids is None:
        return None
    parts = [reading.parts_of(text) for text in ids]
    if not all(len(part) == 3 and part[0] == reading.ACTION for part in parts):
        raise refused(Code.BAD_ID, "this is not the id of an action")
    return [(cluster, action) for _, cluster, action in parts]


def _labelled(match: LabelMatch) -> Predicate[Resource]:
    def matches(resource: Resource) -> bool:
        labels: Mapping[str, str] = resource.labels
        return match.key in labels and (match.values is None or labels[match.key] in match.values)

    return matches


def _search(text: str | None) -> Predicate[Resource] | None:
    if text is None:
        return None
    wanted = text.casefold()

    def matches(resource: Resource) -> bool:
        status = resource.status
        told = (status.reason, status.message) if status is not None else ()
        return any(wanted in part.casefold() for part in (resource.key.name, resource.key.namespace, *told))

    return matches


def _told(transition: Transition) -> Status:
    status = transition.after or transition.before
    assert status is not None, "a transition has a side"
    return status
