"""Hints that are commands: whole, so that they can be copied."""

from __future__ import annotations

from graph.model.ref import ObjectRef


def kubectl(ref: ObjectRef, words: str) -> str:
    """``kubectl -n shop logs web-1``: a command in the object's namespace."""
    return f"kubectl -n {ref.namespace} {words}" if ref.namespace else f"kubectl {words}"


def logs(pod: ObjectRef, container: str | None = None, *, previous: bool = False) -> str:
    """Look at a pod's log."""
    of = f" -c {container}" if container else ""
    return f"See {kubectl(pod, f'logs {pod.name}{of}')}{' --previous' if previous else ''}."
