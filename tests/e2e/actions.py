"""Mutations as a UI uses them: ask, follow the action's progress to its end, read what the operator log tells of it."""

from __future__ import annotations

from typing import Any

from tests.e2e.client import query, subscription

PROGRESS = """
subscription ($id: ID!) {
  actionProgress(id: $id) {
    id name state error finishedAt object { kind namespace name } steps { name state message }
  }
}
"""

LOG = """
query ($actions: [ID!]) {
  operatorLog(filter: { actions: $actions }, first: 100) {
    nodes { level step message error service { name } object { kind name } action { id } }
  }
}
"""

Object = dict[str, Any]


async def id_of(port: int, field: str, namespace: str, name: str) -> str:
    """The id of an object, by the field of Query that lists its kind."""
    document = f"query ($filter: ResourceFilter) {{ page: {field}(filter: $filter) {{ nodes {{ id name }} }} }}"
    page = (await query(port, document, {"filter": {"namespaces": [namespace], "search": name}}))["page"]
    return next(str(node["id"]) for node in page["nodes"] if node["name"] == name)


async def ask(port: int, mutation: str, id_: str, **given: Any) -> Object:
    """What the mutation answered: an Action, or one of the errors."""
    input_ = "ScaleInput" if mutation == "scaleDeployment" else "ActionInput"
    document = f"""
    mutation ($input: {input_}!) {{
      payload: {mutation}(input: $input) {{
        result {{ __typename ... on Action {{ id state }} ... on UserError {{ code message }} }}
      }}
    }}
    """
    result: Object = (await query(port, document, {"input": {"id": id_, **given}}))["payload"]["result"]
    return result


async def act(port: int, mutation: str, id_: str, **given: Any) -> Object:
    """The action at its end."""
    asked = await ask(port, mutation, id_, **given)
    assert asked["__typename"] == "Action", asked
    async with subscription(port, PROGRESS, {"id": asked["id"]}) as payloads:
        seen = [payload["data"]["actionProgress"] async for payload in payloads]
    last: Object = seen[-1]
    return last


async def log_of(port: int, action: Object) -> list[Object]:
    """The entries of an action, in the order in which they were written."""
    entries = (await query(port, LOG, {"actions": [action["id"]]}))["operatorLog"]["nodes"]
    return list(reversed(entries))
