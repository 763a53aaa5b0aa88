"""When the fields of a spec were edited last, told by ``managedFields``: of these nothing but the instant is kept.

Our own watch knows it better (``Memory.edited``); this is for files, and for a process that was just started. A client
that strips ``managedFields`` loses the instant and nothing else.
"""

from __future__ import annotations

from msgspec import Struct, field

from graph.kinds.shared.annotations import AnnotatedMeta
from graph.model import instant
from graph.model.kind import Memory


class Owned(Struct, frozen=True, gc=False):
    """A field that a manager owns; nothing of it is read."""


class SpecFields(Struct, frozen=True, gc=False):
    """The owned fields of a spec whose edits matter to a judge."""

    schedule: Owned | None = field(name="f:schedule", default=None)
    time_zone: Owned | None = field(name="f:timeZone", default=None)
    suspend: Owned | None = field(name="f:suspend", default=None)


class Fields(Struct, frozen=True, gc=False):
    """``fieldsV1``."""

    spec: SpecFields = field(name="f:spec", default=SpecFields())


class ManagedFields(Struct, frozen=True, gc=False):
    """An entry of ``metadata.managedFields``."""

    time: str | None = None
    fields: Fields = field(name="fieldsV1", default=Fields())


class SpecOwner(Struct, frozen=True, gc=False):
    """``fieldsV1``, where any edit of the spec counts."""

    spec: Owned | None = field(name="f:spec", default=None)


class SpecEdit(Struct, frozen=True, gc=False):
    """An entry of ``metadata.managedFields``, where any edit of the spec counts."""

    time: str | None = None
    fields: SpecOwner = field(name="fieldsV1", default=SpecOwner())


class EditedMeta(AnnotatedMeta, frozen=True, gc=False, rename="camel"):
    """``metadata`` of an object whose judge asks when its spec was edited."""

    managed_fields: tuple[SpecEdit, ...] = ()

    @property
    def edited(self) -> float | None:
        """When a manager that owns fields of the spec wrote last."""
        times = (instant.parse(entry.time) for entry in self.managed_fields if entry.fields.spec is not None)
        return max((at for at in times if at is not None), default=None)


def last_edit(entries: tuple[ManagedFields, ...], memory: Memory) -> float | None:
    """When the schedule, the time zone or the suspension was edited last, as far as anybody knows."""
    if memory.edited is not None:
        return memory.edited
    times = (instant.parse(entry.time) for entry in entries if entry.fields.spec != SpecFields())
    return max((at for at in times if at is not None), default=None)
