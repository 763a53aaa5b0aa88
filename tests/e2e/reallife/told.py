"""The whole of it: every act, the stage that they need, and what was heard and recorded."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import NamedTuple

from graph.config import Rules
from tests.controlplane.fixtures import Cluster
from tests.controlplane.kube import Kube
from tests.e2e.reallife import nodes, rollouts, runs, schedules
from tests.e2e.reallife.acts import Act, Stage, Tells, play
from tests.e2e.story import Story, telling
from tests.recordings.history import Seen
from tests.recordings.recorder import recording

TOGETHER: tuple[Act, ...] = (*rollouts.ACTS, *runs.ACTS, *schedules.ACTS, *nodes.ACTS)
TELLS: tuple[Tells, ...] = tuple(one for act in (*TOGETHER, schedules.ALONE) for one in act.tells)
RULES = Rules(sched_grace=3, tick_grace=3, job_start=15)
SETTINGS = {f"rules__{name}": str(getattr(RULES, name)) for name in ("sched_grace", "tick_grace", "job_start")}


class RealLife(NamedTuple):
    """``wrong``: what an actor waited for in vain; ``seen``: every watch event."""

    story: Story
    wrong: list[str]
    seen: list[Seen]


@asynccontextmanager
async def real_life(kube: Kube, cluster: Cluster, redis_program: str) -> AsyncIterator[RealLife]:
    """Played to its end; what was made is there until this is left."""
    async with telling(kube, cluster.plane.kubeconfig, redis_program, **SETTINGS) as story:
        webhook = rollouts.dead_webhook(story.namespace)
        await kube.api.request("POST", rollouts.WEBHOOKS.path(None), body=webhook)
        try:
            stage = Stage(story, cluster)
            async with recording(kube, [story.namespace]) as seen:
                wrong = await play(TOGETHER, stage)
                wrong += await play([schedules.ALONE], stage)
                await _services_follow(story)
            yield RealLife(story, wrong, seen)
        finally:
            await kube.delete(rollouts.WEBHOOKS, webhook["metadata"]["name"])


async def _services_follow(story: Story) -> None:
    """A service is told after what it is made of; where it never is, its history shows it."""

    def followed() -> bool:
        return all(heard.of(one.kind, one.name)[-1:] == heard.of("Service", one.name)[-1:] for one in TELLS)

    heard = story.heard
    with suppress(TimeoutError):
        await heard.until(followed, 10)
