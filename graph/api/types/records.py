"""The operator log and the recorded transitions, and the items of the subscriptions that tell them."""

from __future__ import annotations

from typing import Annotated, Any

import strawberry

from graph.api import reading
from graph.api.context import Info
from graph.api.types.action import Action
from graph.api.types.cluster import Cluster, Node
from graph.api.types.enums import LogLevel, ResetReason
from graph.api.types.late import Late
from graph.api.types.resource import ObjectRef, Resource, Status
from graph.api.types.scalars import Cursor
from graph.model import resource as model
from graph.model.action import LogEntry
from graph.model.kind import Time
from graph.store.codec import encode_cursor

_CURSOR = "To go on from here."


def _service_of_entry(root: LogEntry, info: Info) -> Any:
    return reading.get(info.context, root.service)


def _action(root: LogEntry, info: Info) -> Any:
    return reading.action(info.context, root.cluster, root.action)


def _service(root: StatusTransition, info: Info) -> Any:
    return reading.get(info.context, root.record.service)


def _resource(root: StatusTransition, info: Info) -> Any:
    return reading.get(info.context, root.record.key)


@strawberry.type(description="One line of the operator log: what the operator did for a service.")
class OperatorLogEntry(Node):
    id: strawberry.ID = strawberry.field(
        resolver=lambda root: strawberry.ID(reading.id_of_entry(root)), description="Opaque and url-safe."
    )
    at: Time = strawberry.field(description="When it was written.")
    level: LogLevel = strawberry.field(description="How much it matters.")
    cluster: Cluster = strawberry.field(
        resolver=lambda root: Cluster(name=root.cluster), description="Where it happened."
    )
    service: Any = strawberry.field(
        resolver=_service_of_entry, graphql_type=Late("Service") | None, description="The service that it was done for."
    )
    object: ObjectRef = strawberry.field(description="What was acted on.")
    action: Action | None = strawberry.field(resolver=_action, description="The action that it belongs to.")
    step: str | None = strawberry.field(description="The step of that action.")
    message: str = strawberry.field(description="What was done, in one sentence.")
    error: str | None = strawberry.field(description="The API server's own message, whole.")

    @classmethod
    def is_type_of(cls, root: Any, _info: Any) -> bool:
        """Its source is the model's struct."""
        return isinstance(root, LogEntry)


@strawberry.type(description="A change of a published (state, reason).")
class StatusTransition:
    position: strawberry.Private[tuple[model.Cursor, ...]]
    record: strawberry.Private[model.Transition]

    cursor: Cursor = strawberry.field(resolver=lambda root: Cursor(encode_cursor(root.position)), description=_CURSOR)
    object: ObjectRef = strawberry.field(resolver=lambda root: root.record.object, description="Whose status.")
    resource: Resource | None = strawberry.field(
        resolver=_resource, description="The object itself as it is now, where it is known to this graph."
    )
    service: Any = strawberry.field(
        resolver=_service,
        graphql_type=Late("Service") | None,
        description="The service that it belongs to, as it is now.",
    )
    from_: Status | None = strawberry.field(
        name="from", resolver=lambda root: root.record.before, description="Null: seen for the first time."
    )
    to: Status | None = strawberry.field(resolver=lambda root: root.record.after, description="Null: gone.")
    at: Time = strawberry.field(
        resolver=lambda root: root.record.at,
        description="When it happened, by the cluster's own times where it tells.",
    )
    observed_at: Time = strawberry.field(
        resolver=lambda root: root.record.observed_at, description="When the operator saw it."
    )
    recorded_at: Time = strawberry.field(
        resolver=lambda root: root.record.recorded_at, description="When it was written down."
    )
    inferred: bool = strawberry.field(
        resolver=lambda root: root.record.inferred, description="Found by comparing across a gap in watching."
    )
    flaps: int = strawberry.field(
        resolver=lambda root: root.record.flaps,
        description="How often the object returned, within the flap window (10 minutes), to a status that it had left "
        "within it. A change of the operator's leader begins the count anew.",
    )


@strawberry.type(description="The first item of a subscription that did not say where to go on.")
class StreamStart:
    cursor: Cursor = strawberry.field(description=_CURSOR)


@strawberry.type(description="Something may be missing here: read again what you show. The subscription goes on.")
class StreamReset:
    cursor: Cursor = strawberry.field(description=_CURSOR)
    reason: ResetReason = strawberry.field(description="Why.")


@strawberry.type(description="A new entry of the operator log.")
class OperatorLogAppended:
    cursor: Cursor = strawberry.field(description=_CURSOR)
    entry: OperatorLogEntry = strawberry.field(description="The entry.")


StatusTransitionItem = Annotated[
    StreamStart | StatusTransition | StreamReset,
    strawberry.union("StatusTransitionItem", description="What statusTransitions tells."),
]
OperatorLogItem = Annotated[
    StreamStart | OperatorLogAppended | StreamReset,
    strawberry.union("OperatorLogItem", description="What operatorLog tells."),
]
