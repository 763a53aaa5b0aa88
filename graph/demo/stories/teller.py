"""Tells all stories at once, each in a task of its own, until cancelled.

Users' actions win. What a story finds changed or gone it takes as it is; its scene ends there, and before the next one
it creates anew what it owns, other than a Cronjob that was stopped by an action.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from random import Random

from graph.demo.player.api import ApiError, UnreachableError
from graph.demo.stories.stage import Requests, Stage
from graph.demo.stories.story import Story

FIRST, COPIES = 3.0, 90.0
"""Seconds in which the stories begin; the copies so far apart that not all of them do the same at once."""

log = logging.getLogger(__name__)


class Teller:
    """``scale`` copies of each story, in namespaces of their own; a ``seed`` repeats names, order and pauses."""

    def __init__(
        self,
        api: Requests,
        stories: Sequence[Story],
        *,
        seed: int = 0,
        scale: int = 1,
        pace: float = 1.0,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._told = [
            (story, _stage(api, story, copy, seed=seed, pace=pace, sleep=sleep), FIRST if copy == 1 else COPIES)
            for copy in range(1, scale + 1)
            for story in stories
        ]

    async def gather(self) -> None:
        """Everybody who plays, in the same order for the same seed."""
        for story, stage, _ in self._told:
            await stage.gather(story.cast(stage))

    async def run(self) -> None:
        """Until cancelled."""
        async with asyncio.TaskGroup() as group:
            for story, stage, within in self._told:
                group.create_task(_tell(story, stage, within))


async def _tell(story: Story, stage: Stage, within: float) -> None:
    await stage.pause(0, within)
    while True:
        try:
            await stage.gather(story.cast(stage))
            await story.scene(stage)
        except (ApiError, UnreachableError) as error:
            log.info("the story %s goes on otherwise: %s", story.name, error)
            await stage.pause(5, 10)
        stage.round += 1


def _stage(
    api: Requests, story: Story, copy: int, *, seed: int, pace: float, sleep: Callable[[float], Awaitable[None]]
) -> Stage:
    namespace = story.namespace if copy == 1 else f"{story.namespace}-{copy}"
    return Stage(api, namespace=namespace, random=Random(f"{seed}/{story.name}/{copy}"), sleep=sleep, pace=pace)
