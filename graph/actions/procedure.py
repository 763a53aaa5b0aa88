"""How an action is carried out: named steps, each an async function, and the RBAC rules that they need.

A request may come again after a crash, so every step can be done twice: it notices what an earlier attempt did.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from msgspec import Struct

from graph.actions.objects import Object, Objects, annotations_of
from graph.kube.paths import group_of
from graph.model.action import ActionRequest, LogLevel
from graph.model.kind import Watched

MARK = "statusgraph.io/action"
"""Annotation: the id of the action that made an object. By it an attempt knows the work of an earlier one."""


class Told(Struct, frozen=True):
    """What a step did, or (ERROR) why it and its action cannot be done. WARNING: done, but not all is well."""

    message: str
    level: LogLevel = LogLevel.INFO


def refused(message: str) -> Told:
    """The action ends here, with our own words."""
    return Told(message, LogLevel.ERROR)


@dataclass(slots=True)
class Attempt:
    """One try at carrying out a request, from its start, and what its steps read so far."""

    request: ActionRequest
    objects: Objects
    target: str
    """In words: CronJob shop/report."""
    found: Object | None = None
    kept: Object | None = None

    @property
    def name(self) -> str:
        """Of the target."""
        return self.request.target.name

    def made(self, it: Object | None, mark: str = MARK) -> bool:
        """Whether this action made an object, now or in an earlier attempt."""
        return it is not None and annotations_of(it).get(mark) == self.request.id


class Step(Struct, frozen=True):
    """``purpose`` completes "Could not … CronJob shop/report"."""

    name: str
    purpose: str
    do: Callable[[Attempt], Awaitable[Told]]


class Rule(Struct, frozen=True):
    """What one resource must be allowed for."""

    group: str
    resource: str
    verbs: tuple[str, ...]


def rule(resource: Watched, *verbs: str, subresource: str = "") -> Rule:
    """The rule for a resource, or for its subresource."""
    return Rule(group_of(resource), f"{resource.plural}/{subresource}" if subresource else resource.plural, verbs)


class Procedure(Struct, frozen=True):
    """An action as the runner knows it."""

    name: str
    """As in the schema: stopCronjob."""
    kind: str
    """Our word for the kind of its target."""
    resource: Watched
    steps: tuple[Step, ...]
    rules: tuple[Rule, ...]
