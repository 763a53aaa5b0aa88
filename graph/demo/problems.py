"""What the demo's API refuses: each becomes a Kubernetes Status of its HTTP code and reason."""

from __future__ import annotations

from typing import Any


class Problem(Exception):
    """A refused request. ``code``: the HTTP status; ``reason``: Kubernetes' word for it.

    ``details``: of the Status, where they are not those of the request's own object.
    """

    code = 500
    reason = "InternalError"

    def __init__(self, message: str, **details: Any) -> None:
        super().__init__(message)
        self.details = details


class NotFound(Problem):
    """There is no such object, resource or path."""

    code, reason = 404, "NotFound"


class AlreadyExists(Problem):
    """The name is taken."""

    code, reason = 409, "AlreadyExists"


class Conflict(Problem):
    """It was changed meanwhile, or another object has the name now."""

    code, reason = 409, "Conflict"


class Expired(Problem):
    """The history does not go back so far: list again."""

    code, reason = 410, "Expired"


class Invalid(Problem):
    """The object is not one that could be kept."""

    code, reason = 422, "Invalid"


class BadRequest(Problem):
    """The request cannot be read."""

    code, reason = 400, "BadRequest"


class Forbidden(Problem):
    """Quotas, or a namespace that is going."""

    code, reason = 403, "Forbidden"


class MethodNotAllowed(Problem):
    """The resource does not offer the verb."""

    code, reason = 405, "MethodNotAllowed"


class TooLarge(Problem):
    """The body is longer than an API server takes."""

    code, reason = 413, "RequestEntityTooLarge"


class UnsupportedMediaType(Problem):
    """A patch of a kind that is not offered."""

    code, reason = 415, "UnsupportedMediaType"


class TooManyRequests(Problem):
    """An eviction that a disruption budget does not allow now."""

    code, reason = 429, "TooManyRequests"


class NotImplementedHere(Problem):
    """What a demo has not: there is nothing to run a command in."""

    code, reason = 501, "NotImplemented"


class Timeout(Problem):
    """A version that is not there yet."""

    code, reason = 504, "Timeout"
