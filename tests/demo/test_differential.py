"""The demo's API answers as a real API server does: the same requests to both, codes, reasons and bodies compared."""

from __future__ import annotations

import re
from contextlib import aclosing
from typing import Any

from graph.demo.player import Api
from tests.controlplane.kube import Kube
from tests.demo.raw import Answer, Raw
from tests.demo.requests import STEPS, WATCHED
from tests.demo.samples import Step

OWN = frozenset(
    {"uid", "resourceVersion", "managedFields", "creationTimestamp", "deletionTimestamp", "lastTransitionTime"}
)
"""What cannot be the same."""
UNOFFERED = frozenset({"serviceAccount", "serviceAccountName", "ownerReferences"})
"""The control plane of the tests runs without the ServiceAccount admission."""
TOLD = ("name", "group", "kind", "causes")
VERSION = re.compile(r"(?<=current: )\d+|(?<=record \()\d+|\d{6,}")
UID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
AGE = re.compile(r"^\d+s$")
"""In a table: the two are asked one after the other."""


async def test_the_same_requests_are_answered_as_by_a_real_api_server(
    kube: Kube, namespace: str, demo_kube: Kube, place: str
) -> None:
    real, ours = Raw(kube.api), Raw(demo_kube.api)
    differences: list[str] = []
    for number, step in enumerate(STEPS):
        theirs = _seen(step, await _asked(real, step, namespace), namespace)
        mine = _seen(step, await _asked(ours, step, place), place)
        differences += _differences(f"{number} {step.method} {step.path}", theirs, mine)
    assert not differences, "\n".join(differences)


async def test_a_watch_is_told_the_same_as_by_a_real_api_server(
    kube: Kube, namespace: str, demo_kube: Kube, place: str
) -> None:
    theirs, mine = await _told(kube.api, namespace), await _told(demo_kube.api, place)
    assert mine == theirs
    assert len(theirs) == 16


async def _told(api: Api, namespace: str) -> list[Any]:
    """What watches are told of pods that come and go, and of what enters and leaves a selection."""
    raw, told = Raw(api), []
    for path, params, steps in WATCHED:
        path = path.replace("$", namespace)
        version = (await raw.ask("GET", path)).body["metadata"]["resourceVersion"]
        for step in steps:
            await _asked(raw, step, namespace)
        query = {**params, "resourceVersion": version, "timeoutSeconds": "1"}
        async with aclosing(api.watch(path, params=query)) as changes:
            told += [(type_, _plain(obj, namespace)) async for type_, obj in changes]
    return told


async def _asked(raw: Raw, step: Step, namespace: str) -> Answer:
    path = step.path.replace("$", namespace)
    return await raw.ask(step.method, path, step.body, params=step.params, headers=step.headers, kind=step.kind)


def _seen(step: Step, answer: Answer, namespace: str) -> Any:
    body = answer.body
    if not isinstance(body, dict) or (answer.code < 400 and not step.bodies):
        return {"code": answer.code}
    if body.get("kind") == "Status" and answer.code >= 400:
        told = {name: body.get(name) for name in ("code", "reason", "status")}
        details = {name: one for name, one in (body.get("details") or {}).items() if name in TOLD}
        message = VERSION.sub("N", UID.sub("UID", str(body.get("message")))) if step.words else ""
        return _plain({**told, "details": details if step.words else {}, "message": message}, namespace)
    return _plain({"code": answer.code, **body}, namespace)


def _plain(value: Any, namespace: str) -> Any:
    """Without what is each server's own, what is null and what is empty."""
    if isinstance(value, dict):
        kept = {name: _plain(one, namespace) for name, one in value.items() if name not in OWN | UNOFFERED}
        kept.pop("description", None)
        kept.pop("deployment.kubernetes.io/revision", None)  # controllers may miss what is soon changed again
        if "status" in kept and "spec" in kept and "containers" not in kept["spec"]:
            del kept["status"]  # controllers are at work on it, each in its own time
        return {name: one for name, one in kept.items() if one not in (None, {}, [], "")}
    if isinstance(value, list):
        return [_plain(one, namespace) for one in value]
    if isinstance(value, str):
        return AGE.sub("AGE", UID.sub("UID", value.replace(namespace, "NAMESPACE")))
    return value


def _differences(path: str, theirs: Any, mine: Any) -> list[str]:
    if isinstance(theirs, dict) and isinstance(mine, dict):
        names = sorted({*theirs, *mine})
        return [line for name in names for line in _differences(f"{path}.{name}", theirs.get(name), mine.get(name))]
    return [] if theirs == mine else [f"{path}: real {theirs!r}, demo {mine!r}"]
