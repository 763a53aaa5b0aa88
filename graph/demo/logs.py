"""The logs of the demo's containers: written by nobody, read out of what is known of a container.

A line is a function of the pod's status, what it is told to play, the voice of its image and the seed. So a log costs
nothing while nobody reads it, is the same for everybody who does, and can be followed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from random import Random
from typing import Any

from graph.demo.objects import Object, annotations_of, read
from graph.demo.player.script import Script, UnknownPlayError, script_for, split_image
from graph.demo.voices import PLAIN, TOLD, Mood, Voice, Words

KEPT = 2_000
"""Lines of the steady kind that are kept, as a kubelet keeps a file of some size."""

_FIRST, _GAP = 0.05, 0.15
_LAST = 0.9
"""Instants of a status have whole seconds: who ended at :07 wrote his last lines at :07.9."""


@dataclass(frozen=True, slots=True)
class Line:
    """``at``: POSIX seconds."""

    at: float
    text: str


@dataclass(frozen=True, slots=True)
class _Run:
    """One run of a container: from when to when, in which mood, and for how long it was to last."""

    began: float
    ended: float | None
    mood: Mood
    lasts: float | None
    key: str
    known: Mapping[str, str]


class Logs:
    """``voices``: by the last part of an image's name, ``registry.example/shop/api:1`` is ``api``."""

    def __init__(self, seed: int = 0, voices: Mapping[str, Voice] | None = None) -> None:
        self._seed = seed
        self._voices = voices or {}

    def read(self, pod: Object, container: str, *, previous: bool, now: float) -> list[Line]:
        """All that the container wrote until now, or its run before; empty while there was none."""
        run = self._run(pod, container, previous=previous)
        if run is None:
            return []
        until = now if run.ended is None else run.ended
        written = [line for line in (*_fixed(run), *_steady(run, until)) if line.at <= until]
        return sorted([*written, *_farewell(run)], key=lambda line: line.at)

    def next_after(self, pod: Object, container: str, at: float) -> float | None:
        """When the next line will be written; None when the container does not run, or has nothing more to say."""
        run = self._run(pod, container, previous=False)
        if run is None or run.ended is not None:
            return None
        ahead = (line.at for line in _fixed(run) if line.at > at)
        later = (moment for moment in islice(_moments(run, _slot(run, at)), 2) if moment > at)
        return min((*ahead, *islice(later, 1)), default=None)

    def _run(self, pod: Object, container: str, *, previous: bool) -> _Run | None:
        found = _find(pod, container)
        if found is None:
            return None
        spec, status = found
        restarts = status["restartCount"]
        state, nth = _state(status, previous=previous, restarts=restarts)
        if state is None:
            return None
        try:
            script = script_for(pod, spec, restarts=nth)
        except UnknownPlayError:
            return None
        metadata, ended = pod["metadata"], state.get("finishedAt")
        return _Run(
            began=read(state["startedAt"]),
            ended=read(ended) if ended else None,
            mood=self._mood(spec["image"], script),
            lasts=script.after,
            key=f"{self._seed}/{metadata['uid']}/{container}/{nth}",
            known=_known(pod, spec["image"]),
        )

    def _mood(self, image: str, script: Script) -> Mood:
        voice = self._voices.get(split_image(image)[0].rpartition("/")[2], PLAIN)
        failing = script.exit_code and script.verb in ("once", "exit")
        return voice.get("crash" if failing else script.verb, voice["ok"])


def _known(pod: Object, image: str) -> dict[str, str]:
    told = {name.removeprefix(TOLD): text for name, text in annotations_of(pod).items() if name.startswith(TOLD)}
    return {"pod": pod["metadata"]["name"], "version": split_image(image)[1], **told}


def _find(pod: Object, container: str) -> tuple[Object, Object] | None:
    spec, status = pod["spec"], pod.get("status", {})
    specs = [*spec.get("initContainers", ()), *spec["containers"]]
    statuses = [*status.get("initContainerStatuses", ()), *status.get("containerStatuses", ())]
    both = [next((one for one in many if one["name"] == container), None) for many in (specs, statuses)]
    return (both[0], both[1]) if both[0] and both[1] else None


def _state(status: Object, *, previous: bool, restarts: int) -> tuple[dict[str, Any] | None, int]:
    """The run that is asked for, and how many came before. A container that waits shows its last one."""
    now, last = status.get("state", {}), status.get("lastState", {}).get("terminated")
    ran = now.get("running") or now.get("terminated")
    if previous and ran:
        return _ran(last), max(restarts - 1, 0)
    return _ran(ran or last), restarts


def _ran(state: dict[str, Any] | None) -> dict[str, Any] | None:
    return state if state and state.get("startedAt") else None


def _fixed(run: _Run) -> Iterator[Line]:
    """The beginning, and what is spread over the run."""
    for number, template in enumerate(run.mood.start):
        yield _line(run, template, run.began + _FIRST + number * _GAP, f"start{number}")
    space = (run.lasts or 0.0) / (len(run.mood.work) + 1)
    for number, template in enumerate(run.mood.work if space else ()):
        yield _line(run, template, run.began + (number + 1) * space, f"work{number}")


def _steady(run: _Run, until: float) -> Iterator[Line]:
    last = _slot(run, until)
    first = max(0, last - KEPT)
    for number, moment in enumerate(islice(_moments(run, first), last + 1 - first), first):
        template = Random(f"{run.key}/{number}").choice(run.mood.steady)
        yield _line(run, template, moment, f"steady{number}")


def _moments(run: _Run, first: int) -> Iterator[float]:
    """When the steady lines come, from a slot on: one in each slot, somewhere in it."""
    number = first
    while run.mood.steady:
        inside = Random(f"{run.key}/{number}/when").random()
        yield _settled(run) + (number + inside) * run.mood.every
        number += 1


def _slot(run: _Run, at: float) -> int:
    return max(int((at - _settled(run)) / run.mood.every), 0)


def _settled(run: _Run) -> float:
    """When the lines of the beginning are over."""
    return run.began + _FIRST + (len(run.mood.start) + 1) * _GAP


def _farewell(run: _Run) -> Iterator[Line]:
    if run.ended is None:
        return
    for number, template in enumerate(run.mood.end):
        yield _line(run, template, run.ended + _LAST + number * 0.01, f"end{number}")


def _line(run: _Run, template: str, at: float, name: str) -> Line:
    return Line(at, Words(run.known, Random(f"{run.key}/{name}")).say(template, at))
