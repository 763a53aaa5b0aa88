"""What a running container looks like over time: a script turned into phases. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .clock import Pace
from .script import EXITING, Script

Object = dict[str, Any]

OUTPUT = {
    "Startup": "HTTP probe failed with statuscode: 503",
    "Readiness": "HTTP probe failed with statuscode: 503",
    "Liveness": "HTTP probe failed with statuscode: 500",
}


@dataclass(frozen=True, slots=True)
class Phase:
    """How the container stands for so long (None: for ever), and which of its probes fails meanwhile."""

    started: bool
    ready: bool
    seconds: float | None
    failing: str | None = None


def phases(script: Script, spec: Object, pace: Pace) -> list[Phase]:
    """The last phase either lasts for ever, or the container exits after it."""
    unready = _probe_delay(spec, "readinessProbe", pace)
    warm_up = [Phase(started=True, ready=False, seconds=unready)] if unready else []
    for_ever = Phase(started=True, ready=True, seconds=None)
    if script.verb in EXITING:
        return _until_exit(script, unready=unready, pace=pace)
    match script.verb:
        case "unready":
            return [Phase(started=True, ready=False, seconds=None, failing="Readiness")]
        case "slow":
            return [Phase(started=True, ready=False, seconds=script.after, failing="Readiness"), for_ever]
        case "starting":
            return [Phase(started=False, ready=False, seconds=script.after, failing="Startup"), *warm_up, for_ever]
        case _:
            return [*warm_up, for_ever]


def _until_exit(script: Script, *, unready: float, pace: Pace) -> list[Phase]:
    total = script.after or 0.0
    steps = [Phase(started=True, ready=False, seconds=min(unready, total))] if unready else []
    if total > unready:
        steps.append(Phase(started=True, ready=True, seconds=total - unready))
    if script.verb == "unhealthy":
        steps.append(Phase(started=True, ready=True, seconds=pace.of(3 * pace.probe_period), failing="Liveness"))
    return steps or [Phase(started=True, ready=True, seconds=total)]


def _probe_delay(spec: Object, probe: str, pace: Pace) -> float:
    """A container with a readiness probe is ready only after the first one has succeeded."""
    if probe not in spec:
        return 0.0
    return pace.of(float(spec[probe].get("initialDelaySeconds") or 0) + pace.notice)
