"""Small objects to judge, and the command as its users run it."""

from __future__ import annotations

import contextlib
import io
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from graph.__main__ import main

NOW = "2026-03-17T14:30:00Z"


class Ran(NamedTuple):
    """What a run of the command said."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[Any]:
        """Of ``-o json``."""
        return [json.loads(line) for line in self.out.splitlines()]


def judge(*arguments: str, stdin: bytes = b"", now: str = NOW) -> Ran:
    """Runs ``statusgraph judge`` in this process."""
    out, err = io.StringIO(), io.StringIO()
    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        try:
            code = main(["judge", "--now", now, *arguments])
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else 1
    return Ran(code, out.getvalue(), err.getvalue())


def judge_these(objects: Sequence[Any], *arguments: str, now: str = NOW) -> Ran:
    """Judges objects as ``kubectl get -o json`` prints them."""
    document = {"apiVersion": "v1", "kind": "List", "items": list(objects)}
    return judge("-f", "-", *arguments, stdin=json.dumps(document).encode(), now=now)


def write(path: Path, *objects: Any) -> Path:
    """A file with a document for each object."""
    path.write_text("\n---\n".join(json.dumps(one, indent=1) for one in objects))
    return path


def meta(name: str, **more: Any) -> dict[str, Any]:
    """``metadata``."""
    return {
        "name": name,
        "namespace": "shop",
        "uid": f"uid-{name}",
        "creationTimestamp": "2026-03-17T12:00:00Z",
        **more,
    }


def deployment(name: str, *, available: int = 2, **more: Any) -> dict[str, Any]:
    """A Deployment of two replicas after a finished rollout."""
    well = {"type": "Available", "status": "True" if available >= 2 else "False", "reason": "Counted"}
    done = {"type": "Progressing", "status": "True", "reason": "NewReplicaSetAvailable"}
    conditions = [{**one, "lastTransitionTime": "2026-03-17T12:05:00Z"} for one in (well, done)]
    counts = {"replicas": 2, "updatedReplicas": 2, "readyReplicas": available, "availableReplicas": available}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": meta(name, generation=1, **more),
        "spec": {"replicas": 2},
        "status": {"observedGeneration": 1, **counts, "conditions": conditions},
    }


def owned(item: Mapping[str, Any], owner: Mapping[str, Any]) -> dict[str, Any]:
    """The object, owned by another one."""
    reference = {"kind": owner["kind"], "name": owner["metadata"]["name"], "uid": owner["metadata"]["uid"]}
    return {**item, "metadata": {**item["metadata"], "ownerReferences": [{**reference, "controller": True}]}}


def replicaset(name: str) -> dict[str, Any]:
    """A ReplicaSet of two replicas that are there."""
    status = {"observedGeneration": 1, "replicas": 2, "readyReplicas": 0}
    return {
        "apiVersion": "apps/v1",
        "kind": "ReplicaSet",
        "metadata": meta(name, generation=1),
        "spec": {"replicas": 2},
        "status": status,
    }


def pod(name: str, **status: Any) -> dict[str, Any]:
    """A pod that runs and is ready, unless its status says otherwise."""
    conditions = [{"type": kind, "status": "True"} for kind in ("Initialized", "Ready", "ContainersReady")]
    container = {"name": "app", "ready": True, "state": {"running": {"startedAt": "2026-03-17T12:01:00Z"}}}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": meta(name),
        "spec": {"nodeName": "node-1", "containers": [{"name": "app", "image": "app:1"}]},
        "status": {"phase": "Running", "conditions": conditions, "containerStatuses": [container], **status},
    }


def crashing(name: str, *, said: str = "back-off 5m0s restarting failed container") -> dict[str, Any]:
    """A pod in a crash loop."""
    last = {"exitCode": 3, "reason": "Error", "finishedAt": "2026-03-17T14:28:00Z"}
    waiting = {"reason": "CrashLoopBackOff", "message": said}
    container = {"name": "app", "restartCount": 7, "state": {"waiting": waiting}, "lastState": {"terminated": last}}
    conditions = [{"type": "Initialized", "status": "True"}, {"type": "Ready", "status": "False"}]
    return pod(name, conditions=conditions, containerStatuses=[container])


def evicted(name: str) -> dict[str, Any]:
    """A pod that is only a record."""
    return pod(name, phase="Failed", reason="Evicted", message="The node was low on memory.", containerStatuses=[])


def outage() -> list[dict[str, Any]]:
    """A Deployment that is down since its pods crash."""
    top = deployment("payments", available=0)
    middle = owned(replicaset("payments-6c9"), top)
    return [top, middle, owned(crashing("payments-6c9-a"), middle), owned(crashing("payments-6c9-b"), middle)]
