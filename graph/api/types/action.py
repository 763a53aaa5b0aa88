"""Actions, their steps, and what a mutation answers."""

from __future__ import annotations

from typing import Annotated, Any

import strawberry

from graph.api import reading
from graph.api.types.cluster import Node
from graph.api.types.enums import ActionState
from graph.api.types.resource import ObjectRef
from graph.model import action as model
from graph.model.kind import Time


@strawberry.type(description="A step of an action.")
class ActionStep:
    name: str = strawberry.field(description="What is done in it.")
    state: ActionState = strawberry.field(description="How far it is.")
    at: Time | None = strawberry.field(description="When it began, or ended.")
    message: str | None = strawberry.field(description="What came of it.")


@strawberry.type(description="Something that a user asked the operator to do, and how far it is.")
class Action(Node):
    id: strawberry.ID = strawberry.field(
        resolver=lambda root: strawberry.ID(reading.id_of_action(root)), description="Opaque and url-safe."
    )
    name: str = strawberry.field(description="The mutation that asked for it, e.g. stopCronjob.")
    object: ObjectRef = strawberry.field(description="What it acts on.")
    state: ActionState = strawberry.field(description="How far it is.")
    requested_by: str | None = strawberry.field(description="Who asked; null where nobody has to log in.")
    requested_at: Time = strawberry.field(description="When it was asked for.")
    finished_at: Time | None = strawberry.field(description="When it succeeded or failed.")
    steps: list[ActionStep] = strawberry.field(description="What was done so far.")
    error: str | None = strawberry.field(description="Why it failed, in the API server's own words.")

    @classmethod
    def is_type_of(cls, root: Any, _info: Any) -> bool:
        """Its source is the model's struct."""
        return isinstance(root, model.Action)


@strawberry.interface(description="Why an action was not started.")
class UserError:
    code: str = strawberry.field(description="Stable; the documentation lists them.")
    message: str = strawberry.field(description="One sentence for a person.")


@strawberry.type(description="There is no such object, or you may not see it.")
class NotFoundError(UserError):
    pass


@strawberry.type(description="It is not allowed.")
class ForbiddenError(UserError):
    pass


@strawberry.type(description="Something else is in the way.")
class ConflictError(UserError):
    pass


@strawberry.type(description="What was given makes no sense.")
class InvalidInputError(UserError):
    field: str | None = strawberry.field(description="Which field of the input.")


ActionResult = Annotated[
    Action | NotFoundError | ForbiddenError | ConflictError | InvalidInputError,
    strawberry.union("ActionResult", description="The action that was started, or why none was."),
]


@strawberry.type(description="What a mutation answers.")
class ActionPayload:
    result: Any = strawberry.field(
        graphql_type=ActionResult, description="The action that was started, or why none was."
    )
