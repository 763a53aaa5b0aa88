"""The mutations: each leaves a request at the Desk, where the operator finds it, and answers with the action that was
accepted.

With an idempotency key the action's id follows from the key, so that asking again, of any process, is the same
action.
"""

from __future__ import annotations

import hashlib
import uuid
from typing import Annotated, Any

import strawberry

from graph.api import reading
from graph.api.context import Context, Info
from graph.api.errors import Code
from graph.api.types.action import (
    ActionPayload,
    ConflictError,
    ForbiddenError,
    InvalidInputError,
    NotFoundError,
)
from graph.api.types.inputs import ActionInput, ScaleInput
from graph.kinds.shared.text import clean
from graph.model import instant
from graph.model.action import Action, ActionRequest, ActionState
from graph.model.resource import Resource

MOST_REPLICAS = 10_000
LONGEST_KEY = 200
LONGEST_REASON = 1_000

_INPUT = strawberry.argument(name="input", description="What to act on, and how.")


def _mutation(name: str, *, kind: str, description: str) -> Any:
    async def resolve(info: Info, given: Annotated[ActionInput, _INPUT]) -> Any:
        return ActionPayload(result=await _ask(info.context, given, name=name, kind=kind))

    return strawberry.mutation(resolver=resolve, name=name, graphql_type=ActionPayload, description=description)


async def _scale(info: Info, given: Annotated[ScaleInput, _INPUT]) -> Any:
    return ActionPayload(result=await _ask(info.context, given, name="scaleDeployment", kind="DEPLOYMENT"))


@strawberry.type(description="What can be asked of the operator.")
class Mutation:
    stop_cronjob: Any = _mutation(
        "stopCronjob",
        kind="CRONJOB",
        description="Deletes the Cronjob; its manifest stays in the cluster, so that startCronjob can bring it back.",
    )
    start_cronjob: Any = _mutation("startCronjob", kind="CRONJOB", description="Brings a stopped Cronjob back.")
    trigger_cronjob: Any = _mutation("triggerCronjob", kind="CRONJOB", description="Runs the Cronjob once, now.")
    restart_deployment: Any = _mutation(
        "restartDeployment",
        kind="DEPLOYMENT",
        description="Replaces all pods of the Deployment, as kubectl rollout restart does.",
    )
    scale_deployment: Any = strawberry.mutation(
        resolver=_scale, graphql_type=ActionPayload, description="Sets how many pods the Deployment has."
    )


async def _ask(context: Context, given: ActionInput | ScaleInput, *, name: str, kind: str) -> Any:
    target = _target(context, given, kind=kind)
    if not isinstance(target, Resource):
        return target
    request = _request(context, given, name=name, target=target)
    if not await context.desk.ask(request, _fingerprint(request)):
        return ConflictError(
            code=Code.IDEMPOTENCY_KEY_REUSED, message="this idempotency key was used for something else"
        )
    return reading.action(context, target.key.cluster, request.id) or _accepted(request, target)


def _target(context: Context, given: ActionInput | ScaleInput, *, kind: str) -> Any:
    """The resource, or why nothing can be done with it."""
    if not context.actions:
        return ForbiddenError(code=Code.ACTIONS_DISABLED, message="actions are switched off here")
    resource = reading.get(context, reading.key_of(given.id))
    if resource is None:
        return NotFoundError(code=Code.NOT_FOUND, message="there is no such object")
    if resource.key.kind != kind:
        message = f"this is a {resource.key.kind}, not a {kind}"
        return InvalidInputError(code=Code.WRONG_KIND, message=message, field="id")
    return _invalid(given) or resource


def _invalid(given: ActionInput | ScaleInput) -> InvalidInputError | None:
    """What of the input cannot be meant, whatever the object is."""
    if isinstance(given, ScaleInput) and not 0 <= given.replicas <= MOST_REPLICAS:
        message = f"replicas must be from 0 to {MOST_REPLICAS}"
        return InvalidInputError(code=Code.BAD_REPLICAS, message=message, field="replicas")
    if given.idempotency_key is not None and not 1 <= len(given.idempotency_key) <= LONGEST_KEY:
        message = f"an idempotency key has 1 to {LONGEST_KEY} characters"
        return InvalidInputError(code=Code.BAD_IDEMPOTENCY_KEY, message=message, field="idempotencyKey")
    if given.reason is not None and len(given.reason) > LONGEST_REASON:
        message = f"a reason has at most {LONGEST_REASON} characters"
        return InvalidInputError(code=Code.BAD_REASON, message=message, field="reason")
    return None


def _request(context: Context, given: ActionInput | ScaleInput, *, name: str, target: Resource) -> ActionRequest:
    key = given.idempotency_key
    return ActionRequest(
        id=uuid.uuid4().hex if key is None else _hash(target.key.cluster, key, name),
        name=name,
        target=target.key,
        requested_at=instant.show(context.clock()),
        reason=None if given.reason is None else clean(given.reason),
        replicas=given.replicas if isinstance(given, ScaleInput) else None,
    )


def _fingerprint(request: ActionRequest) -> str:
    """What must be the same when an idempotency key is used again."""
    key = request.target
    return _hash(request.name, key.kind, key.namespace, key.name, str(request.replicas))


def _accepted(request: ActionRequest, target: Resource) -> Action:
    return Action(
        id=request.id,
        name=request.name,
        object=target.ref,
        target=target.key,
        state=ActionState.ACCEPTED,
        requested_at=request.requested_at,
        requested_by=request.requested_by,
    )


def _hash(*parts: str) -> str:
    return hashlib.sha256("\x00".join(parts).encode()).hexdigest()[:32]
