"""The steps of a Build: the init containers of its pod, then its containers; native sidecars are none (B09)."""

from __future__ import annotations

import re
from typing import Annotated

from msgspec import Struct

from graph.kinds.shared.containers import ContainerStatus, steps
from graph.kinds.shared.numbers import count
from graph.kinds.shared.pods import finished
from graph.kinds.shared.text import clean
from graph.model import instant
from graph.model.kind import Child, Time, doc
from graph.model.status import State

_WORD = re.compile(r"[^0-9A-Za-z]+")


class BuildStep(Struct, frozen=True, gc=False, array_like=True, rename="camel"):
    """A step of a build."""

    name: Annotated[str, doc("The name of its container.")]
    state: Annotated[
        State,
        doc(
            "HEALTHY: done. FAILED: ended with an error. PROGRESSING: runs or waits. SUSPENDED: skipped after an error."
        ),
    ]
    reason: Annotated[str | None, doc("The cluster's word for why it waits or ended.")]
    exit_code: Annotated[int | None, doc("The exit code of one that ended.")]
    started_at: Annotated[Time | None, doc("When it started.")]
    finished_at: Annotated[Time | None, doc("When it ended.")]


def steps_of(pod: Child) -> tuple[BuildStep, ...]:
    """The steps as the newest pod tells."""
    over = finished(pod)
    return tuple(_step(clean(name), status, over=over) for name, status in steps(pod.view))


def word(name: str) -> str:
    """A step's name as a reason: ``build-image`` is ``BuildImage``."""
    joined = "".join(part[:1].upper() + part[1:] for part in _WORD.split(name))
    return joined if joined[:1].isalpha() else f"Step{joined}"


def _step(name: str, status: ContainerStatus | None, *, over: bool) -> BuildStep:
    state = status.state if status else None
    if state and (ended := state.terminated):
        outcome = State.FAILED if ended.exit_code else State.HEALTHY
        reason, code = clean(ended.reason) or None, count(ended.exit_code)
        return BuildStep(name, outcome, reason, code, _time(ended.started_at), _time(ended.finished_at))
    if over:
        return BuildStep(name, State.SUSPENDED, "Skipped", None, None, None)
    if state and state.running:
        return BuildStep(name, State.PROGRESSING, None, None, _time(state.running.started_at), None)
    waits = clean(state.waiting.reason) if state and state.waiting else ""
    return BuildStep(name, State.PROGRESSING, waits or None, None, None, None)


def _time(text: str | None) -> Time | None:
    shown = instant.normal(text)
    return None if shown is None else Time(shown)
