"""The items of the subscriptions ``serviceChanges`` and ``events``."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

import strawberry

from graph.api.types.enums import shown
from graph.api.types.late import Late
from graph.api.types.records import StreamReset
from graph.api.types.scalars import Cursor


@shown
class ServiceChangeType(StrEnum):
    """What happened to a service, for this subscription."""

    SNAPSHOT = "SNAPSHOT"
    """It matched when the subscription began."""
    UPDATED = "UPDATED"
    """It, or something that belongs to it, changed, or it matches now."""
    REMOVED = "REMOVED"
    """It is gone, or matches no more."""


@strawberry.type(description="A service that is there, changed or is gone.")
class ServiceChange:
    cursor: Cursor = strawberry.field(description="To go on from here.")
    type: ServiceChangeType = strawberry.field(description="What happened.")
    id: strawberry.ID = strawberry.field(description="The service's id.")
    service: Any = strawberry.field(
        graphql_type=Late("Service") | None, description="The service as it is now; null when REMOVED."
    )


@shown
class EventChangeType(StrEnum):
    """What happened to a Kubernetes event, for this subscription."""

    SNAPSHOT = "SNAPSHOT"
    """It matched when the subscription began."""
    UPDATED = "UPDATED"
    """It is new, happened again, or matches now."""
    REMOVED = "REMOVED"
    """The cluster keeps it no longer, or it matches no more."""


@strawberry.type(description="A Kubernetes event that is there, happened or is gone.")
class EventChange:
    cursor: Cursor = strawberry.field(description="To go on from here.")
    type: EventChangeType = strawberry.field(description="What happened.")
    id: strawberry.ID = strawberry.field(description="The event's id.")
    event: Any = strawberry.field(
        graphql_type=Late("Event") | None, description="The event as it is now; null when REMOVED."
    )


@strawberry.type(description="All that matched was told; what follows are changes.")
class SnapshotEnd:
    cursor: Cursor = strawberry.field(description="To go on from here.")


ServiceChangeItem = Annotated[
    ServiceChange | SnapshotEnd | StreamReset,
    strawberry.union("ServiceChangeItem", description="What serviceChanges tells."),
]
EventItem = Annotated[
    EventChange | SnapshotEnd | StreamReset,
    strawberry.union("EventItem", description="What events tells."),
]
