"""The stories of the demo: small applications that run, break and are put right, again and again.

A file tells one story: the objects that it begins with, a scene that is played in a loop, and what its containers write
to their logs. The scenes are ordinary clients of the demo's API; whatever a user does to the same objects wins.
"""

from graph.demo.stories import (
    analytics,
    checkout,
    gateway,
    nightly,
    payments,
    recommendations,
    search,
    webshop,
)
from graph.demo.stories.teller import Teller

STORIES = (
    webshop.STORY,
    checkout.STORY,
    search.STORY,
    recommendations.STORY,
    nightly.STORY,
    payments.STORY,
    analytics.STORY,
    gateway.STORY,
)
VOICES = {image: voice for story in STORIES for image, voice in story.voices.items()}
"""How the stories' containers write, by the last part of an image's name; for ``Logs``."""

__all__ = ["STORIES", "VOICES", "Teller"]
