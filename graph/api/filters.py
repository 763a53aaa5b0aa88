"""The filters of lists and subscriptions as predicates. A predicate is made once and holds everything that it
compares with.

What contradicts itself, or names what is not there, matches nothing; what cannot mean anything is refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable
from functools import reduce
from typing import Any, TypeVar

from graph.api import reading
from graph.api.errors import Code, refused
from graph.api.types.inputs import (
    EventFilter,
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

MOST_LABELS = 20
LONGEST_SEARCH = 253
LONGEST_HOLD = 86_400
_FEW = 8
"""Up to so many values are compared one by one: an enum is not hashed for it."""

_NAME = r"[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?"
_LABEL_KEY = re.compile(rf"([a-z0-9]([a-z0-9.-]{{0,251}}[a-z0-9])?/)?{_NAME}")
_LABEL_VALUE = re.compile(rf"({_NAME})?")


def resources(given: ResourceFilter | ServiceFilter | None) -> Predicate[Resource]:
    """Of resources that have a status."""
    if given is None:
        return anything
    return _every(
        _member(given.clusters, lambda resource: resource.key.cluster),
        _member(given.namespaces, lambda resource: resource.key.namespace),
        _member(_services(getattr(given, "services", None)), lambda resource: resource.service),
        _member(given.states, lambda resource: resource.status.state),
        _member(given.reasons, lambda resource: resource.status.reason),
        *_labelled(given.labels),
        _since(given.changed_since, lambda resource: resource.status.since),
        _search(given.search, _told_of),
    )


def events(given: EventFilter | None) -> Predicate[Resource]:
    """Of Kubernetes events."""
    if given is None:
        return anything
    return _every(
        _member(given.clusters, lambda event: event.key.cluster),
        _member(given.namespaces, lambda event: event.key.namespace),
        _member(_services(given.services), lambda event: event.service),
        _member(None if given.objects is None else reading.keys_of(given.objects), lambda event: event.owner),
        _member(given.types, lambda event: event.fields.type),
        _member(given.reasons, lambda event: event.fields.reason),
        _since(given.since, lambda event: event.fields.last_at),
        _search(given.search, lambda event: (event.fields.object.name, event.fields.reason, event.fields.message)),
    )


def transitions(given: TransitionFilter | None) -> Predicate[Transition]:
    """Of recorded transitions; ``heldFor`` is ``held_for``'s."""
    if given is None:
        return anything
    return _every(
        _member(given.clusters, lambda transition: transition.key.cluster),
        _member(given.namespaces, lambda transition: transition.key.namespace),
        _member(_services(given.services), lambda transition: transition.service),
        _member(given.kinds, lambda transition: transition.key.kind),
        _member(given.from_, lambda transition: transition.before and transition.before.state),
        _member(given.to, lambda transition: transition.after and transition.after.state),
        _member(given.reasons, lambda transition: _told(transition).reason),
        _since(given.since, lambda transition: transition.recorded_at),
    )


def held_for(given: TransitionFilter | None) -> int | None:
    """Seconds for which a state must last for its transition to be told; None: it need not."""
    seconds = given.held_for if given is not None else None
    if seconds is not None and not 1 <= seconds <= LONGEST_HOLD:
        raise refused(Code.BAD_FILTER, f"heldFor must be from 1 to {LONGEST_HOLD} seconds")
    return seconds


def entries(given: OperatorLogFilter | None) -> Predicate[LogEntry]:
    """Of operator log entries."""
    if given is None:
        return anything
    return _every(
        _member(given.clusters, lambda entry: entry.cluster),
        _member(given.namespaces, lambda entry: entry.object.namespace),
        _member(_services(given.services), lambda entry: entry.service),
        _member(given.levels, lambda entry: entry.level),
        _member(_actions(given.actions), lambda entry: (entry.cluster, entry.action)),
        _since(given.since, lambda entry: entry.at),
    )


def anything(_: Any) -> bool:
    """What no filter, or an empty one, lets through."""
    return True


def _every(*predicates: Predicate[Any] | None) -> Predicate[Any]:
    needed = [predicate for predicate in predicates if predicate is not None]
    return reduce(_both, needed) if needed else anything


def _both(one: Predicate[Any], other: Predicate[Any]) -> Predicate[Any]:
    return lambda item: one(item) and other(item)


def _member(wanted: Iterable[Any] | None, value: Callable[[Any], Any]) -> Predicate[Any] | None:
    if wanted is None:
        return None
    distinct = dict.fromkeys(wanted)
    allowed: Collection[Any] = tuple(distinct) if len(distinct) <= _FEW else frozenset(distinct)
    return lambda item: value(item) in allowed


def _since(at: str | None, value: Callable[[Any], str]) -> Predicate[Any] | None:
    return None if at is None else lambda item: value(item) >= at


def _services(ids: Iterable[str] | None) -> Iterable[Any] | None:
    if ids is None:
        return None
    keys = reading.keys_of(ids)
    if any(key.kind != reading.SERVICE for key in keys):
        raise refused(Code.BAD_ID, "this is not the id of a service")
    return keys


def _actions(ids: Iterable[str] | None) -> Iterable[tuple[str, str]] | None:
    if ids is None:
        return None
    parts = [reading.parts_of(text) for text in ids]
    if not all(len(part) == 3 and part[0] == reading.ACTION for part in parts):
        raise refused(Code.BAD_ID, "this is not the id of an action")
    return [(cluster, action) for _, cluster, action in parts]


def _labelled(matches: Collection[LabelMatch] | None) -> Iterable[Predicate[Resource]]:
    if matches is not None and len(matches) > MOST_LABELS:
        raise refused(Code.BAD_FILTER, f"labels are at most {MOST_LABELS}")
    return [_label(match) for match in matches or ()]


def _label(match: LabelMatch) -> Predicate[Resource]:
    key, values = match.key, match.values
    if not _LABEL_KEY.fullmatch(key):
        raise refused(Code.BAD_FILTER, "this cannot be the key of a label: [prefix/]name, as Kubernetes has it")
    if not all(_LABEL_VALUE.fullmatch(value) for value in values or ()):
        raise refused(
            Code.BAD_FILTER, "this cannot be the value of a label: at most 63 of a-z, A-Z, 0-9, '-', '_', '.'"
        )
    if values is None:
        return lambda resource: key in resource.labels
    allowed = frozenset(values)
    return lambda resource: resource.labels.get(key) in allowed


def _search(text: str | None, told: Callable[[Any], Iterable[str]]) -> Predicate[Resource] | None:
    if text is None:
        return None
    if len(text) > LONGEST_SEARCH:
        raise refused(Code.BAD_FILTER, f"search has at most {LONGEST_SEARCH} characters")
    wanted = text.casefold()
    return lambda resource: wanted in "\n".join(told(resource)).casefold()


def _told_of(resource: Resource) -> Iterable[str]:
    status, key = resource.status, resource.key
    return (key.name, key.namespace, status.reason, status.message) if status else (key.name, key.namespace)


def _told(transition: Transition) -> Status:
    status = transition.after or transition.before
    assert status is not None, "a transition has a side"
    return status
