"""Conditions, as every Kubernetes status has them."""

from __future__ import annotations

from msgspec import Struct

from graph.kinds.shared.causes import cause
from graph.model import instant
from graph.model.ref import ObjectRef
from graph.model.status import Cause, Evidence


class Condition(Struct, frozen=True, gc=False, rename="camel"):
    """One condition. It counts only with the status that a rule names: ``Suspended=False`` stays for ever."""

    type: str = ""
    status: str = ""
    reason: str = ""
    message: str = ""
    last_transition_time: str | None = None
    last_update_time: str | None = None

    @property
    def since(self) -> float | None:
        """When it became what it is."""
        return instant.parse(self.last_transition_time)

    def cited(self, ref: ObjectRef) -> Cause:
        """The condition as a cause."""
        return cause(
            ref,
            reason=self.reason or self.type,
            message=self.message or f"condition {self.type} is {self.status}",
            evidence=Evidence.CONDITION,
            at=self.last_transition_time,
        )


def find(conditions: tuple[Condition, ...], name: str) -> Condition | None:
    """The condition of that type, whatever its status."""
    for condition in conditions:
        if condition.type == name:
            return condition
    return None


def holds(conditions: tuple[Condition, ...], name: str) -> Condition | None:
    """The condition of that type if it is True."""
    for condition in conditions:
        if condition.type == name:
            return condition if condition.status == "True" else None
    return None
