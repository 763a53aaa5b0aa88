"""Mutations: what is left at the desk, what is refused and how, and that asking twice is asking once."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from graph.model.action import Action, ActionState
from tests.api.server import Host, Served
from tests.api.world import World, key, ref_of, shop

NIGHTLY = key("CRONJOB", "nightly", namespace="office")
WEB = key("DEPLOYMENT", "web")

STOP = """
mutation($input: ActionInput!) {
  stopCronjob(input: $input) {
    result {
      __typename
      ... on Action { id name state requestedAt object { kind name } steps { name } }
      ... on UserError { code }
      ... on InvalidInputError { field }
    }
  }
}
"""
SCALE = STOP.replace("ActionInput", "ScaleInput").replace("stopCronjob", "scaleDeployment")


async def result(served: Served, document: str, **input_: Any) -> dict[str, Any]:
    """What a mutation answers."""
    (payload,) = (await served.query(document, input=input_)).data.values()
    found: dict[str, Any] = payload["result"]
    return found


async def test_an_action_is_asked_for_and_answered(served: Served, world: World) -> None:
    action = await result(served, STOP, id=NIGHTLY.id, reason="too loud")
    ((request, _),) = world.desk.asked.values()
    assert (request.name, request.target, request.reason) == ("stopCronjob", NIGHTLY, "too loud")
    assert request.requested_at == "2026-11-22T12:00:00.000Z"
    assert action.pop("id")
    assert action == {
        "__typename": "Action",
        "name": "stopCronjob",
        "state": "ACCEPTED",
        "requestedAt": "2026-11-22T12:00:00.000Z",
        "object": {"kind": "CronJob", "name": "nightly"},
        "steps": [],
    }


@pytest.mark.parametrize(
    ("mutation", "target"),
    [("startCronjob", NIGHTLY), ("triggerCronjob", NIGHTLY), ("restartDeployment", WEB)],
)
async def test_every_mutation_asks_for_what_it_is_called(
    served: Served, world: World, mutation: str, target: Any
) -> None:
    action = await result(served, STOP.replace("stopCronjob", mutation), id=target.id)
    assert action["name"] == mutation
    assert [request.name for request, _ in world.desk.asked.values()] == [mutation]


async def test_scaling_carries_the_number(served: Served, world: World) -> None:
    assert (await result(served, SCALE, id=WEB.id, replicas=0))["name"] == "scaleDeployment"
    assert [request.replicas for request, _ in world.desk.asked.values()] == [0]


@pytest.mark.parametrize("replicas", [-1, 10_001])
async def test_an_impossible_number_of_replicas_is_refused(served: Served, world: World, replicas: int) -> None:
    refused = await result(served, SCALE, id=WEB.id, replicas=replicas)
    assert refused == {"__typename": "InvalidInputError", "code": "BAD_REPLICAS", "field": "replicas"}
    assert world.desk.asked == {}


@pytest.mark.parametrize("unknown", ["nonsense", key("CRONJOB", "gone").id])
async def test_what_is_not_there_is_not_found(served: Served, unknown: str) -> None:
    assert await result(served, STOP, id=unknown) == {"__typename": "NotFoundError", "code": "NOT_FOUND"}


async def test_what_must_not_be_seen_is_not_found(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(served.world.context), "visible", lambda _, namespace: namespace == "shop")
    assert (await result(served, STOP, id=NIGHTLY.id))["__typename"] == "NotFoundError"


async def test_the_wrong_kind_is_refused(served: Served) -> None:
    refused = await result(served, STOP, id=WEB.id)
    assert refused == {"__typename": "InvalidInputError", "code": "WRONG_KIND", "field": "id"}


async def test_an_idempotency_key_makes_two_requests_one(served: Served, world: World) -> None:
    first = await result(served, SCALE, id=WEB.id, replicas=2, idempotencyKey="k")
    second = await result(served, SCALE, id=WEB.id, replicas=2, idempotencyKey="k")
    assert first["id"] == second["id"]
    assert len(world.desk.asked) == 1
    other = await result(served, SCALE, id=WEB.id, replicas=3, idempotencyKey="k")
    assert other == {"__typename": "ConflictError", "code": "IDEMPOTENCY_KEY_REUSED"}


@pytest.mark.parametrize(
    ("input_", "code", "field"),
    [
        ({"idempotencyKey": ""}, "BAD_IDEMPOTENCY_KEY", "idempotencyKey"),
        ({"idempotencyKey": "k" * 201}, "BAD_IDEMPOTENCY_KEY", "idempotencyKey"),
        ({"reason": "r" * 1001}, "BAD_REASON", "reason"),
    ],
)
async def test_what_cannot_be_kept_is_refused(
    served: Served, world: World, input_: dict[str, str], code: str, field: str
) -> None:
    refused = await result(served, STOP, id=NIGHTLY.id, **input_)
    assert refused == {"__typename": "InvalidInputError", "code": code, "field": field}
    assert world.desk.asked == {}


async def test_a_reason_is_one_inert_line(served: Served, world: World) -> None:
    await result(served, STOP, id=NIGHTLY.id, reason="too\x1b[31m \u202eloud\nreally")
    ((request, _),) = world.desk.asked.values()
    assert request.reason == "too[31m loud really"


async def test_without_a_key_two_requests_are_two(served: Served, world: World) -> None:
    first, second = [await result(served, STOP, id=NIGHTLY.id) for _ in range(2)]
    assert first["id"] != second["id"]
    assert len(world.desk.asked) == 2


async def test_an_action_that_is_known_is_answered_as_it_is(served: Served, world: World) -> None:
    await result(served, STOP, id=NIGHTLY.id, idempotencyKey="k")
    ((request, _),) = world.desk.asked.values()
    known = Action(request.id, request.name, ref_of(NIGHTLY), NIGHTLY, ActionState.RUNNING, request.requested_at)
    world.act(known)
    again = await result(served, STOP, id=NIGHTLY.id, idempotencyKey="k")
    assert again["state"] == "RUNNING"
    world.act(msgspec.structs.replace(known, state=ActionState.FAILED, error="forbidden"))
    document = "query($id: ID!) { node(id: $id) { __typename ... on Action { state error } } }"
    node = (await served.query(document, id=again["id"])).data["node"]
    assert node == {"__typename": "Action", "state": "FAILED", "error": "forbidden"}


async def test_actions_can_be_off(host: Host) -> None:
    world = World(actions=False)
    world.load(shop())
    refused = await result(host.serve(world), STOP, id=NIGHTLY.id)
    assert refused == {"__typename": "ForbiddenError", "code": "ACTIONS_DISABLED"}
    assert world.desk.asked == {}


async def test_a_lost_store_is_said_without_its_address(served: Served, world: World) -> None:
    world.desk.broken = True
    answer = await served.query(STOP, input={"id": NIGHTLY.id})
    assert answer.codes == ["STORE_UNAVAILABLE"]
    assert b"10.0.0.7" not in answer.body
