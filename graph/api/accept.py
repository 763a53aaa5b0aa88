"""Which media type an answer has: the client's ``Accept`` against what we can write; and who wants a page instead."""

from __future__ import annotations

GRAPHQL = "application/graphql-response+json"
JSON = "application/json"
HTML = "text/html"
EVENTS = "text/event-stream"
LONGEST = 1_000
"""Characters of a header that are looked at."""


def negotiated(accept: str | None) -> str | None:
    """The media type of the answer; None when the client accepts none of ours. JSON for clients that do not care."""
    if not accept:
        return JSON
    weights = weighed(accept)
    offers = [(_weight(weights, JSON), JSON), (_weight(weights, GRAPHQL), GRAPHQL)]
    best = max(weight for weight, _ in offers)
    if best <= 0:
        return None
    named = [offer for weight, offer in offers if weight == best and offer in weights]
    return max(named, key=lambda offer: offer == GRAPHQL) if named else JSON


def prefers_page(accept: str | None) -> bool:
    """Whether it is a browser, which names HTML, rather than a client of the API, which may take anything."""
    weights = weighed(accept or "")
    page = weights.get(HTML, weights.get("text/*", 0.0))
    answer = max(_weight(weights, media) for media in (JSON, GRAPHQL))
    return page > answer or (page == answer > 0 and JSON not in weights and GRAPHQL not in weights)


def takes_events(accept: str | None) -> bool:
    """Whether the client names events: what takes anything cannot mean a stream that may never end."""
    return weighed(accept or "").get(EVENTS, 0.0) > 0


def weighed(header: str) -> dict[str, float]:
    """What an ``Accept`` or ``Accept-Encoding`` names, and how much it is wanted; of what it names twice, the first."""
    return dict(reversed([_weighed(part) for part in header[:LONGEST].split(",")]))


def _weighed(part: str) -> tuple[str, float]:
    media, *parameters = (piece.strip().lower() for piece in part.split(";"))
    given = next((parameter[2:] for parameter in parameters if parameter.startswith("q=")), "1")
    try:
        return media, float(given)
    except ValueError:
        return media, 0.0


def _weight(weights: dict[str, float], media: str) -> float:
    """Of the most specific pattern that the client named."""
    return next((weights[pattern] for pattern in (media, "application/*", "*/*") if pattern in weights), 0.0)
