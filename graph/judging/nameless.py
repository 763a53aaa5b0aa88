"""Events that name an object but not its UID (those of the taint manager): they are joined by the whole name.

An object that is created again is another one of the same name: it takes over no event that is older than itself. Such
an event, and one whose object was not seen yet, waits here.
"""

from __future__ import annotations

from typing import Any

from graph.judging.entry import Entry
from graph.kinds.shared.events import true_time
from graph.model import instant
from graph.model.ref import Key, ObjectRef

Name = tuple[str, str, str]
"""Kind as the cluster spells it, namespace, name."""


class Nameless:
    """See the module."""

    def __init__(self) -> None:
        self._waiting: dict[Name, dict[Key, Entry]] = {}
        self._name_of: dict[Key, Name] = {}

    def wait(self, event: Entry, about: ObjectRef) -> None:
        """Until an object of that name is seen."""
        name = (about.kind, about.namespace or "", about.name)
        self._name_of[event.key] = name
        self._waiting.setdefault(name, {})[event.key] = event

    def about(self, target: Entry) -> list[Entry]:
        """The events that waited for this object."""
        resource = target.kind.resource
        waiting = self._waiting.get((resource.kind, target.key.namespace, target.key.name), {}) if resource else {}
        return [event for event in waiting.values() if joins(event, target)]

    def forget(self, event: Entry) -> None:
        """It found its object, or it is gone."""
        name = self._name_of.pop(event.key, None)
        if name is None:
            return
        del self._waiting[name][event.key]
        if not self._waiting[name]:
            del self._waiting[name]


def joins(event: Entry, target: Entry) -> bool:
    """Whether an object was there when the event happened."""
    told: Any = event.view  # of a kind that speaks of others: its view has an event's times
    created, happened = instant.parse(target.view.metadata.creation_timestamp), true_time(told)
    return created is None or not happened or happened >= created
