"""The player's time: how long a kubelet takes for what, and instants as Kubernetes writes them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

BACKOFF_FIRST = 10
BACKOFF_MAX = 300


@dataclass(frozen=True, slots=True)
class Pace:
    """`speed` divides every delay that is the kubelet's own; delays written in a play (`after=2s`) stay as they are.

    The back-off's messages keep their real numbers ("back-off 40s …"), however short the pause is.
    """

    speed: float = 1.0
    start: float = 0.8
    pull: float = 0.6
    notice: float = 1.0
    probe_period: float = 10.0
    heartbeat: float = 2.0

    def of(self, seconds: float) -> float:
        return seconds / self.speed


def backoff_seconds(failures: int) -> int:
    """What the kubelet waits before restart number `failures + 1`: the first one is free."""
    return 0 if failures < 1 else int(min(BACKOFF_FIRST * 2 ** min(failures - 1, 10), BACKOFF_MAX))


def now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def now_micro() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
