"""Which media type an answer has: the client's ``Accept`` against what we can write."""

from __future__ import annotations

GRAPHQL = "application/graphql-response+json"
JSON = "application/json"


def negotiated(accept: str | None) -> str | None:
    """The media type of the answer; None when the client accepts none of ours. JSON for clients that do not care."""
    if not accept:
        return JSON
    weights = dict(reversed([_weighed(part) for part in accept.split(",")]))
    offers = [(_weight(weights, JSON), JSON), (_weight(weights, GRAPHQL), GRAPHQL)]
    best = max(weight for weight, _ in offers)
    if best <= 0:
        return None
    named = [offer for weight, offer in offers if weight == best and offer in weights]
    return max(named, key=lambda offer: offer == GRAPHQL) if named else JSON


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
